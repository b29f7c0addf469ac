"""The unified phone templates (management-api.md §5.2)."""

from typing import Any

import pytest

from sandbox.tenant import Tenant
from tests.sandbox.tenant.support import refused

DEFAULTS = ["blocked_account", "change_password", "otp_enroll", "otp_verify"]
CONTENT: dict[str, Any] = {"from": "+81501", "body": {"text": "t {{ code }}", "voice": "v"}}


def make(auth0: Tenant, kind: str = "otp_verify", **more: Any) -> dict[str, Any]:
    return auth0.templates.create({"type": kind, "content": CONTENT} | more)


def types(auth0: Tenant) -> list[tuple[str, bool]]:
    return [(one["type"], "id" in one) for one in auth0.templates.listing()["templates"]]


def test_lists_can_be_filtered(auth0: Tenant) -> None:
    make(auth0, disabled=True)
    assert len(auth0.templates.listing(disabled=True)["templates"]) == 1
    assert len(auth0.templates.listing(disabled=False)["templates"]) == 3


@pytest.mark.parametrize("absent", ["type", "content"])
def test_a_template_says_what_it_is(auth0: Tenant, absent: str) -> None:
    body = {"type": "otp_verify", "content": CONTENT}
    del body[absent]
    with refused(400, f"Missing required property: {absent}", "invalid_body"):
        auth0.templates.create(body)


def test_a_type_is_customised_once(auth0: Tenant) -> None:
    make(auth0)
    with refused(409, "already configured"):
        make(auth0)
    make(auth0, "otp_enroll")
    make(auth0, "password_breach")


def test_an_update_keeps_what_it_does_not_name(auth0: Tenant) -> None:
    made = make(auth0)
    changed = auth0.templates.update(made["id"], {"content": {"body": {"text": "new"}}})
    assert changed["content"]["body"] == {"text": "new", "voice": "v"}
    assert changed["content"]["from"] == "+81501"
    assert changed["updated_at"] > made["updated_at"]
    assert auth0.templates.update(made["id"], {"disabled": True})["disabled"] is True
    assert auth0.templates.update(made["id"], {"content": {"from": "x"}})["content"]["from"] == "x"


def test_a_reset_template_does_not_share_its_texts_with_the_defaults(auth0: Tenant) -> None:
    made = make(auth0)
    auth0.templates.reset(made["id"])
    auth0.templates.update(made["id"], {"content": {"body": {"text": "mine"}}})
    auth0.templates.delete(made["id"])
    assert auth0.phone_template("otp_verify")["content"]["body"]["text"] != "mine"


@pytest.mark.parametrize("kind", [*DEFAULTS, "password_breach"])
def test_every_message_type_has_both_texts(auth0: Tenant, kind: str) -> None:
    body = auth0.phone_template(kind)["content"]["body"]
    assert body["text"]
    assert body["voice"]


def test_what_is_sent_is_the_customised_template(auth0: Tenant) -> None:
    # No Liquid is checked.
    made = make(auth0, content={"body": {"text": "{% mine @{code}"}}, disabled=True)
    effective = auth0.phone_template("otp_verify")
    assert (effective["id"], effective["disabled"]) == (made["id"], True)
    assert effective["content"]["body"]["text"] == "{% mine @{code}"
    assert "verification code" in effective["content"]["body"]["voice"]
