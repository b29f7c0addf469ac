"""What the last run of a stack applied, as its component tells in a state or a preview.

An Action's secrets are one secret in there; its settings stand in the component in plain words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from components.settings.model import StackSettings
from components.vocabulary import COMPONENT
from phonemfa.pulumi.state import Resource

_EARLIER: Final = (
    "Pulumi's state has no settings in it: an earlier version of the package wrote it",
    "pulumi up records them, and changes nothing in the tenant by that",
)
_UNFINISHED: Final = (
    "the last pulumi up did not finish; what was applied before is unknown",
    "pulumi up finishes it; after a refresh before it, look with python -m phonemfa drift",
)
_NOT_READ: Final = (
    "Pulumi's state was not read",
    "python -m phonemfa drift without --no-state compares them too",
)
_OTHER: Final = (
    "the settings in Pulumi's state are not of this version of the package",
    "pulumi up records them anew",
)
_SEVERAL: Final = (
    f"Pulumi's state has more than one component {COMPONENT}",
    "give each tenant a stack of its own",
)


@dataclass(frozen=True, kw_only=True)
class Applied:
    """The settings that the last run applied; None when they are `unknown`, which says why.

    `advice` is what makes them known again. `unrecorded` are the keys of settings that came with a
    later version than the one that ran: they wait for the next run, whatever `settings` has in
    their place.
    """

    settings: StackSettings | None = None
    unrecorded: frozenset[str] = frozenset()
    unknown: str = ""
    advice: str = ""

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> Applied:
        """Those of a stack, from its resources of all types."""
        found = [one for one in resources if one.type == COMPONENT]
        if len(found) > 1:
            return _unknown(_SEVERAL)
        if not found or not isinstance(found[0].inputs.get("settings"), Mapping):
            return _unknown(_EARLIER)
        applied = found[0].outputs.get("applied")
        if applied is None:
            return _unknown(_UNFINISHED)
        settings = applied.get("settings") if isinstance(applied, Mapping) else None
        if not isinstance(settings, Mapping):
            return _unknown(_OTHER)
        try:
            read = StackSettings.of_plain(settings)
        except ValueError:
            return _unknown(_OTHER)
        return cls(settings=read, unrecorded=frozenset(read.plain().keys() - settings.keys()))

    @property
    def is_of_another_version(self) -> bool:
        """Whether another version of the package ran last, and recorded nothing to be read."""
        return self.unknown in {_EARLIER[0], _OTHER[0]}

    @classmethod
    def not_read(cls) -> Applied:
        """Those of a state that nobody looked at."""
        return _unknown(_NOT_READ)

    @property
    def is_unfinished(self) -> bool:
        """Whether the last run stopped on its way."""
        return self.unknown == _UNFINISHED[0]


def _unknown(why: tuple[str, str]) -> Applied:
    return Applied(unknown=why[0], advice=why[1])
