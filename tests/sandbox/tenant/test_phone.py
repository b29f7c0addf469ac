"""Phone provider and templates, factors and what they are set to (management-api.md §5, §6)."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.tenant import Tenant
from sandbox.tenant.phone_templates import GUARDIAN_TEXTS
from tests.sandbox.tenant.support import custom_provider, deployed, refused, tenant, twilio

BAD_OPERATION = "Bad Operation on Notification Resource"
UNSUPPORTED = "Message Type is not supported by the configured phone provider"
FORBIDDEN = ("deprecated feature", "legacy_mfa_phone_provider_not_allowed")
CONTENT: dict[str, Any] = {"from": "+81501", "body": {"text": "t {{ code }}", "voice": "v"}}


@pytest.fixture
def legacy() -> Tenant:
    return tenant(generation="legacy")


class TestProvider:
    def test_a_custom_one_is_of_any_shape_and_stays_when_its_action_goes(
        self, auth0: Tenant
    ) -> None:
        action_id = deployed(auth0)
        with refused(400, BAD_OPERATION):
            auth0.providers.create({"name": "custom", "credentials": {}})
        provider_id = auth0.providers.create(custom_provider())["id"]
        with refused(400, BAD_OPERATION):
            auth0.providers.update(provider_id, {"name": "twilio"})
        auth0.providers.update(provider_id, twilio())
        changed = auth0.providers.update(provider_id, twilio() | {"name": "custom"})
        assert (changed["id"], changed["configuration"]["sid"]) == (provider_id, "sid")
        auth0.actions.delete(action_id)
        changed = auth0.providers.update(provider_id, {"name": "custom", "disabled": True})
        assert changed["disabled"] is True

    @pytest.mark.parametrize("absent", ["sid", "default_from"])
    def test_twilio_must_be_able_to_send(self, auth0: Tenant, absent: str) -> None:
        with refused(400, BAD_OPERATION):
            auth0.providers.create(twilio(absent))
        assert auth0.providers.current() is None
        # A messaging service is as good as a number.
        auth0.providers.create(twilio("default_from", mssid="ms"))

    def test_it_is_listed_by_its_switch_and_each_change_has_a_later_time(
        self, auth0: Tenant
    ) -> None:
        made = auth0.providers.create(twilio() | {"disabled": True})
        assert len(auth0.providers.listing(disabled=True)["providers"]) == 1
        assert auth0.providers.listing(disabled=False) == {"providers": []}
        off = {"disabled": True}
        times = [auth0.providers.update(made["id"], off)["updated_at"] for _ in "abc"]
        assert sorted({made["updated_at"], *times}) == [made["updated_at"], *times]


def make(auth0: Tenant, kind: str = "otp_verify", **more: Any) -> dict[str, Any]:
    return auth0.templates.create({"type": kind, "content": CONTENT} | more)


class TestTemplates:
    def test_lists_can_be_filtered(self, auth0: Tenant) -> None:
        make(auth0, disabled=True)
        assert len(auth0.templates.listing(disabled=True)["templates"]) == 1
        assert len(auth0.templates.listing(disabled=False)["templates"]) == 3

    @pytest.mark.parametrize("absent", ["type", "content"])
    def test_a_template_says_what_it_is(self, auth0: Tenant, absent: str) -> None:
        body = {"type": "otp_verify", "content": CONTENT}
        del body[absent]
        with refused(400, f"Missing required property: {absent}", "invalid_body"):
            auth0.templates.create(body)

    def test_a_type_is_customised_once(self, auth0: Tenant) -> None:
        make(auth0)
        with refused(409, "already configured"):
            make(auth0)
        make(auth0, "otp_enroll")
        make(auth0, "password_breach")

    def test_an_update_keeps_what_it_does_not_name(self, auth0: Tenant) -> None:
        made, update = make(auth0), auth0.templates.update
        changed = update(made["id"], {"content": {"body": {"text": "new"}}})
        assert changed["content"]["body"] == {"text": "new", "voice": "v"}
        assert changed["content"]["from"] == "+81501"
        assert changed["updated_at"] > made["updated_at"]
        assert update(made["id"], {"disabled": True})["disabled"] is True
        assert update(made["id"], {"content": {"from": "x"}})["content"]["from"] == "x"

    def test_a_reset_template_does_not_share_its_texts_with_the_defaults(
        self, auth0: Tenant
    ) -> None:
        made = make(auth0)
        auth0.templates.reset(made["id"])
        auth0.templates.update(made["id"], {"content": {"body": {"text": "mine"}}})
        auth0.templates.delete(made["id"])
        assert auth0.templates.effective("otp_verify")["content"]["body"]["text"] != "mine"

    @pytest.mark.parametrize("kind", ["blocked_account", "otp_enroll", "password_breach"])
    def test_every_message_type_has_both_texts(self, auth0: Tenant, kind: str) -> None:
        body = auth0.templates.effective(kind)["content"]["body"]
        assert body["text"]
        assert body["voice"]

    def test_what_is_sent_is_the_customised_template(self, auth0: Tenant) -> None:
        # No Liquid is checked.
        made = make(auth0, content={"body": {"text": "{% mine @{code}"}}, disabled=True)
        effective = auth0.templates.effective("otp_verify")
        assert (effective["id"], effective["disabled"]) == (made["id"], True)
        assert effective["content"]["body"]["text"] == "{% mine @{code}"
        assert "verification code" in effective["content"]["body"]["voice"]


class TestMessageTypes:
    def test_their_order_is_kept_and_they_outlive_the_factor_that_they_need(
        self, auth0: Tenant
    ) -> None:
        auth0.guardian.set_message_types([])
        with refused(404, "The phone factor does not exist."):
            auth0.guardian.set_message_types(["sms"])
        auth0.guardian.set_factor("sms", enabled=True)
        # Without a provider there is nothing to compare them with.
        for wanted in ([], ["sms", "voice"], ["voice", "sms"]):
            assert auth0.guardian.set_message_types(wanted) == {"message_types": wanted}
            assert auth0.message_types() == wanted
        auth0.guardian.set_factor("sms", enabled=False)
        assert auth0.message_types() == ["voice", "sms"]

    @pytest.mark.parametrize(
        ("methods", "allowed"),
        [(["text"], ["sms"]), (["voice"], ["voice"]), (["text", "voice"], ["sms", "voice"])],
    )
    def test_the_provider_has_to_deliver_them(
        self, auth0: Tenant, methods: list[str], allowed: list[str]
    ) -> None:
        deployed(auth0)
        auth0.providers.create(custom_provider(*methods))
        auth0.guardian.set_factor("sms", enabled=True)
        auth0.guardian.set_message_types(allowed)
        for one in {"sms", "voice"} - set(allowed):
            with refused(409, UNSUPPORTED):
                auth0.guardian.set_message_types([one])
        assert auth0.message_types() == allowed

    def test_a_legacy_tenant_has_no_delivery_methods(self, legacy: Tenant) -> None:
        legacy.providers.create(twilio())
        legacy.guardian.set_factor("sms", enabled=True)
        legacy.guardian.set_message_types(["voice"])


class TestLegacyDelivery:
    CALLS: tuple[Callable[[Tenant], Any], ...] = (
        lambda auth0: auth0.guardian.selected_provider(),
        lambda auth0: auth0.guardian.set_selected_provider("phone-message-hook"),
        lambda auth0: auth0.guardian.templates("sms"),
        lambda auth0: auth0.guardian.templates("phone"),
        lambda auth0: auth0.guardian.set_templates({}),
        lambda auth0: auth0.guardian.twilio(),
        lambda auth0: auth0.guardian.set_twilio({}),
    )

    @pytest.mark.parametrize("call", CALLS)
    def test_the_unified_experience_forbids_it(
        self, auth0: Tenant, call: Callable[[Tenant], Any]
    ) -> None:
        with refused(403, *FORBIDDEN):
            call(auth0)

    def test_both_families_show_the_same_templates(self, legacy: Tenant) -> None:
        assert legacy.guardian.templates("sms") is None
        assert legacy.guardian.templates("phone") == GUARDIAN_TEXTS
        written = {"enrollment_message": "e", "verification_message": "v"}
        assert legacy.guardian.set_templates(written) == written
        assert legacy.guardian.templates("sms") == legacy.guardian.templates("phone") == written

    def test_twilio_settings_echo_what_was_sent_and_show_all_keys_later(
        self, legacy: Tenant
    ) -> None:
        assert legacy.guardian.twilio() == {}
        nothing = dict.fromkeys(("auth_token", "sid", "from", "messaging_service_sid"))
        for sent in ({"auth_token": "in clear", "sid": "s", "from": "+1"}, {"sid": "s2"}):
            assert legacy.guardian.set_twilio(sent) == sent
            assert legacy.guardian.twilio() == nothing | sent


SNS = "push-notification/providers/sns"
KEYS = {"aws_region": "r", "aws_secret_access_key": "s"}
CREDENTIALS = {"server_credentials": "k"}
ROAMING = ("", {"overrideRelyingParty": False})
CERTIFICATE = {"sandbox": False, "bundle_id": "b", "p12": "certificate"}


class TestSettingsOfOtherFactors:
    """As go-auth0 recorded them: a write is echoed, a read adds defaults and hides secrets."""

    @pytest.mark.parametrize(
        ("name", "written", "hidden", "added"),
        [
            ("webauthn-roaming/settings", {"userVerification": "required"}, *ROAMING),
            (SNS, KEYS, "aws_secret_access_key", {}),
            ("push-notification/providers/apns", CERTIFICATE, "p12", {"enabled": True}),
            ("push-notification/providers/fcm", {"server_key": "k"}, "server_key", {}),
            ("push-notification/providers/fcmv1", CREDENTIALS, "server_credentials", {}),
            ("duo/settings", {"ikey": "i", "skey": "s"}, "", {}),
        ],
    )
    def test_a_read_after_a_write(
        self, auth0: Tenant, name: str, written: Any, hidden: str, added: Any
    ) -> None:
        shown = {key: one for key, one in written.items() if key != hidden}
        # The one secret that the answer to its write repeats is SNS's.
        assert auth0.factor_settings.replace(name, written) == (written if name == SNS else shown)
        assert auth0.factor_settings.get(name) == shown | added

    def test_a_merge_keeps_what_it_does_not_name(self, auth0: Tenant) -> None:
        settings, app = auth0.factor_settings, {"app_name": "Mine"}
        settings.replace(SNS, KEYS)
        settings.merge(SNS, {"aws_access_key_id": "a"})
        assert settings.get(SNS) == {"aws_region": "r", "aws_access_key_id": "a"}
        assert settings.merge("push-notification/custom-app", app) == app


class TestMfaSettings:
    def test_each_channel_has_its_own_codes_and_the_recorded_ones_before(
        self, auth0: Tenant
    ) -> None:
        codes = {"otp_length": 10, "otp_expiration_time": 30}
        auth0.mfa_settings.write_codes("email", codes)
        shown = auth0.mfa_settings.beside(auth0.guardian.factors())
        found = {one["name"]: one["settings"] for one in shown if "settings" in one}
        assert found == {"sms": {"otp_length": 6, "otp_expiration_time": 300}, "email": codes}

    def test_a_browser_is_not_forgotten_for_inactivity_after_it_is_forgotten_anyway(
        self, auth0: Tenant
    ) -> None:
        settings = auth0.mfa_settings.remembering() | {
            "mfa_session_inactivity_timeout": 7_201,
            "mfa_session_overall_timeout": 7_200,
        }
        with refused(400, "mfa_session_overall_timeout", "invalid_body"):
            auth0.mfa_settings.write_remembering(settings)
        assert auth0.mfa_settings.remembering()["mfa_session_overall_timeout"] == 2_592_000
