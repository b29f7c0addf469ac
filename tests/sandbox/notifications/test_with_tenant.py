"""The whole way: the real tenant, the assembled Action, real TLS, the phone.

The parts are those of a running sandbox; what Pulumi would set is set through the tenant's own
rules.
"""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from components.settings.texts import texts_for
from components.vocabulary import Language, MessageType
from sandbox.notifications.content import Order
from sandbox.notifications.delivery import Delivery
from sandbox.server.record import client
from sandbox.server.running import RunningSandbox
from tests.sandbox.sending import set_up

TO = "+819012345678"


def challenge(running: RunningSandbox, **order: Any) -> Delivery:
    order = {"to": TO, "delivery_method": "text", **order}
    return asyncio.run(running.parts.notifications.challenge(Order(**order)))


@pytest.mark.parametrize("kind", ["otp_verify", "otp_enroll", "change_password"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_shipped_texts_reach_the_phone(
    running: RunningSandbox, language: str, kind: str
) -> None:
    tenant = set_up(running).parts.tenant
    texts = texts_for(Language(language), {MessageType(kind)}, {}, 300)[MessageType(kind)]
    body = {"text": texts.text, "voice": texts.voice}
    tenant.templates.create({"type": kind, "content": {"syntax": "liquid", "body": body}})
    sms = challenge(running, message_type=kind)
    call = challenge(running, message_type=kind, delivery_method="voice", locale=language)
    assert (sms.outcome, call.outcome) == ("success", "success"), (sms.reason, call.reason)
    written, spoken = running.parts.inbox.messages(TO)
    assert written.text == sms.text
    assert sms.code is not None
    assert call.code is not None
    assert sms.code in written.text
    assert spoken.text.count(", ".join(call.code)) == 2
    assert spoken.language == language
    assert call.code not in spoken.text
    assert not re.search(r"[.、。,]\s*[.、,]\s*[.、]", spoken.text), "no heap of pauses"


def test_a_legacy_login_reaches_the_phone(running: RunningSandbox) -> None:
    set_up(running, "legacy")
    running.parts.tenant.guardian.set_templates(
        {"enrollment_message": "登録 {{code}}", "verification_message": "認証 {{code}}"}
    )
    verify = challenge(running)
    enroll = challenge(running, message_type="otp_enroll", delivery_method="voice")
    assert (verify.outcome, enroll.outcome) == ("success", "success"), (verify, enroll)
    written, spoken = running.parts.inbox.messages(TO)
    assert written.text == f"認証 {verify.code}"
    assert spoken.channel == "voice"
    assert spoken.text.startswith("登録 ")
    assert spoken.text.count(", ".join(enroll.code or "")) == 2


def test_each_message_names_its_delivery_also_when_many_log_in(
    running: RunningSandbox,
) -> None:
    set_up(running)
    notifications = running.parts.notifications
    order = Order(to=TO, delivery_method="text")

    async def logins() -> list[Delivery]:
        sending = (notifications.challenge(order) for _ in range(12))
        return list(await asyncio.gather(*sending))

    sent = {one.id: one.text for one in asyncio.run(logins())}
    received = {one.delivery_id: one.text for one in running.parts.inbox.messages(TO)}
    assert len(sent) == 12
    assert received == sent


@pytest.fixture
def http(running: RunningSandbox) -> Iterator[httpx.Client]:
    """The tenant over HTTPS, with a token."""
    own = {"client_id": running.client_id, "client_secret": running.client_secret}
    grant = own | {
        "grant_type": "client_credentials",
        "audience": running.parts.tenant.audience,
    }
    with client(running.state_dir, running.record, timeout=60) as http:
        token = http.post("/oauth/token", json=grant).json()["access_token"]
        http.headers["authorization"] = f"Bearer {token}"
        yield http


def test_test_messages_reach_the_phone(running: RunningSandbox, http: httpx.Client) -> None:
    tenant = set_up(running).parts.tenant
    content = {"body": {"text": "試し {{ code }}"}}
    template = tenant.templates.create({"type": "change_password", "content": content})
    (provider,) = tenant.providers.listing()["providers"]
    query = {"to": TO, "wait": "30"}
    for path, words in (
        (f"providers/{provider['id']}", "is your verification code"),
        (f"templates/{template['id']}", "試し "),
    ):
        tried = http.post(f"/api/v2/branding/phone/{path}/try", json={"to": TO})
        assert tried.status_code == 202
        (found,) = http.get("/_sandbox/messages", params=query).json()["messages"]
        assert words in found["text"]
        query["after"] = found["received_at"]


def test_the_draft_of_an_action_can_be_tested(running: RunningSandbox, http: httpx.Client) -> None:
    tenant = set_up(running).parts.tenant
    (action,) = tenant.actions.all()
    path = f"/api/v2/actions/actions/{action['id']}/test"
    good = http.post(path, json={"payload": {}}).json()["payload"]
    assert "error" not in good
    assert good["stats"]["action_duration_ms"] >= 0
    handler = "exports.onExecuteCustomPhoneProvider = async () => { throw new TypeError('no') };"
    tenant.actions.update(action["id"], {"code": handler})
    bad = http.post(path, json={"payload": {"notification": {}}}).json()["payload"]
    assert (bad["error"]["name"], bad["error"]["message"]) == ("TypeError", "no")
