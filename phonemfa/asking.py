"""The question before a command writes: `--yes` or a person at a terminal answers it.

Stack, tenant and what is about to happen stand before every question, and in a log where `--yes`
answers it. Silence is no consent: without either nothing is written.
"""

import sys
from dataclasses import dataclass

import typer

from phonemfa.exits import Exit
from phonemfa.output.terminal import give_up, say
from phonemfa.output.text import on_one_line

_NOT_ASKED = (
    "Nothing was written: standard input is no terminal, so nobody could be asked. If this is "
    "meant to run unattended, say so with --yes."
)


@dataclass(frozen=True)
class Target:
    """A tenant that is about to be written to, or whose state is; break-glass may know no stack."""

    stack: str
    tenant: str

    def __str__(self) -> str:
        return f"{f'Stack {self.stack}' if self.stack else 'No stack'}, tenant {self.tenant}"


def on_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()


def agreed(what: str, *targets: Target, yes: bool, by_typing: bool = False) -> bool:
    """Whether somebody agrees to `what`, an order without a full stop; if not, that is said.

    `yes` agrees beforehand; `by_typing` is for what must not happen by a slip: the tenant's name
    has to be typed.
    """
    _announce(what, targets)
    if yes:
        return True
    if not on_terminal():
        say(_NOT_ASKED)
        return False
    try:
        if by_typing:
            tenant = targets[0].tenant
            question = f"Type {on_one_line(tenant)} to go on"
            agrees = str(typer.prompt(question, default="", err=True)).strip() == tenant
        else:
            agrees = typer.confirm("Go on?", default=False, err=True)
    except typer.Abort:
        agrees = False
    if not agrees:
        say("Nothing was written: nobody agreed.")
    return agrees


def agree(what: str, *targets: Target, yes: bool, by_typing: bool = False) -> None:
    """Return when somebody agrees; else end with `Exit.UNANSWERED`. As `agreed`."""
    if not agreed(what, *targets, yes=yes, by_typing=by_typing):
        raise typer.Exit(Exit.UNANSWERED)


def hidden_answer(question: str, what: str, *targets: Target) -> str:
    """What a person at the terminal types unseen, for what is about to happen at `targets`."""
    _announce(what, targets)
    return str(typer.prompt(question, hide_input=True, err=True, default="", show_default=False))


def answer_of(question: str) -> bool | None:
    """A person's yes or no to what has happened; None where nobody can be asked, or answers."""
    if not on_terminal():
        return None
    try:
        return typer.confirm(on_one_line(question), default=None, err=True)
    except typer.Abort:
        return None


def need_a_person() -> None:
    """End with `Exit.UNANSWERED` where nobody can be asked."""
    if not on_terminal():
        give_up(_NOT_ASKED)


def _announce(what: str, targets: tuple[Target, ...]) -> None:
    if len(targets) == 1:
        say(on_one_line(f"{targets[0]}: {what}."))
        return
    for one in targets:
        say(f"  {on_one_line(str(one))}")
    say(on_one_line(f"{len(targets)} tenants: {what}."))
