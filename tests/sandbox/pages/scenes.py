"""Phones on which something of everything happened, a person at the login page, and the pictures.

`python -m tests.sandbox.pages.scenes FOLDER` (make screenshots) writes those of the documents.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import FloatRect, Page, expect

from components.settings.texts import texts_for
from components.vocabulary import Language, MessageType
from sandbox.cpaas.script import ScriptedAnswer
from sandbox.inbox.inbox import Message
from sandbox.notifications.delivery import Delivery
from sandbox.server.record import client
from sandbox.server.running import RunningSandbox, start
from tests.browser import chromium
from tests.sandbox.pages.visit import NARROW, Visits
from tests.sandbox.quick import quick
from tests.sandbox.sending import set_up

TAKAHASHI, SUZUKI = "+819012345678", "+818087654321"
SMITH, FIXED = "+817055501234", "+81312345678"
TYPED = "090-1234-5678"
SCRIPT = "<script>alert('owned')</script>"
HOSTILE = (SCRIPT, "'\"><img src=x onerror=alert(1)>", "\u202egnitsop\u202c 👩‍👩‍👧‍👦 {{ code }}")


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


def like_an_up(sandbox: RunningSandbox) -> None:
    """What `make up` leaves: Japanese texts, the policy always, and the snapshot of both."""
    shipped(sandbox, "ja")
    sandbox.parts.tenant.guardian.set_policies(["all-applications"])
    sandbox.parts.logins.reset()
    sandbox.parts.applied.record()


def begin(page: Page, name: str = "山田 花子") -> None:
    """Log in by name; a page of /login is open."""
    page.get_by_label("Name of the user").fill(name)
    page.get_by_role("button", name="Log in", exact=True).first.click()


def enrol(page: Page, number: str = TYPED, way: str = "SMS") -> None:
    """Enter a number and have a code sent there."""
    page.get_by_label("Phone number").fill(number)
    page.get_by_label(way).check()
    page.get_by_role("button", name="Send the code").click()


def enter(page: Page, code: str) -> None:
    """Enter a code."""
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Continue").click()


def received(sandbox: RunningSandbox, number: str = TAKAHASHI) -> str:
    """The code in the newest message of a phone, read as a person would."""
    (code,) = sandbox.parts.inbox.messages(number)[-1].codes
    return code


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
        like_an_up(set_up(sandbox))
        login = visits.open("/login")
        begin(login)
        enrol(login)
        expect(login.get_by_role("heading", name="Enter the code")).to_be_visible()
        login.screenshot(path=folder / "login.png")
        japanese = visits.open(login.url, locale="ja-JP")
        japanese.screenshot(path=folder / "login-ja.png")
        with client(sandbox.state_dir, sandbox.record) as control:
            order = {"scenario": "policy-switched"}
            control.post("/_sandbox/drift", json=order).raise_for_status()
        tenant = visits.open("/tenant")
        expect(tenant.get_by_text("1 thing differs")).to_be_visible()
        tenant.screenshot(path=folder / "tenant.png")
        visits.end()


def _picture(page: Page, path: Path, *, height: int) -> None:
    page.get_by_text("Live", exact=True).wait_for()
    width = page.evaluate("innerWidth")
    clip = FloatRect(x=0, y=0, width=width, height=height)
    page.screenshot(path=path, clip=clip, full_page=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
