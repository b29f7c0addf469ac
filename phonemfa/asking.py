"""The question before a command writes: `--yes` or a person at a terminal answers it.

Silence is no consent: without either the command ends and nothing is written.
"""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from phonemfa.output.terminal import give_up
from phonemfa.output.text import visible

_NOT_ASKED = (
    "Nothing was written: standard input is no terminal, so nobody could be asked. If this is "
    "meant to run unattended, say so with --yes."
)


def on_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()


def agree(question: str, *, yes: bool) -> None:
    """Return when somebody agrees; else end with `Exit.UNANSWERED`.

    Args:
        question: what is about to be written, ending in a question mark.
        yes: `--yes`, which agrees beforehand.
    """
    if yes:
        return
    need_a_person()
    try:
        agreed = typer.confirm(visible(question), default=False, err=True)
    except typer.Abort:
        agreed = False
    if not agreed:
        _refused()


def agree_by_typing(word: str, question: str, *, yes: bool) -> None:
    """As `agree`, for what must not happen by a slip of a finger: `word` has to be typed."""
    if yes:
        return
    need_a_person()
    try:
        typed = typer.prompt(f"{visible(question)} Type {word} to go on", default="", err=True)
    except typer.Abort:
        typed = ""
    if typed.strip() != word:
        _refused()


def answer_of(question: str) -> bool | None:
    """A person's yes or no; None where nobody can be asked, or nobody answers."""
    if not on_terminal():
        return None
    try:
        return typer.confirm(visible(question), default=None, err=True)
    except typer.Abort:
        return None


def need_a_person() -> None:
    """End with `Exit.UNANSWERED` where nobody can be asked."""
    if not on_terminal():
        give_up(_NOT_ASKED)


def _refused() -> NoReturn:
    give_up("Nothing was written: nobody agreed.")
