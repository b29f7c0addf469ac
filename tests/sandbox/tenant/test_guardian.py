"""Factors, policies, message types and legacy delivery (management-api.md §6)."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.tenant import Tenant
from sandbox.tenant.phone_templates import GUARDIAN_TEXTS
from tests.sandbox.tenant.support import custom_provider, deployed, refused, tenant, twilio_provider

UNSUPPORTED = "Message Type is not supported by the configured phone provider"
FORBIDDEN = ("deprecated feature", "legacy_mfa_phone_provider_not_allowed")


@pytest.fixture
def legacy() -> Tenant:
    return tenant(generation="legacy")


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
        legacy.providers.create(twilio_provider())
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
