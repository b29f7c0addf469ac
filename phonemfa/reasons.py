"""Why a message was not sent: the Action's own reasons, what each means, and what to do.

The one table of them, for the health of a tenant and for docs/reference/reasons.md; in Japanese
they are in the phrase book (`output/japanese.toml`). A reason of another sender's code matches none
of these, and is not shown: nobody knows what is in it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_REPORT: Final = "Please report it."
_ASK: Final = "If it stays: ask NTT CPaaS."
_CHECK: Final = "If it stays: check cpaasBaseHost, then ask NTT CPaaS."
_FRAUD: Final = "Nothing for single ones; a wave is a sign of toll fraud (docs/guides/incident.md)."


@dataclass(frozen=True)
class Reason:
    """One reason, or several that mean the same.

    Attributes:
        id: stable, for machines.
        text: as the log has it, with an ellipsis where it varies.
        retried: Auth0 repeats the message, up to five times; else it is given up.
        alarm: it concerns every message, not one.
        wanted: the stack's own settings refuse such a message: no fault of its sending.
        pattern: finds it in what the log says; empty: the text itself does.
    """

    id: str
    text: str
    meaning: str
    action: str
    retried: bool = False
    alarm: bool = False
    wanted: bool = False
    pattern: str = ""


REASONS: Final = (
    Reason(
        "maybe-sent",
        "…: the message may have been sent",
        "The CPaaS answered 5xx, not within 8 s, or not in a form that says yes or no. The "
        "message is not repeated: a second code locks out more people than a missing one.",
        _ASK,
        pattern=r"the message may have been sent",
    ),
    Reason(
        "host-not-reached",
        "CPaaS host not reached",
        "Name not found, connection refused, or no answer to it, twice.",
        _CHECK,
        retried=True,
    ),
    Reason(
        "no-secure-connection",
        "no secure connection to the CPaaS host",
        "Something answers there, but its TLS does not come up, twice.",
        _CHECK,
        retried=True,
    ),
    Reason(
        "rate-limited",
        "CPaaS limits the rate: HTTP 429",
        "More messages a second than the account may send.",
        "If it stays: ask NTT CPaaS for a higher rate.",
        retried=True,
    ),
    Reason(
        "system-error",
        "CPaaS refused: SYSTEM_ERROR",
        "The CPaaS has a fault of its own.",
        _ASK,
        retried=True,
    ),
    Reason(
        "key-refused",
        "CPaaS refused the request: HTTP 401 …, HTTP 403 …",
        "The API key, or its scopes, are not right: no message is sent.",
        "Set a new key: python -m phonemfa rotate (docs/guides/rotate.md).",
        alarm=True,
        pattern=r"CPaaS refused the request: HTTP 40[13]",
    ),
    Reason(
        "request-refused",
        "CPaaS refused the request: HTTP …",
        "The CPaaS does not take the request as it is.",
        "If it stays: check cpaasBaseHost (404), else please report it.",
        pattern=r"CPaaS refused the request",
    ),
    Reason(
        "sender-refused",
        "CPaaS refused: REJECTED SENDER, SOURCE",
        "The sender is not registered with the account: no message of its channel is sent.",
        "Register the sender with NTT CPaaS, or set smsSender or voiceSender to such a one.",
        alarm=True,
        pattern=r"CPaaS refused: REJECTED (?:SENDER|SOURCE)\b",
    ),
    Reason(
        "account-refused",
        "CPaaS refused: REJECTED NOT_ENOUGH_CREDITS, PREPAID_PACKAGE_EXPIRED, "
        "ROUTE_NOT_AVAILABLE, NETWORK",
        "The account has no credit, or no route: it concerns every message.",
        "Ask NTT CPaaS about the account.",
        alarm=True,
        pattern=r"CPaaS refused: REJECTED (?:NOT_ENOUGH_CREDITS|PREPAID_PACKAGE_EXPIRED"
        r"|ROUTE_NOT_AVAILABLE|NETWORK)\b",
    ),
    Reason(
        "message-refused",
        "CPaaS refused: …",
        "It concerns this recipient or message, such as REJECTED DESTINATION, DND or "
        "FLOODING_FILTER.",
        "Nothing for single ones; many: ask NTT CPaaS.",
        pattern=r"CPaaS refused: ",
    ),
    Reason(
        "certificate",
        "CPaaS host failed the TLS check",
        "No key was sent; someone else answers at that host, or its certificate is bad.",
        "Check cpaasBaseHost at once, then ask NTT CPaaS.",
        alarm=True,
    ),
    Reason(
        "redirect",
        "CPaaS answered with a redirect: check CPAAS_BASE_URL",
        "The host is not the account's.",
        "Correct cpaasBaseHost.",
        alarm=True,
    ),
    Reason(
        "configuration",
        "configuration: secret … is missing, is malformed",
        "A secret of the Action is not right: no message is sent.",
        "Correct the stack's settings and pulumi up; python -m phonemfa drift says who changed "
        "what.",
        alarm=True,
        pattern=r"configuration: secret [A-Z_]+ is (?:missing|malformed)",
    ),
    Reason(
        "delivery-method",
        "unknown delivery method",
        "Auth0 asked for a channel that nobody knows.",
        _REPORT,
    ),
    Reason(
        "message-type",
        "message type not enabled by MESSAGE_TYPES",
        "A type of message that the stack does not send.",
        "Nothing, or add it to messageTypes.",
        wanted=True,
    ),
    Reason(
        "not-e164",
        "recipient is not an E.164 number with country prefix",
        "A number without its country: guessing one sends codes to strangers.",
        "Correct the user's number in Auth0.",
        wanted=True,
    ),
    Reason(
        "country-not-allowed",
        "recipient country not allowed",
        "A number under none of allowedPrefixes.",
        _FRAUD,
        wanted=True,
    ),
    Reason(
        "japanese-range",
        "recipient is in a Japanese range that is not allowed",
        "0990, 0570, 0120, 0800 and their like: it costs extra, or reaches no person.",
        _FRAUD,
        wanted=True,
    ),
    Reason(
        "number-without-sms",
        "recipient is a Japanese number without SMS",
        "050 or a fixed line: calls alone reach it.",
        "The user chooses a call, or another number.",
        wanted=True,
    ),
    Reason(
        "expensive-range",
        "recipient is in a premium, shared-cost, personal or satellite range",
        "A range that is never sent to, in any country.",
        _FRAUD,
        wanted=True,
    ),
    Reason(
        "recipient-limit",
        "too many messages to this recipient",
        "recipientLimit is reached for a number.",
        "Nothing for single ones; many: messages do not arrive, or somebody floods a number.",
        wanted=True,
    ),
    Reason(
        "call-limit",
        "too many calls to this recipient",
        "voiceLimit is reached for a number.",
        "Nothing for single ones; many: calls do not arrive, or somebody floods a number.",
        wanted=True,
    ),
    Reason(
        "tenant-limit",
        "too many messages of this tenant",
        "tenantLimit is reached: no enrolments and password changes until it falls.",
        "A wave of them is a sign of toll fraud (docs/guides/incident.md); else raise tenantLimit.",
        alarm=True,
    ),
    Reason(
        "text",
        "the message has no text, the message has no text to speak, the text does not give the "
        "code, the voice text is too long",
        "A template is not right: no message of its type is sent.",
        "Correct the template, or take the stack's: python -m phonemfa drift.",
        alarm=True,
        pattern=r"the message has no text|the text does not give the code"
        r"|the voice text is too long",
    ),
    Reason(
        "internal-error",
        "internal error in the Action",
        "An event that nobody foresaw.",
        _REPORT,
        alarm=True,
    ),
)
"""In the order in which they are looked for: of two that match, the first one is meant."""

BY_ID: Final = {one.id: one for one in REASONS}


@lru_cache(maxsize=1024)
def reason_of(said: str) -> Reason | None:
    """The reason that a text of the tenant's log gives; None where it is none of the Action's."""
    return next(
        (one for one in REASONS if re.search(one.pattern or re.escape(one.text), said)), None
    )
