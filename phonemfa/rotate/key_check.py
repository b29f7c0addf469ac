"""Whether the CPaaS takes a new key: what the doctor says of its answers, for a decision."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from phonemfa.doctor.cpaas import Probe, host_checks, key_checks
from phonemfa.doctor.findings import Level


class KeyState(StrEnum):
    """What is known about a key."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


_STATES: Final = {
    Level.FAULT: KeyState.REFUSED,
    Level.UNKNOWN: KeyState.UNKNOWN,
    Level.OK: KeyState.ACCEPTED,
}
"""The worst first."""


@dataclass(frozen=True, kw_only=True)
class KeyCheck:
    """The answer, and why; the text never holds the key."""

    state: KeyState
    why: str


def judge(asked: Probe) -> KeyCheck:
    """What the answers say: refused by one channel before unknown for one before accepted.

    A host that does not refuse callers without a key is not shown it, and says nothing about it.
    """
    told = [(one.level, one.what) for one in key_checks(asked)]
    hosts = [one.what for one in host_checks(asked) if one.level is not Level.OK]
    told += [(Level.UNKNOWN, what) for what in hosts]
    level = next(one for one in _STATES if one in {level for level, _ in told})
    return KeyCheck(state=_STATES[level], why="; ".join(what for one, what in told if one is level))
