"""What the last run of a stack applied, as its component tells in a state or a preview.

An Action's secrets are one secret in there; its settings stand in the component in plain words.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from components.settings.model import StackSettings
from components.vocabulary import COMPONENT
from phonemfa.pulumi.state import Resource


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
    def of(cls, resources: Iterable[Resource]) -> "Applied":
        """Those of a stack, from its resources of all types."""
        found = [one for one in resources if one.type == COMPONENT]
        if len(found) > 1:
            return _SEVERAL
        if not found or not isinstance(found[0].inputs.get("settings"), Mapping):
            return _EARLIER
        applied = found[0].outputs.get("applied")
        if applied is None:
            return _UNFINISHED
        settings = applied.get("settings") if isinstance(applied, Mapping) else None
        if not isinstance(settings, Mapping):
            return _OTHER
        try:
            read = StackSettings.of_plain(settings)
        except ValueError:
            return _OTHER
        return cls(settings=read, unrecorded=frozenset(read.plain().keys() - settings.keys()))

    @property
    def is_of_another_version(self) -> bool:
        """Whether another version of the package ran last, and recorded nothing to be read."""
        return self in (_EARLIER, _OTHER)

    @property
    def is_unfinished(self) -> bool:
        return self == _UNFINISHED


NOT_READ: Final = Applied(
    unknown="Pulumi's state was not read",
    advice="python -m phonemfa drift without --no-state compares them too",
)
_EARLIER: Final = Applied(
    unknown="Pulumi's state has no settings in it: an earlier version of the package wrote it",
    advice="pulumi up records them, and changes nothing in the tenant by that",
)
_UNFINISHED: Final = Applied(
    unknown="the last pulumi up did not finish; what was applied before is unknown",
    advice="pulumi up finishes it; after a refresh before it, look with python -m phonemfa drift",
)
_OTHER: Final = Applied(
    unknown="the settings in Pulumi's state are not of this version of the package",
    advice="pulumi up records them anew",
)
_SEVERAL: Final = Applied(
    unknown=f"Pulumi's state has more than one component {COMPONENT}",
    advice="give each tenant a stack of its own",
)
