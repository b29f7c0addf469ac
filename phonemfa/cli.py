"""The commands of `python -m phonemfa`; each has a package of its own.

Each is imported when it is asked for: all of them take 3.2 s to load, `break-glass` alone 0.4 s,
and it must work where another does not even load. The group's own help loads what it shows.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any, Final, NoReturn, cast

import typer
from typer.core import TyperGroup

from phonemfa import __version__
from phonemfa.output.terminal import run_app

COMMANDS: Final = (
    "new",
    "doctor",
    "adopt",
    "drift",
    "health",
    "report",
    "smoke",
    "enforce",
    "break-glass",
    "rollback",
    "rotate",
    "recover",
    "take-down",
    "fleet",
    "ci",
)
"""In the order of the help. `break-glass` is the function `break_glass` of
`phonemfa.break_glass.command`, or a `typer.Typer` of that name."""


class _Commands(Mapping[str, Any]):
    """The commands by name, each imported when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        function = name.replace("-", "_")
        command = getattr(import_module(f"phonemfa.{function}.command"), function)
        if isinstance(command, typer.Typer):  # a group of its own
            return typer.main.get_command(command)
        alone = typer.Typer(add_completion=False)
        alone.command(name)(command)
        return typer.main.get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _OnDemand(TyperGroup):
    """The group of all commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast("Any", _Commands())  # Nobody adds to it.

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """The names alone: typer's own looks at every command."""
        del ctx
        return list(COMMANDS)


app = typer.Typer(
    name="phonemfa",
    cls=_OnDemand,
    help="Looks after an Auth0 tenant's phone MFA beside `pulumi up`.",
    epilog="Exit status: 0 fine, 1 something is wrong, 2 no answer, 7 drift, 8 unhealthy.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"phonemfa {__version__}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version, and end."
        ),
    ] = False,
) -> None:
    """Looks after an Auth0 tenant's phone MFA beside `pulumi up`."""


def run() -> NoReturn:
    """Run the command line."""
    # Named, or typer's completion scripts would be for a program "python -m phonemfa".
    run_app(app, prog_name="phonemfa")
