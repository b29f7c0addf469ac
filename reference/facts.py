"""The settings of a stack as data: what `StackSettings` says of each, for every page about them.

Owns reading the model, and an example of each value. Refuses to word or to lay out anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_core import PydanticUndefined

from components.settings.model import StackSettings
from components.settings.raw_config import API_KEY

KEY_DESCRIPTION: Final = (
    "API key of the NTT CPaaS account, kept as a secret: `pulumi config set --secret "
    f"phonemfa:{API_KEY}` reads it from standard input"
)

EXAMPLES: Final[Mapping[str, Any]] = {
    "experience": "unified",
    "deliveryMethods": ["text", "voice"],
    "policy": "always",
    "adopted": {"phone": {"enabled": True, "messageTypes": ["sms"]}},
    "cpaasBaseHost": "abc123.api.infobip.com",
    "smsSender": "0005212345",
    "voiceSender": "+815012345678",
    "voiceGender": "male",
    "ringTimeout": 25,
    "machineDetection": True,
    "language": "en",
    "messageTypes": ["otp_enroll", "otp_verify"],
    "texts": {"otp_verify": {"text": "{{ code }} が認証コードです。"}},
    "allowedInTexts": ["user"],
    "allowedPrefixes": ["+81", "+82"],
    "deduplicate": True,
    "originBoundCode": "login.example.co.jp",
    "recipientLimit": 20,
    "voiceLimit": 5,
    "tenantLimit": 500,
    "otherFactors": {"otp": True, "email": False},
    "retiredSecrets": ["TWILIO_TOKEN"],
    "actionName": "phone-codes",
    "bindAction": True,
    "transition": True,
    "testNumbers": ["+819012345678"],
    "gate": "smoke",
    "protect": True,
}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting.

    Attributes:
        key: its name in YAML, without the namespace.
        description: what it is for; a sentence without capital and full stop.
        schema: its JSON Schema, without description, default and the "not set" of optional ones.
        required: whether every stack has to set it.
        default: as YAML would have it; None where there is none.
        example: a value that is right for it.
    """

    key: str
    description: str
    schema: dict[str, Any]
    required: bool
    default: Any
    example: Any


def settings() -> list[Setting]:
    """Every setting but the key, in the model's order."""
    schema = _schema()
    return [
        _setting(name, schema["properties"][field.alias or name])
        for name, field in StackSettings.model_fields.items()
    ]


@cache
def definitions() -> dict[str, Any]:
    """The schemas that those of the settings refer to, by name."""
    return {name: _bare(one) for name, one in _schema()["$defs"].items()}


@cache
def _schema() -> dict[str, Any]:
    return StackSettings.model_json_schema(by_alias=True)


def _setting(name: str, schema: dict[str, Any]) -> Setting:
    field = StackSettings.model_fields[name]
    default = None
    if not field.is_required():
        default = _plain(field.get_default(call_default_factory=True))
    bare = _bare({k: v for k, v in schema.items() if k not in {"description", "default"}})
    return Setting(
        key=field.alias or name,
        description=field.description or "",
        schema=bare,
        required=field.is_required(),
        default=default,
        example=EXAMPLES.get(field.alias or name, default),
    )


def _plain(value: Any) -> Any:
    """A default as it would be written: enumerations by value, sets in order, nothing unset."""
    if value is PydanticUndefined:
        return None
    plain = TypeAdapter(Any).dump_python(value, mode="json", exclude_none=True, by_alias=True)
    return sorted(plain) if isinstance(value, frozenset) else plain


def _bare(schema: Any) -> Any:
    """A schema without titles, and without the null that stands for "not set"."""
    if isinstance(schema, list):
        return [_bare(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    bare = {
        # A property may be called "title" as well; the word of the schema is always text.
        key: _bare(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }
    if bare.get("default", ...) is None:
        del bare["default"]
    choices = [one for one in bare.pop("anyOf", []) if one != {"type": "null"}]
    if len(choices) == 1:
        return choices[0] | bare
    return bare | ({"anyOf": choices} if choices else {})
