"""Whether the engine could begin: backend, stack, encryption, what is unfinished, and the lock.

Nothing is written, and the lock is not taken. A client that only reads the tenant, as the nightly
drift is, has no state: then these are not looked at, which is no fault.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from phonemfa.doctor.findings import (
    NOT_LOOKED_AT,
    Finding,
    Subject,
    about,
    fault,
    note,
    ok,
    unknown,
)
from phonemfa.pulumi.engine import (
    NO_SUCH_STACK,
    EngineFailedError,
    NoEngineError,
    PulumiCli,
    SlowEngineError,
)
from phonemfa.pulumi.locks import how_to_look, locks_of
from phonemfa.pulumi.stack_file import StackFile
from phonemfa.pulumi.state import State

PATIENCE: Final = 30.0
"""Seconds for one command of the engine. A backend that refuses connections takes it 8 s."""

_NOT_LOGGED_IN: Final = 3
"""Exit status of the engine (measured with 3.259)."""

_CREDENTIALS: Final = re.compile(r"://[^/@]*@")
"""In an address: a backend may be a database with a password."""

_MOST: Final = 3
"""Unfinished operations that are named."""


@about(Subject.BACKEND)
def not_asked() -> Iterator[Finding]:
    """That nobody wants the state to be looked at."""
    yield _unseen("--no-state", "without it, backend, stack, passphrase and lock are looked at")


@about(Subject.BACKEND)
def engine_checks(stack: StackFile) -> Iterator[Finding]:
    """What stands in the engine's way, each by itself."""
    cli = stack.cli.within(PATIENCE)
    try:
        state = cli.state()
        backend = PulumiCli(stack.project, None).within(PATIENCE).backend()
    except EngineFailedError as error:
        yield _no_state(error, stack.stack)
        return
    yield ok(f"{_CREDENTIALS.sub('://', backend)} answers")
    yield ok(f"{stack.stack} is there", subject=Subject.STACK)
    yield replace(_encryption(cli, stack), subject=Subject.ENCRYPTION)
    yield replace(_pending(state), subject=Subject.PENDING)
    yield replace(_lock(cli, stack, backend), subject=Subject.LOCK)


def _no_state(error: EngineFailedError, stack: str) -> Finding:
    if isinstance(error, NoEngineError):
        return _unseen(
            "there is no `pulumi` on PATH",
            "where pulumi up is to run: https://www.pulumi.com/docs/install/. A client that only "
            "reads the tenant needs none",
        )
    if error.exit == _NOT_LOGGED_IN:
        return _unseen(
            "pulumi is not logged in to a backend here",
            "where pulumi up is to run: pulumi login. A client that only reads the tenant needs "
            "none",
        )
    if isinstance(error, SlowEngineError):
        return _slow()
    if error.exit == NO_SUCH_STACK:
        return fault(
            f"the backend has no stack {stack}",
            fix=f"pulumi stack init {stack}; or pulumi login to the backend that has it",
            subject=Subject.STACK,
        )
    return fault(
        _said(error),
        fix="pulumi whoami --verbose shows which backend is meant: is it there, and may it be read "
        "from here?",
    )


def _encryption(cli: PulumiCli, stack: StackFile) -> Finding:
    if not stack.secrets:
        return _unseen("the stack has no secret yet that would show whether it opens")
    try:
        cli.value(stack.secrets[0])  # Nothing is kept of it.
    except SlowEngineError:
        return _slow()
    except EngineFailedError as error:
        return fault(
            f"{stack.secrets[0]} does not open: {_said(error)}",
            fix="PULUMI_CONFIG_PASSPHRASE_FILE or PULUMI_CONFIG_PASSPHRASE, with the stack's own"
            if "passphrase" in str(error)
            else "may this machine use the stack's key (secretsprovider in its file)?",
        )
    return ok("the stack's secrets open")


def _pending(state: State) -> Finding:
    unfinished = [f"{one.kind} {one.resource.name}" for one in state.pending]
    if not unfinished:
        return ok("no run left anything unfinished")
    more = len(unfinished) - _MOST
    named = ", ".join(unfinished[:_MOST]) + (f" and {more} more" if more > 0 else "")
    return fault(
        f"a run ended before it was done, and nobody knows what became of: {named}",
        fix="python -m phonemfa recover looks, and brings state and tenant together",
    )


def _lock(cli: PulumiCli, stack: StackFile, backend: str) -> Finding:
    named = {"project": stack.project_name, "stack": stack.stack}
    try:
        locks = locks_of(cli, backend, **named)
    except SlowEngineError:
        return _slow()
    except EngineFailedError as error:
        return unknown(f"nobody knows who has it: {_said(error)}", fix="pulumi stack")
    if locks is None:
        return _unseen(
            "this backend tells of a lock only a run that takes it; where another run has it, "
            "pulumi up ends before it begins",
            f"to look: {how_to_look(backend, **named)}",
        )
    if not locks:
        return ok("no other run has it")
    is_cloud = backend.startswith("https:")
    unlock = "pulumi cancel" if is_cloud else "python -m phonemfa recover --unlock"
    dead = ", and no process of this machine has that number"
    return fault(
        "; ".join(
            f"the stack is locked by {one.holder}{dead if one.looks_dead else ''}" for one in locks
        ),
        fix=f"wait for that run. When it has ended for certain: {unlock}",
    )


def _slow() -> Finding:
    return unknown(
        f"no answer within {PATIENCE:.0f} s",
        fix="pulumi whoami --verbose shows which backend is meant: can it be reached from here?",
    )


def _said(error: EngineFailedError) -> str:
    """The engine's own words, on one line."""
    told = [one.strip().removeprefix("error: ") for one in error.said.splitlines()]
    return _CREDENTIALS.sub("://", " ".join(one for one in told if one))


def _unseen(why: str, fix: str = "") -> Finding:
    return note(f"{NOT_LOOKED_AT}{why}", fix)
