"""Bodies of /guardian. Owns shapes only."""

from __future__ import annotations

from sandbox.api.schemas import (
    BOOLEAN,
    STRING,
    array,
    described,
    nullable,
    obj,
    one_of,
    text,
)

SET_FACTOR = obj({"enabled": described(BOOLEAN, "Whether the factor is on")}, required=("enabled",))
SET_POLICIES = array(one_of("all-applications", "confidence-score"))
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
SET_TWILIO = obj(
    {
        "from": nullable(text(0, 64)),
        "messaging_service_sid": nullable(text(1, 1000)),
        "auth_token": nullable(text(1, 1000)),
        "sid": nullable(text(1, 1000)),
    }
)
