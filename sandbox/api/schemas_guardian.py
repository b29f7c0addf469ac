"""Bodies of /guardian. Owns shapes only."""

from __future__ import annotations

from sandbox.tenant.schemas import (
    BOOLEAN,
    STRING,
    Schema,
    array,
    described,
    nullable,
    obj,
    one_of,
    text,
    whole,
)

SET_FACTOR = obj({"enabled": described(BOOLEAN, "Whether the factor is on")}, required=("enabled",))
SET_POLICIES = array(one_of("all-applications", "confidence-score"))
SET_REMEMBERING = obj(
    {
        "display_remember_me_checkbox": BOOLEAN,
        "remember_me_default_value": BOOLEAN,
        "mfa_session_inactivity_timeout": described(
            whole(3_600, 2_592_000), "Seconds without a login after which a browser is forgotten"
        ),
        "mfa_session_overall_timeout": described(
            whole(3_600, 7_776_000), "Seconds after which a browser is forgotten"
        ),
    },
    required=(
        "display_remember_me_checkbox",
        "remember_me_default_value",
        "mfa_session_inactivity_timeout",
        "mfa_session_overall_timeout",
    ),
)
SET_CODES = obj(
    {
        "otp_length": described(whole(4, 10), "Characters of a code"),
        "otp_expiration_time": described(whole(30, 3_600), "Seconds for which a code is valid"),
    },
    required=("otp_length", "otp_expiration_time"),
)
SET_MESSAGE_TYPES = obj(
    {"message_types": described(array(one_of("sms", "voice")), "Channels of the phone factor")},
    required=("message_types",),
)
SET_SELECTED_PROVIDER = obj(
    {"provider": one_of("auth0", "twilio", "phone-message-hook")}, required=("provider",)
)
SET_TEMPLATES = obj(
    {"enrollment_message": STRING, "verification_message": STRING},
    required=("enrollment_message", "verification_message"),
)
_SECRET_TEXT = nullable(text(1, 1000))
SET_FACTOR_SETTINGS: dict[str, Schema] = {
    "push-notification/providers/sns": obj(
        {
            "aws_access_key_id": _SECRET_TEXT,
            "aws_secret_access_key": _SECRET_TEXT,
            "aws_region": nullable(text(1, 1000)),
            "sns_apns_platform_application_arn": nullable(text(1, 1000)),
            "sns_gcm_platform_application_arn": nullable(text(1, 1000)),
        }
    ),
    "push-notification/providers/apns": obj(
        {"sandbox": BOOLEAN, "bundle_id": nullable(STRING), "p12": nullable(STRING)}
    ),
    "push-notification/providers/fcm": obj({"server_key": nullable(STRING)}),
    "push-notification/providers/fcmv1": obj({"server_credentials": nullable(STRING)}),
    "push-notification/selected-provider": obj(
        {"provider": one_of("guardian", "sns", "direct")}, required=("provider",)
    ),
    "duo/settings": obj(
        {"ikey": nullable(STRING), "skey": nullable(STRING), "host": nullable(STRING)}
    ),
    "webauthn-roaming/settings": obj(
        {
            "userVerification": one_of("discouraged", "preferred", "required"),
            "overrideRelyingParty": BOOLEAN,
            "relyingPartyIdentifier": STRING,
        }
    ),
    "webauthn-platform/settings": obj(
        {"overrideRelyingParty": BOOLEAN, "relyingPartyIdentifier": STRING}
    ),
}
"""Bodies of the other factors' settings, by their path below /guardian/factors."""
SET_CUSTOM_APP = obj({"app_name": STRING, "apple_app_link": STRING, "google_app_link": STRING})
"""Body of PATCH /prompts/mfa-push; the fields are go-auth0's, their limits are not known."""
SET_TWILIO = obj(
    {
        "from": nullable(text(0, 64)),
        "messaging_service_sid": nullable(text(1, 1000)),
        "auth_token": nullable(text(1, 1000)),
        "sid": nullable(text(1, 1000)),
    }
)
