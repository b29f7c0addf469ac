"""The strict model of settings, and types of single values, for editors too (JSON Schema)."""

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from components.settings.faults import rule_broken
from components.settings.number_ranges import COUNTRY, NO_TRUNK_ZERO, in_refused_range

_HOST: Final = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\Z"
)
_ALPHANUMERIC_SENDER: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{3,11}\Z")
# With its plus, or as long as only a full number is, it has a country and no zero after it.
_NUMERIC_SENDER: Final = re.compile(
    rf"(?:(?:\+|(?=[1-9][0-9]{{11}})){NO_TRUNK_ZERO}[1-9][0-9]{{2,14}}"
    r"|(?![1-9][0-9]{11})[0-9]{3,15})\Z"
)
_E164: Final = re.compile(rf"\+{NO_TRUNK_ZERO}[1-9][0-9]{{7,14}}\Z")
_PREFIX: Final = re.compile(rf"\+(?=[0-9]{{1,7}}\Z){NO_TRUNK_ZERO}{COUNTRY}[0-9]*\Z")
_FULL_NUMBER: Final = re.compile(r"[1-9][0-9]{11,14}\Z")
"""A sender without a plus that is longer than any short code."""
_TRUNK_ZERO: Final = re.compile(rf"\+?(?!{NO_TRUNK_ZERO}){COUNTRY}0")
_CONTROL: Final = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f]")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
DURATION: Final = re.compile(r"[1-9][0-9]{0,7}[smhd]\Z")
_MAX_TEXT: Final = 20_000
"""Characters a template may have (OpenAPI, PhoneTemplateBody)."""


class Strict(BaseModel):
    """A settings model: keys are camelCase, an unknown one is a fault, nothing changes later."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=False,
        validate_by_alias=True,
        validate_default=True,
    )


def _bare_host(consequence: str, fix: str) -> AfterValidator:
    def check(host: str) -> str:
        if not _HOST.match(host):
            raise rule_broken(consequence, fix)
        return host

    return AfterValidator(check)


def _refuse_trunk_zero(number: str, consequence: str) -> None:
    found = _TRUNK_ZERO.match(number)
    if found:
        country = found[0][:-1]
        raise rule_broken(
            f"The 0 after {country} is dialled inside the country only, and no part of the number: "
            f"{consequence}",
            f"leave that 0 out: {country}{number[found.end() :].lstrip('0')}",
        )


def _sms_sender(sender: str) -> str:
    if sender.startswith("+") or _FULL_NUMBER.match(sender):
        _refuse_trunk_zero(sender, "the CPaaS would refuse every SMS (REJECTED_SOURCE).")
    if not (_ALPHANUMERIC_SENDER.match(sender) or _NUMERIC_SENDER.match(sender)):
        raise rule_broken(
            "The CPaaS would refuse every SMS (REJECTED_SOURCE).",
            "use a registered sender: 3 to 11 letters and digits, or a number of 3 to 15 digits",
        )
    return sender


def _voice_sender(sender: str) -> str:
    _refuse_trunk_zero(sender, "calls from it are refused.")
    if not _E164.match(sender):
        raise rule_broken(
            "The caller ID must be a full E.164 number: calls from anything else are refused.",
            "use a number of the account such as +815012345678",
        )
    return sender


def _test_number(number: str) -> str:
    _refuse_trunk_zero(number, "no test message could be sent to it.")
    if in_refused_range(number):
        raise rule_broken(
            "It is in a range that costs extra or has no handset (premium, shared cost, personal, "
            "satellite, toll-free), which the Action never sends to.",
            "write the number of a handset of your own, such as +819012345678",
        )
    if not _E164.match(number):
        raise rule_broken(
            "No test message could be sent to it.",
            "write the number of a handset of your own in E.164, such as +819012345678",
        )
    return number


def _prefix(prefix: str) -> str:
    _refuse_trunk_zero(prefix, "no recipient has it.")
    if in_refused_range(prefix):
        raise rule_broken(
            "It is a range that costs extra or has no handset (premium, shared cost, personal, "
            "satellite): the Action refuses every number in it.",
            "remove it",
        )
    if not _PREFIX.match(prefix):
        raise rule_broken(
            "It does not begin with a country's calling code: it would allow no country, or "
            "several that nobody meant.",
            "write the calling code with its plus sign, such as +81, or a longer prefix of one "
            "country, such as +1808",
        )
    return prefix


def _template(text: str) -> str:
    # YAML's `|` ends a text with a line break, which nobody means to send.
    ended = text.rstrip()
    if not ended or len(ended) > _MAX_TEXT:
        raise rule_broken(
            "The tenant refuses an empty text, and one of more than 20,000 characters.",
            "write a text, or remove the entry to use the text that the package ships",
        )
    control = _CONTROL.search(ended)
    if control:
        raise rule_broken(
            f"It has the control character U+{ord(control[0]):04X}, which no carrier shows.",
            "remove it; a line break is the only one that may be sent",
        )
    return ended


def seconds(duration: str) -> int:
    """How long "90s", "5m", "12h" or "7d" is."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]


def duration(length: int) -> str:
    """So many seconds, in the largest unit that they fill: 604,800 are "7d"."""
    unit = next(unit for unit in "dhms" if length % _SECONDS[unit] == 0)
    return f"{length // _SECONDS[unit]}{unit}"


def plainly(value: Any) -> str:
    """Any value of the stack's file on one line."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence) and all(isinstance(one, str) for one in value):
        return ", ".join(value) or "none"
    return json.dumps(value, ensure_ascii=False, default=str)


def in_words(duration: str) -> str:
    """A duration of the stack's file: "7d" is "7 days"."""
    count, unit = duration[:-1], {"s": "second", "m": "minute", "h": "hour", "d": "day"}
    named = unit.get(duration[-1:])
    return f"{count} {named}{'' if count == '1' else 's'}" if named else duration


def _lasting(least: str, most: str) -> AfterValidator:
    def check(text: str) -> str:
        if not (DURATION.match(text) and seconds(least) <= seconds(text) <= seconds(most)):
            raise rule_broken(
                f"It must be {least} to {most}: the tenant refuses anything else.",
                "write a number with its unit, such as 90s, 5m, 12h or 7d",
            )
        # "24h" is "1d": no change for a tenant, so none in a preview.
        return duration(seconds(text))

    return AfterValidator(check)


def _string(*allowed: re.Pattern[str]) -> WithJsonSchema:
    # Editors' JSON Schema has ECMAScript's expressions, which know no \Z.
    patterns = ["^" + one.pattern.replace(r"\Z", "$") for one in allowed]
    return WithJsonSchema({"type": "string", "pattern": "|".join(patterns)})


def _no_switch(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("switch", "It must be a number: true and false are none")
    return value


NO_SWITCH: Final = BeforeValidator(_no_switch)
"""Of a number, behind its bounds, which no schema would have else: pydantic takes true for 1."""
Number = Annotated[int, NO_SWITCH]
"""A whole number, whose bounds are in the field's default."""

Host = Annotated[
    str,
    _bare_host(
        "It must be the bare host of the account: whoever sets it receives the API key, so a "
        "scheme, path, user, port or address is refused.",
        "give the host alone, in lower case, such as abc123.api.infobip.com",
    ),
    _string(_HOST),
]
LoginHost = Annotated[
    str,
    _bare_host(
        "Browsers fill in a code only for the bare host of the login pages.",
        "give the tenant's custom domain alone, such as login.example.co.jp",
    ),
    _string(_HOST),
]
SmsSender = Annotated[
    str, AfterValidator(_sms_sender), _string(_ALPHANUMERIC_SENDER, _NUMERIC_SENDER)
]
VoiceSender = Annotated[str, AfterValidator(_voice_sender), _string(_E164)]
TestNumber = Annotated[str, AfterValidator(_test_number), _string(_E164)]
CountryPrefix = Annotated[str, AfterValidator(_prefix), _string(_PREFIX)]
Inactivity = Annotated[str, _lasting("1h", "30d"), _string(DURATION)]
Overall = Annotated[str, _lasting("1h", "90d"), _string(DURATION)]
Lifetime = Annotated[str, _lasting("30s", "1h"), _string(DURATION)]
Template = Annotated[
    str,
    AfterValidator(_template),
    WithJsonSchema({"type": "string", "maxLength": _MAX_TEXT, "pattern": r"\S"}),
]
