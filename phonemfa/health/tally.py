"""Counting a period's entries: figures by hour and channel, and no entry twice.

Numbers and users are kept as keyed hashes, and only while the command runs: the key is made anew
each time and thrown away with it.
"""

import hashlib
import os
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from components.masking import redacted
from components.settings.number_ranges import COUNTRY
from phonemfa.health.entries import TYPES, Event, event_of, id_of, time_of, type_of
from phonemfa.health.period import Period
from phonemfa.output.text import cut, visible
from phonemfa.reasons import BY_ID

CHANNELS: Final = ("text", "voice", "")
ARRIVAL: Final = 600.0
"""Seconds after a message in which a user who passes has got it: twice what a code is valid."""

UNKNOWN_REASON: Final = "unknown"
"""Another sender's words, or none: they are counted and not shown."""

LIMITED: Final = "auth0-limit"
"""Auth0's own limit of messages per user, among the reasons."""

_MOST_TYPES: Final = 50
_CLIENT: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_CALLING_CODE: Final = re.compile(rf"\+({COUNTRY})")
_JAPANESE: Final = (
    (re.compile(r"0(?:120|570|990|800)|020"), "service"),
    (re.compile(r"0[6789]0"), "{} mobile"),
    (re.compile(r"050"), "{} IP phone"),
    (re.compile(r"0[1-9]"), "fixed line"),
)


def country_of(number: str) -> str:
    """The calling code with its plus; empty where there is no such country."""
    found = _CALLING_CODE.match(number)
    return found[0] if found else ""


def japanese_range_of(number: str) -> str:
    """The range of a Japanese number, such as "090 mobile"; empty for other countries."""
    if country_of(number) != "+81":
        return ""
    national = f"0{number.removeprefix('+81').removeprefix('0')}"
    for pattern, name in _JAPANESE:
        if found := pattern.match(national):
            return name.format(found[0])
    return "no range"


@dataclass
class Hour:
    """Counts of one channel within one hour."""

    sent: int = 0
    dropped: int = 0
    retried: int = 0
    limited: int = 0
    judged: int = 0
    """Messages of which is known whether their user passed."""
    arrived: int = 0
    """Of those, after which the user passed before asking for another one."""
    masked: int = 0
    """Messages whose number the log hides."""
    nameless: int = 0
    """Messages that name no user."""
    by_factor: Counter[str] = field(default_factory=Counter)
    by_notice: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> int:
        """Messages that were given up.

        A message that fails may leave an entry of the factor, one of the notification, or both.
        Both tell of the same messages, so that the larger count is the number of messages.
        """
        return max(self.by_factor.total(), self.dropped)

    @property
    def reasons(self) -> Counter[str]:
        """Why, from whichever kind of entry tells more."""
        factor, notice = self.by_factor, self.by_notice
        return notice if notice.total() >= factor.total() else factor

    @property
    def due(self) -> int:
        """Messages that should have been sent: not those that the stack refuses on purpose."""
        wanted = sum(count for name, count in self.reasons.items() if is_wanted(name))
        return self.sent + max(self.failed - wanted, 0)

    @property
    def tries(self) -> int:
        """Everything that the Action was asked for."""
        return self.sent + self.failed + self.retried

    @property
    def asked(self) -> int:
        """Everything that users asked for: Auth0's own limit stops some of it."""
        return self.tries + self.limited


def is_wanted(reason: str) -> bool:
    """Whether a message is refused for it because the stack wants it so."""
    known = BY_ID.get(reason)
    return bool(known and known.wanted)


class Rate(NamedTuple):
    """A share of messages, by the names of two counts of `Hour`."""

    done: str
    of: str


HANDED_OVER: Final = Rate("sent", "due")
PASSED: Final = Rate("arrived", "judged")


@dataclass
class Country:
    """Messages to one calling code, and the distinct numbers, hashed."""

    sent: int = 0
    failed: int = 0
    notice: int = 0
    numbers: set[int] = field(default_factory=set)

    @property
    def not_sent(self) -> int:
        """As with `Hour.failed`: both kinds of entry tell of the same messages."""
        return max(self.failed, self.notice)


class Block(NamedTuple):
    """A thousand neighbouring numbers, of which several got messages that no other period had."""

    numbers: int
    arrived: int
    messages: int


class Figures:
    """What a period's log says, counted event by event. Nothing in it is a number or a name.

    Attributes:
        known: which of its hours were read whole.
        channels: by channel, one `Hour` an hour.
        factors: counts of second factors and enrolments, one an hour.
        countries: by calling code, of numbers in clear alone.
        ranges: of Japanese numbers, messages sent.
        numbers: hashes of those that were seen in clear.
    """

    def __init__(self, period: Period, hashed: Callable[[str], int]) -> None:
        hours = range(period.hours)
        self.period = period
        self.known = [False for _ in hours]
        self.channels = {name: [Hour() for _ in hours] for name in CHANNELS}
        self.factors: list[Counter[str]] = [Counter() for _ in hours]
        self.countries: defaultdict[str, Country] = defaultdict(Country)
        self.ranges: Counter[str] = Counter()
        self.numbers: set[int] = set()
        self.blocks: list[Block] = []
        self.sent_at = array("d")
        self._hashed = hashed
        self._to_one: Counter[tuple[int, int]] = Counter()
        self._clients: Counter[str] = Counter()
        self._client_names: dict[str, str] = {}
        # By reason and kind of entry, who had it in which hour.
        self._had: dict[str, dict[str, dict[int, set[int]]]] = {}
        self._nobody = 0
        # (user, time, channel's index or -1 for a pass, number, block), small for many.
        self._by_user: list[tuple[int, float, int, int, int]] = []

    # -- while entries come in ----------------------------------------------------------------

    def add(self, event: Event, hour: int) -> None:
        """Count an event of one of the hours."""
        counts, reason = self.channels[event.channel][hour], event.reason or UNKNOWN_REASON
        match event.kind:
            case "sent":
                counts.sent += 1
                counts.masked += event.masked
                counts.nameless += not event.user
                self._sent(event, hour)
            case "failed":
                counts.by_factor[reason] += 1
                self._not_sent(event, reason, hour)
            case "notice":
                if reason in BY_ID and BY_ID[reason].retried:
                    counts.retried += 1
                else:
                    counts.dropped += 1
                counts.by_notice[reason] += 1
                self._not_sent(event, reason, hour)
            case "limited":
                counts.limited += 1
                self._has(event, LIMITED, hour)
            case kind:
                self.factors[hour][kind] += 1
                if kind in {"passed", "enrolled"} and event.user:
                    self._by_user.append((self._hashed(event.user), event.at, -1, 0, 0))

    def _sent(self, event: Event, hour: int) -> None:
        self.sent_at.append(event.at)
        number = block = 0
        if event.number:
            # A thousand neighbours: all but the last three digits.
            number, block = self._hashed(event.number), self._hashed(event.number[:-3])
            self.numbers.add(number)
            country = self.countries[country_of(event.number)]
            country.sent += 1
            country.numbers.add(number)
            if in_japan := japanese_range_of(event.number):
                self.ranges[in_japan] += 1
        user = self._hashed(event.user) if event.user else 0
        if number or user:
            self._to_one[number or user, hour] += 1
            channel = CHANNELS.index(event.channel)
            self._by_user.append((user or number, event.at, channel, number, block))
        self._clients[event.client] += 1
        self._client_names.setdefault(event.client, event.client_name)

    def _not_sent(self, event: Event, reason: str, hour: int) -> None:
        self._has(event, reason, hour)
        if event.number:
            country = self.countries[country_of(event.number)]
            country.failed += event.kind == "failed"
            country.notice += event.kind == "notice"
            country.numbers.add(self._hashed(event.number))

    def _has(self, event: Event, reason: str, hour: int) -> None:
        known = event.number or event.user
        self._nobody -= not known  # each of these is somebody else, for all that is known
        who = self._hashed(known) if known else self._nobody
        by_hour = self._had.setdefault(reason, {}).setdefault(event.kind, defaultdict(set))
        by_hour[hour].add(who)

    def follow_users(self, earlier: set[int]) -> None:
        """Say of each message whether its user passed, and find blocks of numbers not earlier."""
        self._by_user.sort()
        blocks: dict[int, dict[int, bool]] = defaultdict(dict)
        messages: Counter[int] = Counter()
        for one, following in zip_longest(self._by_user, self._by_user[1:]):
            user, at, channel, number, block = one
            if channel < 0:
                continue
            in_time = bool(following) and following[0] == user and following[1] - at <= ARRIVAL
            arrived = in_time and following[2] < 0
            if in_time or at + ARRIVAL <= self.period.end:
                hour = self.channels[CHANNELS[channel]][self.period.hour_of(at) or 0]
                hour.judged += 1
                hour.arrived += arrived
            if number and number not in earlier:
                blocks[block][number] = blocks[block].get(number, False) or arrived
                messages[block] += 1
        self._by_user.clear()
        self.blocks = [
            Block(numbers=len(one), arrived=sum(one.values()), messages=messages[block])
            for block, one in blocks.items()
            if len(one) > 1
        ]

    # -- what they say ------------------------------------------------------------------------

    def by_hour(self, name: str, channel: str) -> list[int | None]:
        """A count of `Hour` by hour; None where it is not known."""
        return self._where_known(getattr(hour, name) for hour in self.channels[channel])

    def factor_by_hour(self, name: str) -> list[int | None]:
        """A count of `factors` by hour; None where it is not known."""
        return self._where_known(hour[name] for hour in self.factors)

    def _where_known(self, counts: Iterable[int]) -> list[int | None]:
        return [count if known else None for count, known in zip(counts, self.known, strict=True)]

    def total(self, name: str, *channels: str) -> int:
        """A count of `Hour` in the hours that are known, of these channels or of all."""
        return sum(count or 0 for one in channels or CHANNELS for count in self.by_hour(name, one))

    def factor_total(self, name: str) -> int:
        """A count of `factors` in the hours that are known."""
        return sum(count or 0 for count in self.factor_by_hour(name))

    def share(self, rate: Rate, channel: str) -> float | None:
        """The rate in the hours that are known; None where there was nothing."""
        of = self.total(rate.of, channel)
        return self.total(rate.done, channel) / of if of else None

    def reasons(self) -> Counter[str]:
        """Every reason, over the hours that are known."""
        found: Counter[str] = Counter()
        for hours in self.channels.values():
            for hour, known in zip(hours, self.known, strict=True):
                if known:
                    found.update(hour.reasons)
        limited = self.total("limited")
        return found + Counter({LIMITED: limited}) if limited else found

    def recipients(self, reason: str) -> tuple[list[int], int]:
        """How many distinct ones had it, by hour and in all: one who tries six times is one.

        As with `Hour.failed`: two kinds of entry tell of the same messages.
        """
        kinds = self._had[reason].values()
        by_hour = [
            max(len(one.get(hour, ())) for one in kinds) for hour in range(self.period.hours)
        ]
        return by_hour, max(len(set().union(*one.values())) for one in kinds)

    def most_to_one(self) -> list[int]:
        """The most messages that a number (or user) got within an hour, the top twenty."""
        return [count for _, count in self._to_one.most_common(20)]

    def applications(self) -> list[dict[str, Any]]:
        """The ten that asked for most messages."""
        return [
            {
                "client_id": client if _CLIENT.fullmatch(client) else "unknown",
                "name": redacted(cut(visible(self._client_names[client]), 60)),
                "sent": sent,
            }
            for client, sent in self._clients.most_common(10)
        ]


@dataclass
class Log:
    """What was met while reading, whatever it was about.

    Attributes:
        read: entries, each once; those that came again are `repeated`.
        unreadable: without a time or a type.
        bare: entries about a message without the details that they should have.
        outside: entries with a time that was not asked for.
        types: how many of each type that is not about phone MFA, by its name.
    """

    read: int = 0
    repeated: int = 0
    unreadable: int = 0
    bare: int = 0
    outside: int = 0
    types: Counter[str] = field(default_factory=Counter)


class Tally:
    """Takes entries in any order, and counts them in one or two periods that do not overlap."""

    def __init__(self, periods: Iterable[Period]) -> None:
        self.log = Log()
        self._key = os.urandom(32)
        self._figures = [Figures(one, self._hash) for one in periods]
        self._seen: set[int] = set()

    def add(self, entry: Any) -> None:
        """Count an entry, unless it was counted before."""
        if not isinstance(entry, Mapping):
            self.log.unreadable += 1
            return
        identity = self._hash(id_of(entry) or repr(sorted(entry.items(), key=str)))
        if identity in self._seen:
            self.log.repeated += 1
            return
        self._seen.add(identity)
        self.log.read += 1
        at, name = time_of(entry), type_of(entry)
        if at is None or not name:
            self.log.unreadable += 1
            return
        event = event_of(entry, at) if name in TYPES else None
        if event is None:
            known = self.log.types
            known[name if name in known or len(known) < _MOST_TYPES else "…"] += 1
            return
        for one in self._figures:
            hour = one.period.hour_of(at)
            if hour is not None:
                self.log.bare += event.bare
                one.add(event, hour)
                return
        self.log.outside += 1

    def _hash(self, text: str) -> int:
        digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8, key=self._key)
        return int.from_bytes(digest.digest(), "big")

    def figures(self, known: Iterable[list[bool]]) -> list[Figures]:
        """The figures of each period; `known` says which hours were read whole.

        A number counts as new in the first period where the second one does not have it.
        """
        now, *others = self._figures
        now.follow_users(others[0].numbers if others else set())
        for one in others:
            one.follow_users(set())
        for one, hours in zip(self._figures, known, strict=False):
            one.known = hours
        return self._figures
