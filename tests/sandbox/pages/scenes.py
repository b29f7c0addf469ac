"""Phones on which something of everything happened, and the pictures of them in the documents.

`python -m tests.sandbox.pages.scenes FOLDER` (make screenshots) writes the pictures.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import FloatRect, Page

from components.settings.texts import texts_for
from components.vocabulary import Language, MessageType
from sandbox.cpaas.script import ScriptedAnswer
from sandbox.inbox import Message
from sandbox.notifications.delivery import Delivery
from sandbox.server.record import client
from sandbox.server.running import RunningSandbox, start
from tests.browser import chromium
from tests.sandbox.pages.visit import NARROW, Visits
from tests.sandbox.quick import quick
from tests.sandbox.sending import set_up

TAKAHASHI, SUZUKI, SMITH, FIXED = (
    "+819012345678",
    "+818087654321",
    "+817055501234",
    "+81312345678",
)


def challenge(sandbox: RunningSandbox, to: str = TAKAHASHI, **order: Any) -> Delivery:
    """A code as a login asks for it, through the deployed Action."""
    # Over HTTP: Playwright runs an event loop in this thread already.
    with client(sandbox.state_dir, sandbox.record, timeout=30) as tenant:
        answer = tenant.post("/_sandbox/challenge", json={"to": to, **order})
    return Delivery.from_json(answer.raise_for_status().json())


def receive(sandbox: RunningSandbox, text: str, to: str = TAKAHASHI, **more: Any) -> Message:
    """A message that some other client of the CPaaS sent."""
    fields = {"channel": "sms", "sender": "0005212345", "message_id": "m", "raw": {"text": text}}
    return sandbox.parts.inbox.add(Message(to=to, text=text, **{**fields, **more}))


def everything(sandbox: RunningSandbox) -> None:
    """A code of each channel and language, a retry, and each way of not arriving."""
    set_up(sandbox, RECIPIENT_LIMIT="0", SMS_SENDER="0005212345")
    shipped(sandbox, "en")
    challenge(sandbox, SMITH, locale="en")
    challenge(sandbox, SMITH, delivery_method="voice", locale="en")
    shipped(sandbox, "ja")
    challenge(sandbox, FIXED)
    challenge(sandbox, FIXED, delivery_method="voice")
    script = sandbox.parts.cpaas.script
    script.add([ScriptedAnswer(refusal="REJECTED_SOURCE")])
    challenge(sandbox, SUZUKI, message_type="change_password")
    script.add([ScriptedAnswer(status=429)] * 6)
    challenge(sandbox, SUZUKI)
    challenge(sandbox, SUZUKI)
    script.add([ScriptedAnswer(status=429)] * 2)
    challenge(sandbox, TAKAHASHI, message_type="otp_enroll")
    challenge(sandbox, TAKAHASHI, delivery_method="voice")
    challenge(sandbox, TAKAHASHI)


def shipped(sandbox: RunningSandbox, language: str) -> None:
    """The package's own texts, as a stack of this language declares them."""
    templates = sandbox.parts.tenant.templates
    for old in templates.listing()["templates"]:
        if "id" in old:
            templates.delete(old["id"])
    for kind, texts in texts_for(Language(language), set(MessageType), {}, 300).items():
        body = {"text": texts.text, "voice": texts.voice}
        templates.create({"type": kind.value, "content": {"syntax": "liquid", "body": body}})


def main(folder: Path) -> None:
    """Write the pictures of the documents."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as state,
        chromium() as browser,
        start(quick(Path(state))) as sandbox,
    ):
        everything(sandbox)
        visits = Visits(browser, sandbox)
        phone = visits.open(f"/phones/{TAKAHASHI}")
        _picture(phone, folder / "phones-phone.png", height=985)
        dark = visits.open("/phones", width=NARROW, dark=True)
        _picture(dark, folder / "phones-dark.png", height=560)
        visits.end()


def _picture(page: Page, path: Path, *, height: int) -> None:
    page.get_by_text("Live", exact=True).wait_for()
    width = page.evaluate("innerWidth")
    clip = FloatRect(x=0, y=0, width=width, height=height)
    page.screenshot(path=path, clip=clip, full_page=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
