"""What the CPaaS does with a send request: the rules, no HTTP.

What is accepted goes to the inbox, what is refused nowhere.

Facts: cpaas-and-actions.md §1. Assumed, as nobody established it: an id counts as known only
once its message was accepted; voice refuses duplicate ids as SMS does; a caller id that is no
number is refused as an unregistered one. The account has every sender and machine detection, and no
flooding filter, which would stop a load test: a script asks for those refusals by name.
"""

import hmac
import re
import threading
import uuid
from collections import OrderedDict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from xml.parsers import expat

from components.settings.message_size import sms_size
from sandbox.cpaas.schemas import violations
from sandbox.cpaas.script import AnswerScript
from sandbox.cpaas.statuses import PENDING_ACCEPTED, STATUSES, Status, error_body
from sandbox.inbox.inbox import Channel, Inbox, Message

SEND_SCOPES = frozenset({"sms:message:send", "voice-message:message:send"})
_SCOPES_FOR: dict[Channel, frozenset[str]] = {
    "sms": frozenset({"message:send", "sms:message:send", "sms:manage"}),
    "voice": frozenset({"message:send", "voice-message:message:send", "voice-message:manage"}),
}

LANGUAGES = frozenset(
    (
        *("ar", "ar-ma", "bg", "bn", "ca", "cs", "da", "de", "de-at", "de-ch", "el", "en", "en-au"),
        *("en-ca", "en-gb", "en-gb-wls", "en-ie", "en-in", "epo", "es", "es-ar", "es-gl", "es-mx"),
        *("fi", "fil-ph", "fr", "fr-ca", "fr-ch", "gu", "he", "hi", "hr", "hu", "id", "is", "it"),
        *("ja", "kk-kz", "kn", "ko", "ml", "mr-in", "ms", "nl", "no", "pl", "pt-br", "pt-pt", "ro"),
        *("ru", "sk", "sl", "sv", "sw-ke", "sw-tz", "ta", "te", "th", "tr", "uk", "ur-pk", "uz-uz"),
        *("vi", "wls", "zh-cn", "zh-tw"),
    )
)
"""Those that the vendor's client enumerates."""
KNOWN_IDS = 10_000
KEPT_REQUESTS = 500
MAX_PARTS, MAX_TEXT_BYTES = 25, 4000
BINARY_BYTES, BINARY_PART_BYTES = 140, 134


@dataclass(frozen=True)
class Answer:
    """An HTTP status and a JSON body."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True)
class SeenRequest:
    """A request as it arrived, for tests and for the curious. Never holds the API key."""

    channel: Channel
    authorised: bool
    body: Any
    at: str


class Cpaas:
    """The account: its keys, of which a mapping gives the scopes, and its memory."""

    def __init__(
        self, inbox: Inbox, api_keys: Iterable[str] | Mapping[str, Collection[str]]
    ) -> None:
        self.inbox = inbox
        self.script = AnswerScript()
        given = api_keys if isinstance(api_keys, Mapping) else dict.fromkeys(api_keys, SEND_SCOPES)
        self._first_keys: dict[str, Collection[str]] = dict(given)
        self._keys = self._first_keys.copy()
        self._lock = threading.RLock()
        self._known_ids: OrderedDict[str, None] = OrderedDict()
        self._last_of: OrderedDict[str, object] = OrderedDict()
        self._requests: deque[SeenRequest] = deque(maxlen=KEPT_REQUESTS)

    def send(
        self,
        channel: Channel,
        *,
        authorization: str | None,
        body: object,
        forced: Status | None = None,
        delivery_id: str | None = None,
    ) -> Answer:
        """Answer one send request as the vendor does.

        `forced` is the status that every good message gets; `delivery_id` the delivery that the
        request belongs to, where the sandbox marked it.
        """
        refusal = self._authorise(channel, authorization)
        with self._lock:
            at = datetime.now(UTC).isoformat()
            self._requests.append(SeenRequest(channel, refusal is None, body, at))
            if refusal is not None:
                return refusal
            if faults := violations(channel, body):
                return Answer(400, error_body(channel, 400, faults))
            assert isinstance(body, dict)  # noqa: S101 - the schema says so
            options = body.get("options", {})
            counted = options.get("includeSmsCountInResponse", False)
            results = [
                self._accept(channel, message, destination, forced, delivery_id, counted=counted)
                for message in body["messages"]
                for destination in message["destinations"]
            ]
        answer: dict[str, Any] = {"messages": results}
        bulk_id = body.get("bulkId") or options.get("schedule", {}).get("bulkId")
        if bulk_id or len(results) > 1:
            answer = {"bulkId": bulk_id or uuid.uuid4().hex, **answer}
        return Answer(200, answer)

    def remember(self, delivery_id: str, body: object) -> None:
        """What was last asked for a delivery, also where a script answers it."""
        with self._lock:
            _remember(self._last_of, delivery_id, body, KEPT_REQUESTS)

    def last_request_of(self, delivery_id: str) -> object:
        with self._lock:
            return self._last_of.get(delivery_id)

    def requests(self) -> list[SeenRequest]:
        """The last requests, oldest first."""
        with self._lock:
            return list(self._requests)

    def accept_key(self, key: str, scopes: Collection[str] = SEND_SCOPES) -> None:
        """A further key for the account, beside those that it has."""
        with self._lock:
            self._keys[key] = scopes

    def revoke_key(self, key: str) -> bool:
        """Refuse a key from now on; answers whether the account had it."""
        with self._lock:
            return self._keys.pop(key, None) is not None

    def reset(self) -> None:
        """Forget scripted answers, requests, known ids and counts; the inbox too.

        The account has the keys again that it began with.
        """
        with self._lock:
            self._keys = self._first_keys.copy()
            self.script.clear()
            self._requests.clear()
            self._last_of.clear()
            self._known_ids.clear()
            self.inbox.clear()

    def _authorise(self, channel: Channel, authorization: str | None) -> Answer | None:
        scheme, _, given = (authorization or "").partition(" ")
        with self._lock:
            known = [
                scopes
                for key, scopes in self._keys.items()
                if hmac.compare_digest(key.encode(), given.encode())
            ]
        if not known or scheme != "App":
            return Answer(401, error_body(channel, 401))
        if _SCOPES_FOR[channel].isdisjoint(known[0]):
            return Answer(403, error_body(channel, 403))
        return None

    def _accept(
        self,
        channel: Channel,
        message: dict[str, Any],
        destination: dict[str, Any],
        forced: Status | None,
        delivery_id: str | None,
        *,
        counted: bool,
    ) -> dict[str, Any]:
        message_id, to = destination.get("messageId") or uuid.uuid4().hex, destination["to"]
        fault = next(self._faults(channel, message, destination), None)
        status = forced or (STATUSES[fault] if fault else PENDING_ACCEPTED)
        if status.group in ("PENDING", "DELIVERED"):
            _remember(self._known_ids, message_id, None, KNOWN_IDS)
            received = _received(channel, message, to, message_id)
            self.inbox.add(replace(received, delivery_id=delivery_id))
        result: dict[str, Any] = {"messageId": message_id, "status": status.to_json()}
        if channel == "voice":
            return {"to": to, **result}
        result["destination"] = to
        if counted:
            result["details"] = {"messageCount": _parts(message["content"])}
        return result

    def _faults(
        self, channel: Channel, message: dict[str, Any], destination: dict[str, Any]
    ) -> Iterator[str]:
        """What is wrong with a message, by the names of `STATUSES`; the first counts."""
        number = destination["to"]
        sender = message.get("from" if channel == "voice" else "sender")
        if number == "":
            yield "MISSING_TO"
        if re.fullmatch(r"\+?0\d*", number, re.ASCII):
            yield "REJECTED_PREFIX_MISSING"
        if not _is_e164(number):
            yield "REJECTED_DESTINATION_52"
        if channel == "voice" and sender is not None and not _is_e164(sender):
            yield "REJECTED_SOURCE"
        if destination.get("messageId") in self._known_ids:
            yield "REJECTED_DUPLICATE_MESSAGE_ID"
        yield from _sms_faults(message) if channel == "sms" else _voice_faults(message)


def _remember(memory: OrderedDict[str, Any], key: str, value: object, most: int) -> None:
    """The newest `most` are kept."""
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > most:
        memory.popitem(last=False)


def _parts(content: dict[str, Any]) -> int:
    if "text" in content:
        return sms_size(content["text"]).parts
    size = len(bytes.fromhex(content["hex"]))
    return 1 if size <= BINARY_BYTES else -(-size // BINARY_PART_BYTES)


def _is_e164(number: str) -> bool:
    # ASCII: \d also takes the full-width digits of a Japanese keyboard.
    return re.fullmatch(r"\+?[1-9]\d{6,14}", number, re.ASCII) is not None


def _sms_faults(message: dict[str, Any]) -> Iterator[str]:
    content = message["content"]
    size = len(content["text"].encode()) if "text" in content else 0
    if _parts(content) > MAX_PARTS or size > MAX_TEXT_BYTES:
        yield "REJECTED_MESSAGE_TOO_LONG"


def _voice_faults(message: dict[str, Any]) -> Iterator[str]:
    text = message.get("text", "")
    if not any(character.isalnum() for character in text) and "audioFileUrl" not in message:
        yield "REJECTED_MESSAGE_IS_EMPTY"
    if message.get("language", "en") not in LANGUAGES:
        yield "REJECTED_UNSUPPORTED_LANGUAGE"
    if not _is_well_formed(text):
        yield "REJECTED_INVALID_SSML"


def _is_well_formed(text: str) -> bool:
    """As XML: whether the vendor knows each element is not asked."""
    try:
        expat.ParserCreate().Parse(f"<speak>{text}</speak>", True)  # noqa: FBT003 - by position only
    except expat.ExpatError:
        return False
    return True


def _received(channel: Channel, message: dict[str, Any], to: str, message_id: str) -> Message:
    voice = channel == "voice"
    content: dict[str, str] = message if voice else message["content"]
    return Message(
        channel=channel,
        to=to,
        sender=message.get("from" if voice else "sender", ""),
        # Of a binary message its bytes, as they were written.
        text=content.get("text") or content.get("hex") or "",
        # Absent means English: Japanese text without it is read by an English voice.
        language=message.get("language", "en") if voice else None,
        gender=message.get("voice", {}).get("gender"),
        message_id=message_id,
        raw=message,
    )
