"""A group of commands, each of which is loaded when it is asked for.

Owns where a command is, and when its module is imported: `phonemfa break-glass` in an incident
waits for nothing of `phonemfa report`. The group's own help, and a completion that fits several,
load what they show. Refuses to know what there is: cli.py has the names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Final, cast

import typer
from typer.core import TyperGroup


def group_of(names: Sequence[str]) -> type[TyperGroup]:
    """A class for `typer.Typer(cls=…)`.

    Args:
        names: of the commands, in the order of the help. `break-glass` is the function
            `break_glass` of `phonemfa.break_glass.command`, or a `typer.Typer` of that name.
    """

    class OnDemand(TyperGroup):
        """The group with these commands."""

        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            # Nobody adds to it.
            self.commands = cast("Any", _Commands(names))

        def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
            """The names alone: typer's own looks at every command."""
            del ctx
            return list(self.commands)

    return OnDemand


class _Commands(Mapping[str, Any]):
    """Commands by name, each imported when it is first taken."""

    def __init__(self, names: Sequence[str]) -> None:
        self._taken: Final = dict.fromkeys(names)

    def __getitem__(self, name: str) -> Any:
        taken = self._taken[name]
        if taken is None:
            taken = self._taken[name] = _imported(name)
        return taken

    def __iter__(self) -> Iterator[str]:
        return iter(self._taken)

    def __len__(self) -> int:
        return len(self._taken)


def _imported(name: str) -> Any:
    function = name.replace("-", "_")
    command = getattr(import_module(f"phonemfa.{function}.command"), function)
    if isinstance(command, typer.Typer):  # a group of its own
        return typer.main.get_command(command)
    alone = typer.Typer(add_completion=False)
    alone.command()(command)
    return typer.main.get_command(alone)
