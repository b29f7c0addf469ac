"""Bodies of /branding/phone. Owns shapes only."""

from __future__ import annotations

from sandbox.tenant.schemas import BOOLEAN, STRING, Schema, array, described, obj, one_of, text

_METHOD = one_of("text", "voice")
_METHODS = array(_METHOD, minItems=1)

# The two configurations are a choice that the provider's name has no part in (recorded).
_CONFIGURATION: Schema = {
    "type": "object",
    "anyOf": [
        obj(
            {
                "sid": STRING,
                "default_from": STRING,
                "mssid": STRING,
                "delivery_methods": _METHODS,
            },
            required=("sid", "delivery_methods"),
        ),
        obj({"delivery_methods": _METHODS}, required=("delivery_methods",)),
    ],
}
_CREDENTIALS: Schema = {
    "anyOf": [obj({"auth_token": text(1, 255)}, required=("auth_token",)), obj({})]
}
_PROVIDER: dict[str, Schema] = {
    "name": described(one_of("twilio", "custom"), "Who delivers"),
    "disabled": described(BOOLEAN, "Whether the provider is switched off"),
    "configuration": described(_CONFIGURATION, "How it delivers"),
    "credentials": described(_CREDENTIALS, "How it is authenticated; empty for a custom one"),
}

CREATE_PROVIDER = obj(_PROVIDER, required=("name", "credentials"), extra=True)
UPDATE_PROVIDER = obj(_PROVIDER, minProperties=1)

_TRY: dict[str, Schema] = {
    "to": described(text(1, 16), "The number to send to"),
    "delivery_method": described(_METHOD, "Text message or call"),
}
TRY_PROVIDER = obj(_TRY, required=("to",))
TRY_TEMPLATE = obj(_TRY, required=("to",), extra=True)

_BODY = obj({"text": text(1, 20_000), "voice": text(1, 20_000)}, minProperties=1)
_FROM = described(text(1, 16), "The sender")

CREATE_TEMPLATE = obj(
    {
        "type": described(
            one_of(
                "otp_verify", "otp_enroll", "change_password", "blocked_account", "password_breach"
            ),
            "What the message is for",
        ),
        "disabled": BOOLEAN,
        "content": obj({"syntax": STRING, "from": _FROM, "body": _BODY}, minProperties=1),
    }
)
UPDATE_TEMPLATE = obj(
    {"disabled": BOOLEAN, "content": obj({"from": _FROM, "body": _BODY}, minProperties=1)}
)
