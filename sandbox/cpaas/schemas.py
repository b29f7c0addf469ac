"""JSON Schemas of the two send requests (cpaas-and-actions.md §1.2, §1.3).

They judge no meaning: an unregistered sender or an unspeakable text is answered with a status, not
with a 400. Assumption: an unknown field is a 400, as a typo in an option would
otherwise pass here and be ignored there; the vendor does not say.
"""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

_TEXT = {"type": "string"}
_SOME_TEXT = {"type": "string", "pattern": r"\S"}
_SENDER = {"type": "string", "pattern": r"^(?:\+?[0-9]{1,16}|.{1,11})$"}
"""Up to 16 digits, or 11 characters."""
_DESTINATIONS = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["to"],
        "additionalProperties": False,
        "properties": {
            "to": {"type": "string", "maxLength": 64},
            "messageId": {"type": "string", "maxLength": 200},
            "networkId": {"type": "integer"},
        },
    },
}
_DELIVERY_TIME_WINDOW = {"type": "object", "required": ["days"]}


def _closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "additionalProperties": False,
        "properties": properties,
    }


_BINARY_CONTENT = _closed(
    ["hex"],
    dataCoding={"type": "integer"},
    esmClass={"type": "integer"},
    hex={"type": "string", "pattern": "^(?:[0-9A-Fa-f]{2} ?)+$"},
)
_TEXT_CONTENT = _closed(
    ["text"],
    text=_SOME_TEXT,
    transliteration={
        "enum": [
            "NONE",
            "TURKISH",
            "GREEK",
            "CYRILLIC",
            "SERBIAN_CYRILLIC",
            "BULGARIAN_CYRILLIC",
            "CENTRAL_EUROPEAN",
            "BALTIC",
            "PORTUGUESE",
            "COLOMBIAN",
            "NON_UNICODE",
            "ALL",
        ]
    },
    language=_closed(
        [],
        languageCode={"enum": ["NONE", "TR", "ES", "PT", "AUTODETECT"]},
        singleShift={"type": "boolean"},
        lockingShift={"type": "boolean"},
    ),
)

_SMS_MESSAGE = _closed(
    ["destinations", "content"],
    sender=_SENDER,
    destinations=_DESTINATIONS,
    content={
        "type": "object",
        # Not oneOf: of two branches no fault names a field.
        "if": {"required": ["hex"]},
        "then": _BINARY_CONTENT,
        "else": _TEXT_CONTENT,
    },
    options=_closed(
        [],
        platform=_closed(
            [],
            entityId={"type": "string", "maxLength": 255},
            applicationId={"type": "string", "maxLength": 255},
        ),
        validityPeriod=_closed(
            ["amount"],
            amount={"type": "integer", "minimum": 1},
            timeUnit={"enum": ["SECONDS", "MINUTES", "HOURS"]},
        ),
        deliveryTimeWindow=_DELIVERY_TIME_WINDOW,
        campaignReferenceId={"type": "string", "maxLength": 255},
        regional={"type": "object"},
        flash={"type": "boolean"},
    ),
    webhooks=_closed(
        [],
        delivery=_closed(
            [], url=_TEXT, intermediateReport={"type": "boolean"}, notify={"type": "boolean"}
        ),
        contentType={"enum": ["application/json", "application/xml"]},
        callbackData={"type": "string", "maxLength": 4000},
    ),
)

SMS_REQUEST = _closed(
    ["messages"],
    messages={"type": "array", "minItems": 1, "items": _SMS_MESSAGE},
    options=_closed(
        [],
        schedule={"type": "object", "properties": {"bulkId": _TEXT}},
        tracking=_closed(
            [],
            shortenUrl={"type": "boolean"},
            trackClicks={"type": "boolean"},
            trackingUrl=_TEXT,
            removeProtocol={"type": "boolean"},
            customDomain=_TEXT,
        ),
        includeSmsCountInResponse={"type": "boolean"},
        conversionTracking={"type": "object"},
    ),
)

_VOICE_MESSAGE = _closed(
    ["destinations"],
    **{
        "from": _TEXT,
        "destinations": _DESTINATIONS,
        "text": {"type": "string", "maxLength": 1400},
        "audioFileUrl": _TEXT,
        "language": _TEXT,
        "voice": _closed([], name=_TEXT, gender={"enum": ["male", "female"]}),
        # Clamped to 0.5-2, not refused.
        "speechRate": {"type": "number"},
        "pause": {"type": "integer", "minimum": 0, "maximum": 10},
        "repeatDtmf": {"type": "string", "pattern": "^[0-9*]+$"},
        "maxDtmf": {"type": "integer", "minimum": 0},
        "dtmfTimeout": {"type": "integer", "minimum": 0},
        "ringTimeout": {"type": "integer", "minimum": 1},
        "callTimeout": {"type": "integer", "minimum": 1},
        "validityPeriod": {"type": "integer", "minimum": 1},
        "retry": _closed(
            [],
            minPeriod={"type": "integer"},
            maxPeriod={"type": "integer"},
            maxCount={"type": "integer", "minimum": 0, "maximum": 4},
        ),
        "machineDetection": {"enum": ["hangup", "continue"]},
        "deliveryTimeWindow": _DELIVERY_TIME_WINDOW,
        "sendingSpeed": {"type": "object"},
        "sendAt": _TEXT,
        "callTransfers": {"type": "array"},
        "notifyUrl": _TEXT,
        "notifyContentType": {"enum": ["application/json", "application/xml"]},
        "notifyContentVersion": {"enum": [1, 2]},
        "callbackData": {"type": "string", "maxLength": 700},
    },
)

VOICE_REQUEST = _closed(
    ["messages"],
    bulkId=_TEXT,
    messages={"type": "array", "minItems": 1, "items": _VOICE_MESSAGE},
)

_VALIDATORS = {
    "sms": Draft202012Validator(SMS_REQUEST),
    "voice": Draft202012Validator(VOICE_REQUEST),
}


def violations(channel: str, body: object) -> list[tuple[str, str]]:
    """Faults of a request body as (field path, sentence), in the order of the fields."""
    faults = _VALIDATORS[channel].iter_errors(body)
    return sorted((_path(fault.absolute_path), fault.message) for fault in faults)


def _path(parts: Any) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".") or "body"
