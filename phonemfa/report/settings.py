"""Which settings change, read from the two sides of the package's component.

The component's inputs are what was asked, its output `applied` what a run has finished
(components/phone_mfa.py). What of an Action's secrets changes is told from that and from the
engine's difference alone: nothing here looks into them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Final, Self

from pydantic_core import PydanticUndefined, to_jsonable_python

from components.settings.model import fields_by_key
from components.settings.words import subject, words
from components.tenant.action import IN_SECRETS, Action
from components.tenant.model import at, is_hidden, known
from phonemfa.output.text import cut
from phonemfa.pulumi.preview import Operation, Step

ASKED_ONLY: Final = "asked; the last run did not finish, what was there before is unknown"

DOMAIN: Final = "tenant"
"""The tenant's domain, which the provider has as `auth0:domain`, where a setting has its key."""

Plain = Mapping[str, Any]
"""Settings by the keys of the stack's file; `Unseen` in the place of what cannot be seen."""

_NOT_IN_SECRETS: Final = frozenset(fields_by_key()) - IN_SECRETS
"""Settings of which the Action is told nothing. Any other may be why its secrets change."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting that changes, or a member of one (`members`), as JSON values.

    None stands where it is not set.
    """

    key: str
    members: tuple[str, ...] = ()
    before: Any
    after: Any

    @property
    def is_hidden(self) -> bool:
        """Whether a side of it cannot be seen."""
        return is_hidden(self.before) or is_hidden(self.after)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one component tells of its settings: none of one that is not there; None: not told.

    An earlier version of the package recorded none. `asked_only`: the run before did not finish.
    """

    component: str
    before: Plain | None
    after: Plain | None
    tenants: tuple[str | None, str | None]
    asked_only: bool

    @classmethod
    def of(cls, step: Step) -> Self:
        nothing: Plain = {"settings": {}}
        old = step.before.outputs.get("applied") if step.before else nothing
        asked_only = not (isinstance(old, Mapping) and "settings" in old)
        if step.before and asked_only:
            old = step.before.inputs
        new = step.after.inputs if step.after else nothing
        return cls(
            component=step.name,
            before=_told(old, "settings", Mapping),
            after=_told(new, "settings", Mapping),
            tenants=(_told(old, "tenant", str), _told(new, "tenant", str)),
            asked_only=asked_only,
        )

    @property
    def changed(self) -> tuple[Setting, ...]:
        """Every setting that changes, and can be seen to, after the tenant's domain."""
        was, will_be = self.tenants
        seen = [one for one in self.differing if not one.is_hidden]
        if was and will_be and was != will_be:
            seen.insert(0, Setting(key=DOMAIN, before=was, after=will_be))
        return tuple(seen)

    @property
    def may_change_secrets(self) -> bool | None:
        """Whether one of these changes may change the Action's secrets; None: not told."""
        if not self.before or self.asked_only or self.after is None:
            return None
        keys = {one.key for one in self.differing} | self._appeared
        return not keys <= _NOT_IN_SECRETS

    @property
    def _appeared(self) -> frozenset[str]:
        """Settings that the version before did not have, at their default: no change of them."""
        old, new = self.before or {}, self.after or {}
        news = new.keys() - old.keys() if old else ()
        return frozenset(key for key in news if _is_default(key, new[key]))

    @cached_property
    def differing(self) -> tuple[Setting, ...]:
        """Every setting that differs, or cannot be compared because a side of it is hidden."""
        old, new, appeared = self.before, self.after, self._appeared
        if old is None or new is None:
            return ()
        return tuple(
            Setting(key=key, members=members, before=was, after=will_be)
            for key in dict.fromkeys((*new, *old))
            if key not in appeared
            for members, was, will_be in _leaves(old.get(key), new.get(key), key=key)
            # What comes or goes as a whole is told by what it has.
            if (old and new) or _is_something(was) or _is_something(will_be)
        )


def _is_something(value: Any) -> bool:
    return not (value is None or value is False or value in ("", [], {}))


def _told(side: Any, name: str, kind: type) -> Any:
    value = at(side, name)
    return value if isinstance(value, kind) else None


def _leaves(old: Any, new: Any, *, key: str = "") -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """What differs between two values: (where inside of an object, before, after)."""
    sides = [one for one in (old, new) if one is not None]
    whole = key == "adopted" and len(sides) == 1  # A long block, of which only that it is there.
    whole = whole or (words(key).as_one and not any(map(is_hidden, sides)))
    if any(sides) and all(isinstance(one, Mapping) for one in sides) and not whole:
        old, new = old or {}, new or {}
        for member in dict.fromkeys((*new, *old)):
            for members, was, will_be in _leaves(old.get(member), new.get(member)):
                yield (member, *members), was, will_be
    elif old != new or is_hidden(old):
        yield (), old, new


def _is_default(key: str, value: Any) -> bool:
    field = fields_by_key().get(key)
    default = field.get_default(call_default_factory=True) if field else PydanticUndefined
    if default is PydanticUndefined:
        return False
    plain = to_jsonable_python(default, by_alias=True, exclude_none=True)
    return bool((sorted(plain) if isinstance(default, frozenset) else plain) == value)


class Known(Enum):
    """What is known of the key among an Action's secrets that change."""

    CHANGED = "a key was changed"
    BESIDE_SETTINGS = "whether the key changes too is not told"
    UNTOLD = "which of them, and whether the key does, is not told"


@dataclass(frozen=True, kw_only=True)
class SecretsChange:
    """An Action's secrets will be others; `known` says what is known of the key among them."""

    action: str
    known: Known


def secrets_changes(
    steps: tuple[Step, ...], settings: tuple[Settings, ...]
) -> Iterator[SecretsChange]:
    """Every Action whose secrets the engine says to change."""
    # Which component an Action belongs to is not looked at: with several, each may be why.
    explained = [one.may_change_secrets for one in settings]
    known_of_key = Known.BESIDE_SETTINGS if any(explained) else Known.CHANGED
    if not explained or None in explained:
        known_of_key = Known.UNTOLD
    for step in steps:
        if step.type != Action.TOKEN:
            continue
        if step.operation is Operation.UPDATE and step.differs(Action.HIDDEN):
            yield SecretsChange(action=known(step.will.name, step.name), known=known_of_key)
        if step.operation is Operation.REPLACE and step.was and step.was.has_secrets:
            yield SecretsChange(action=known(step.will.name, step.name), known=Known.UNTOLD)


def not_compared(settings: tuple[Settings, ...]) -> Iterator[str]:
    """What this preview does not tell of settings, in sentences."""
    if not settings:
        yield (
            "Settings are not told in this preview: it has no component of this package, so no "
            "setting was compared, and country-allow-list was not judged."
        )
    for one in settings:
        if one.after is None:
            yield (
                "Settings are not told in this preview: its component does not carry them, or they "
                "are hidden. No setting was compared, and country-allow-list was not judged."
            )
        elif one.before is None:
            yield (
                "Settings are recorded for the first time: what they were before is not told, so "
                "none of them is compared."
            )
        elif one.asked_only:
            yield f"Settings before this change are what was {ASKED_ONLY}."
        hidden = [subject(each.key, *each.members) for each in one.differing if each.is_hidden]
        if hidden:
            yield f"Hidden in this preview, and not compared: {cut(', '.join(hidden), 300)}."
