"""The rules over what `pulumi preview --json` prints, for where no engine runs the pack.

Owns turning a preview's steps into declared resources. Refuses to run Pulumi and to print.

The preview must be made with `--show-sames`: without it Pulumi leaves unchanged resources out,
and "exactly one sender" cannot be judged from a change alone. `is_whole` tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from policy import levels
from policy.model import Declared, Hidden, Violation
from policy.rules import violations

_SECRET: Final = "[secret]"  # noqa: S105 - how a preview prints one
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""The key that marks a secret (or an asset) among an object's properties."""
_UNKNOWN: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
"""What Pulumi writes in the place of a value that only the apply will tell, by its type."""
_STACK: Final = "::pulumi:pulumi:Stack::"
_GONE: Final = frozenset({"delete", "delete-replaced", "discard", "discard-replaced"})
"""Operations after which a resource is no longer declared."""


def evaluate(
    steps: Sequence[Mapping[str, Any]],
    *,
    stack: str,
    project: Path = Path(),
    whole_stack: bool = True,
) -> list[Violation]:
    """Every rule that a previewed change would break, as this stack has set the rules.

    Args:
        steps: `steps` of `pulumi preview --json --show-sames`.
        stack: the stack's name without organisation and project; decides levels and options
            (policy/stacks/<stack>.json) and whether it is production.
        project: the folder with Pulumi.yaml.
        whole_stack: False when the preview lacks the unchanged resources (`is_whole`): then the
            rules over the whole stack do not run.

    Raises:
        policy.levels.LevelsError: the stack's file of levels cannot be used.
    """
    return violations(
        declared_in(steps),
        stack=stack,
        settings=levels.settings_of(stack, project),
        whole_stack=whole_stack,
    )


def is_whole(preview: Mapping[str, Any]) -> bool:
    """Whether a preview (the whole printed object) has the unchanged resources among its steps."""
    unchanged: int = preview.get("changeSummary", {}).get("same", 0)
    steps = preview.get("steps", ())
    seen = sum(step.get("op") == "same" for step in steps)
    # A stack is a resource too, of which nobody needs anything: it may have been left out.
    left_out = not any(_STACK in step.get("urn", "") for step in steps)
    return bool(seen + left_out >= unchanged)


def declared_in(steps: Sequence[Mapping[str, Any]]) -> list[Declared]:
    """What a stack declares once a previewed change is made, in the order of the steps."""
    return list({one.urn: one for one in _declared(steps)}.values())


def _declared(steps: Sequence[Mapping[str, Any]]) -> Iterator[Declared]:
    for step in steps:
        state = step.get("newState")
        if state and step.get("op") not in _GONE:
            yield Declared(
                urn=state.get("urn", step["urn"]),
                type=state["type"],
                properties=sealed(state.get("inputs") or {}),
                protect=bool(state.get("protect")),
            )


def sealed(value: Any) -> Any:
    """A value as Pulumi writes it, with `Hidden` in the place of secrets and unknowns."""
    if isinstance(value, Mapping):
        if _SIGNATURE in value:
            return Hidden.SECRET
        return {name: sealed(member) for name, member in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [sealed(member) for member in value]
    if value == _SECRET:
        return Hidden.SECRET
    return Hidden.UNKNOWN if value in _UNKNOWN else value
