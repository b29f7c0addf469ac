"""Whether the CPaaS takes a new key, found out without sending anything (`doctor.cpaas`).

A host that does not refuse callers without a key says nothing by not refusing this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from components.vocabulary import DeliveryMethod
from phonemfa.doctor.cpaas import SEND_SCOPES, Answer, Probe, probe


class KeyState(StrEnum):
    """What is known about a key."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class KeyCheck:
    """The answer, and why; the text never holds the key."""

    state: KeyState
    why: str


def check_key(
    host: str, key: str, methods: Sequence[DeliveryMethod], *, address: str = ""
) -> KeyCheck:
    """Ask the CPaaS about a key, a channel at a time. Nothing is sent to anybody.

    Args:
        host: the account's base host; the key goes there alone.
        key: the key to be checked.
        methods: the channels that it must be good for.
        address: `host:port` to connect to instead of the host's own.

    Raises:
        BadAddressError: `address` is not of that form.
    """
    return judge(probe(host, methods, key=key, address=address), methods)


def judge(asked: Probe, methods: Sequence[DeliveryMethod]) -> KeyCheck:
    """What the answers say: refused by one channel before unknown for one before accepted."""
    told = [_of(asked, method) for method in methods]
    for worst in (KeyState.REFUSED, KeyState.UNKNOWN):
        for one in told:
            if one.state is worst:
                return one
    return KeyCheck(state=KeyState.ACCEPTED, why="the CPaaS takes it for every declared channel")


def _of(asked: Probe, method: DeliveryMethod) -> KeyCheck:
    answer = asked.with_key.get(method)
    if answer is None:
        open_answer = asked.without_key.get(method) or next(iter(asked.without_key.values()))
        return _unknown(f"{asked.host} was not shown it: {_without_key(open_answer)}")
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return _refused("the CPaaS does not know it (401)")
    if answer.status == HTTPStatus.FORBIDDEN:
        scope = SEND_SCOPES[method]
        return _refused(f"it may not send by {method} (403): it lacks the scope {scope}")
    if answer.status == HTTPStatus.BAD_REQUEST and answer.is_cpaas:
        return KeyCheck(state=KeyState.ACCEPTED, why=f"the CPaaS takes it for {method}")
    what = answer.failure or f"status {answer.status}"
    return _unknown(f"the answer for {method} does not tell ({what})")


def _without_key(answer: Answer) -> str:
    if answer.failure:
        return f"{answer.failure}"
    return f"it does not refuse callers without a key as the CPaaS does (status {answer.status})"


def _refused(why: str) -> KeyCheck:
    return KeyCheck(state=KeyState.REFUSED, why=why)


def _unknown(why: str) -> KeyCheck:
    return KeyCheck(state=KeyState.UNKNOWN, why=why)
