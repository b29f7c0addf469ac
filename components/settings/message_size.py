"""How long a text is on a phone: UTF-16 units, SMS parts, and whether carriers can show it.

Source: contract, cpaas-and-actions.md §1.3, §1.4 and §4.3.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

_GSM7: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_EXTENDED: Final = frozenset("^{}\\[~]|€\f")
"""Each takes two places in a GSM-7 text."""

MAX_PARTS: Final = 10
"""Parts that domestic long SMS has (670 units); the CPaaS itself refuses more than 25."""
MAX_VOICE: Final = 1400
"""Characters that a voice message may have."""

SAMPLE: Final[Mapping[str, Any]] = {
    "code": "123456",
    # 16 full-width characters: long for the name of a service, and seen in the field.
    "friendly_name": "株式会社日本架空銀行会員サービス",
    "tenant": "example-japan-production",
    "support_email": "support@login.example.co.jp",
    "support_url": "https://www.example.co.jp/support",
    "locale": "ja",
    "connection": "Username-Password-Authentication",
    "user": {
        "name": "長曽我部 太郎左衛門",
        "email": "taro.chosokabe@example.co.jp",
        "source_ip": "2001:db8:1234:5678:9abc:def0:1234:5678",
        "city": "San Francisco",
        "country": "United States of America",
        "phone_number": "+819012345678",
    },
    "client": {"name": "会員サイト", "clientID": "0123456789abcdef0123456789abcdef"},
    "application": {"name": "会員サイト"},
    "organization": {"name": "example-branch-office", "display_name": "日本架空銀行 東京営業部"},
    "custom_domain": "login.member-service.example.co.jp",
    "home_url": "https://www.member-service.example.co.jp",
    "logo_url": "https://www.member-service.example.co.jp/logo.png",
    "region": "jp-1",
    "pause": "",
    "message_type": "sms",
    "requestInfo": {"lang": "ja,en-US;q=0.9"},
}
"""Values for counting: as long as they get in practice."""


_PLAIN_OUTPUT: Final = re.compile(r"(?<!\{)\{\{\s*([a-z_]+)\s*\}\}")
"""Beside three braces it is the parser's matter: "{{{ code }}" is not Liquid."""


@dataclass(frozen=True, kw_only=True)
class SmsSize:
    """An SMS as carriers count it. `units` are septets for GSM-7 and UTF-16 units for UCS-2."""

    units: int
    parts: int
    encoding: Literal["GSM-7", "UCS-2"]

    def __str__(self) -> str:
        kind = "UTF-16 units" if self.encoding == "UCS-2" else "GSM-7 characters"
        return f"{self.units} {kind}, {self.parts} part{'s' if self.parts != 1 else ''}"


def sms_size(text: str) -> SmsSize:
    """Units and parts of an SMS: one part has 160 or 70 units, each of several 153 or 67."""
    if all(character in _GSM7 or character in _GSM7_EXTENDED for character in text):
        widths = [2 if character in _GSM7_EXTENDED else 1 for character in text]
        return SmsSize(units=sum(widths), parts=_parts(widths, 160, 153), encoding="GSM-7")
    widths = [len(character.encode("utf-16-le")) // 2 for character in text]
    return SmsSize(units=sum(widths), parts=_parts(widths, 70, 67), encoding="UCS-2")


def _parts(widths: list[int], single: int, several: int) -> int:
    if sum(widths) <= single:
        return 1
    parts, used = 1, 0
    for width in widths:
        # A character of two units is never cut between two parts.
        if used + width > several:
            parts, used = parts + 1, 0
        used += width
    return parts


def unshowable(text: str) -> str:
    """The characters that Japanese carriers may garble: those that not every system maps alike.

    They are outside of JIS X 0208 (as ①, ㈱ and 髙 are, which Windows added), or two systems write
    them with different characters, as the wave dash.
    """
    found = dict.fromkeys(text)
    return "".join(
        one for one in found if one in _MAPPED_APART or not one.encode("shift_jis", "ignore")
    )


_MAPPED_APART: Final = frozenset("〜～‖∥−－¢￠£￡¬￢")


def is_simple(template: str) -> bool:
    """Whether a text only puts plain variables in."""
    rest = _PLAIN_OUTPUT.sub("", template)
    return "{{" not in rest and "{%" not in rest


def rendered(template: str, values: Mapping[str, Any] = SAMPLE) -> str:
    """A Liquid text with the sample values, or others; a `LiquidError` where it is none."""
    # Nearly every text only puts variables in; for those the parser, and the quarter of a second
    # that importing it takes in every preview, can be spared.
    used = [values.get(name, "") for name in _PLAIN_OUTPUT.findall(template)]
    if is_simple(template) and all(isinstance(one, str) for one in used):
        return _PLAIN_OUTPUT.sub(lambda output: str(values.get(output[1], "")), template)
    return str(environment().from_string(template).render(**values))


@cache
def environment() -> Any:
    """What parses and renders Liquid; a text that would run for ever is an error."""
    from liquid import Environment  # noqa: PLC0415

    class Bounded(Environment):
        loop_iteration_limit = 10_000
        output_stream_limit = 100_000

    return Bounded()
