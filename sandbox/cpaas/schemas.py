"""JSON Schemas of the two send requests (cpaas-and-actions.md §1.2, §1.3).

They judge no meaning: an unregistered sender or an unspeakable text is answered with a status, not
with a 400. Assumption: an unknown field is a 400, as a typo in an option would
otherwise pass here and be ignored there; the vendor does not say.
"""

from jsonschema import Draft202012Validator

from sandbox.json_schemas import BOOLEAN, STRING, Schema, array, obj, one_of, pointer, text, whole

_ANY_OBJECT: Schema = {"type": "object"}
_NUMBER: Schema = {"type": "number"}
_SENDER: Schema = {"type": "string", "pattern": r"^(?:\+?[0-9]{1,16}|.{1,11})$"}
"""Up to 16 digits, or 11 characters."""
_DESTINATIONS = array(
    obj({"to": text(high=64), "messageId": text(high=200), "networkId": whole()}, required=("to",)),
    minItems=1,
)
_DELIVERY_TIME_WINDOW: Schema = {"type": "object", "required": ["days"]}
_CONTENT_TYPE = one_of("application/json", "application/xml")

_BINARY_CONTENT = obj(
    {
        "dataCoding": whole(),
        "esmClass": whole(),
        "hex": {"type": "string", "pattern": "^(?:[0-9A-Fa-f]{2} ?)+$"},
    },
    required=("hex",),
)
_TRANSLITERATIONS = (
    *("NONE", "TURKISH", "GREEK", "CYRILLIC", "SERBIAN_CYRILLIC", "BULGARIAN_CYRILLIC"),
    *("CENTRAL_EUROPEAN", "BALTIC", "PORTUGUESE", "COLOMBIAN", "NON_UNICODE", "ALL"),
)
_TEXT_CONTENT = obj(
    {
        "text": {"type": "string", "pattern": r"\S"},
        "transliteration": one_of(*_TRANSLITERATIONS),
        "language": obj(
            {
                "languageCode": one_of("NONE", "TR", "ES", "PT", "AUTODETECT"),
                "singleShift": BOOLEAN,
                "lockingShift": BOOLEAN,
            }
        ),
    },
    required=("text",),
)

_SMS_MESSAGE = obj(
    {
        "sender": _SENDER,
        "destinations": _DESTINATIONS,
        "content": {
            "type": "object",
            # Not oneOf: of two branches no fault names a field.
            "if": {"required": ["hex"]},
            "then": _BINARY_CONTENT,
            "else": _TEXT_CONTENT,
        },
        "options": obj(
            {
                "platform": obj({"entityId": text(high=255), "applicationId": text(high=255)}),
                "validityPeriod": obj(
                    {"amount": whole(1), "timeUnit": one_of("SECONDS", "MINUTES", "HOURS")},
                    required=("amount",),
                ),
                "deliveryTimeWindow": _DELIVERY_TIME_WINDOW,
                "campaignReferenceId": text(high=255),
                "regional": _ANY_OBJECT,
                "flash": BOOLEAN,
            }
        ),
        "webhooks": obj(
            {
                "delivery": obj({"url": STRING, "intermediateReport": BOOLEAN, "notify": BOOLEAN}),
                "contentType": _CONTENT_TYPE,
                "callbackData": text(high=4000),
            }
        ),
    },
    required=("destinations", "content"),
)
SMS_REQUEST = obj(
    {
        "messages": array(_SMS_MESSAGE, minItems=1),
        "options": obj(
            {
                "schedule": {"type": "object", "properties": {"bulkId": STRING}},
                "tracking": obj(
                    {
                        "shortenUrl": BOOLEAN,
                        "trackClicks": BOOLEAN,
                        "trackingUrl": STRING,
                        "removeProtocol": BOOLEAN,
                        "customDomain": STRING,
                    }
                ),
                "includeSmsCountInResponse": BOOLEAN,
                "conversionTracking": _ANY_OBJECT,
            }
        ),
    },
    required=("messages",),
)

_VOICE_MESSAGE = obj(
    {
        "from": STRING,
        "destinations": _DESTINATIONS,
        "text": text(high=1400),
        "audioFileUrl": STRING,
        "language": STRING,
        "voice": obj({"name": STRING, "gender": one_of("male", "female")}),
        # Clamped to 0.5-2, not refused.
        "speechRate": _NUMBER,
        "pause": whole(0, 10),
        "repeatDtmf": {"type": "string", "pattern": "^[0-9*]+$"},
        "maxDtmf": whole(0),
        "dtmfTimeout": whole(0),
        "ringTimeout": whole(1),
        "callTimeout": whole(1),
        "validityPeriod": whole(1),
        "retry": obj({"minPeriod": whole(), "maxPeriod": whole(), "maxCount": whole(0, 4)}),
        "machineDetection": one_of("hangup", "continue"),
        "deliveryTimeWindow": _DELIVERY_TIME_WINDOW,
        "sendingSpeed": _ANY_OBJECT,
        "sendAt": STRING,
        "callTransfers": {"type": "array"},
        "notifyUrl": STRING,
        "notifyContentType": _CONTENT_TYPE,
        "notifyContentVersion": {"enum": [1, 2]},
        "callbackData": text(high=700),
    },
    required=("destinations",),
)
VOICE_REQUEST = obj(
    {"bulkId": STRING, "messages": array(_VOICE_MESSAGE, minItems=1)}, required=("messages",)
)

_VALIDATORS = {
    "sms": Draft202012Validator(SMS_REQUEST),
    "voice": Draft202012Validator(VOICE_REQUEST),
}


def violations(channel: str, body: object) -> list[tuple[str, str]]:
    """Faults of a request body as (field path, sentence), in the order of the fields."""
    faults = _VALIDATORS[channel].iter_errors(body)
    return sorted((pointer(fault.absolute_path) or "body", fault.message) for fault in faults)
