"""`phonemfa rotate`: a new CPaaS key, and no moment without a working one.

The key comes from standard input or a prompt, never from an argument or a variable.
"""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import typer

from components.guards.log_evidence import PATIENCE
from components.guards.test_message import Verdict
from components.masking import masked
from components.tenant.client import TenantUnreadableError
from phonemfa import options
from phonemfa.answered import answered
from phonemfa.asking import Target, hidden_answer, on_terminal
from phonemfa.audit import Record
from phonemfa.doctor.cpaas import Probe, host_checks, key_checks, probe
from phonemfa.doctor.findings import Level
from phonemfa.exits import Exit
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import give_up, say, working
from phonemfa.pulumi.stack_file import StackFile, read_stack_file
from phonemfa.rotate.rotation import (
    NotRotatedError,
    Rotated,
    key_times,
    rotate_key,
)
from phonemfa.smoke.command import To, Wait, show, shown
from phonemfa.smoke.core import test_number


@answered
def rotate(
    context: typer.Context,
    *,
    stack: options.Stack = None,
    to: To = None,
    unchecked: Annotated[
        bool,
        typer.Option(
            "--unchecked",
            help="Go on with a key that the CPaaS could not be asked about from this machine.",
        ),
    ] = False,
    cpaas_address: Annotated[
        str,
        typer.Option(
            envvar="PHONEMFA_CPAAS_ADDRESS",
            help="Ask this host:port about the key; the certificate must still be the CPaaS "
            "host's. For the sandbox and private links.",
        ),
    ] = "",
    wait: Wait = PATIENCE,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    as_json: options.AsJson = False,
    audit_file: options.AuditFile = None,
    yes: options.Yes = False,
) -> None:
    """Deploy a new CPaaS key, try it, and say when the old one may be revoked.

    The key is asked for, or read from standard input.
    Both keys must be valid at the CPaaS until the old one is called dispensable.
    If the new one does not send, the old one is put back.

    Exit status: 0 the old key may be revoked, 1 the old key is back, 2 not known.

    Example: python -m phonemfa rotate --stack prod --yes < new-key
    """
    record = Record.of(context, "rotate", audit_file)
    wanted = read_stack_file(project, stack, file=config_file)
    host = _host(wanted)
    number = test_number(wanted.settings, to)
    access = wanted.access
    key = read_key(Target(wanted.stack, access.domain))
    checked = _checked(wanted, host, key, address=cpaas_address, unchecked=unchecked)
    record.agree(
        f"set this CPaaS key in {wanted.file.name}, deploy it, and send test messages to "
        f"{masked(number)}",
        stack=wanted.stack,
        access=access,
        yes=yes,
    )
    record.before = key_times(wanted)
    try:
        done = rotate_key(wanted, key, to=number, patience=wait)
    except NotRotatedError as error:
        if as_json:
            print_json({"rotated": False, "why": str(error)})
        say(str(error))
        with suppress(TenantUnreadableError):
            record.after = key_times(wanted)
        raise typer.Exit(Exit.FAULTY) from None
    record.after = dict(done.written)
    _tell(done, checked, wanted.file, as_json=as_json)


def read_key(target: Target) -> str:
    """The new key for a stack and its tenant, from a hidden prompt or standard input.

    Ends with `Exit.UNANSWERED` for a text that can be no key; it is not repeated.
    """
    if on_terminal():
        key = hidden_answer("New CPaaS key", "take a new CPaaS key", target)
    else:
        key = sys.stdin.read()
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        give_up(
            "Nothing was written: no key was given, or it holds a space, a line break or a "
            "character that no key has. Pipe it in: … rotate --yes < file"
        )
    return key


def _host(wanted: StackFile) -> str:
    host = wanted.settings.cpaas_base_host
    if host is None or wanted.settings.adopted:
        give_up(
            "Nothing was written: the stack adopts an Action of another's making, whose key is not "
            "the stack's (phonemfa:adopted). Rotate it where it was set."
        )
    return host


_ANSWERS: Final = {Level.FAULT: "refused", Level.UNKNOWN: "unknown", Level.OK: "accepted"}
"""What the CPaaS's answers make of a key, the worst first."""


def judge(asked: Probe) -> tuple[Level, str]:
    """The worst that a channel says of the key, and why; the text never holds it.

    A host that does not refuse callers without a key is not shown it, and says nothing about it.
    """
    told = [(one.level, one.what) for one in key_checks(asked)]
    hosts = [one.what for one in host_checks(asked) if one.level is not Level.OK]
    told += [(Level.UNKNOWN, what) for what in hosts]
    worst = next(one for one in _ANSWERS if one in {level for level, _ in told})
    return worst, "; ".join(what for level, what in told if level is worst)


def _checked(wanted: StackFile, host: str, key: str, *, address: str, unchecked: bool) -> str:
    methods = sorted(wanted.settings.delivery_methods)
    with working(f"asking {host} about the key"):
        level, why = judge(probe(host, methods, key=key, address=address))
    if level is Level.FAULT:
        give_up(f"Nothing was written: the new key is no good: {why}.")
    if level is Level.UNKNOWN and not unchecked:
        give_up(
            f"Nothing was written: the new key could not be checked: {why}. A bad key would "
            "cost every login between its deploy and the way back. Run this where the CPaaS can "
            "be reached, or take that risk with --unchecked."
        )
    say(f"The new key: {why}; nothing was sent for it.")
    return _ANSWERS[level]


def _tell(done: Rotated, checked: str, file: Path, *, as_json: bool) -> None:
    if as_json:
        answer = {
            "rotated": not done.was_there,
            "old_key_may_be_revoked": done.old_key_is_dispensable,
            "key_checked": checked,
            "key_written": dict(done.written),
            "smoke": shown(done.smoke),
        }
        print_json(answer)
    else:
        show(done.smoke)
    for line in verdict_of(done, file):
        say(line)
    if done.smoke.verdict is not Verdict.SENT:
        raise typer.Exit(Exit.FAULTY if done.smoke.verdict is Verdict.FAILED else Exit.UNANSWERED)


def verdict_of(done: Rotated, file: Path) -> list[str]:
    """What may be done with the old key, and what is left to do."""
    commit = (
        f"Commit {file.name}: it holds the new key, encrypted. Until then a deploy from the "
        "repository would bring the old one back."
    )
    if done.was_there:
        cut_off = (
            "The tenant had this key already: nothing was deployed. If an earlier run of this "
            "command was cut off, its old key may be revoked once the test messages are sent."
        )
        return [cut_off, commit]
    if not done.old_key_is_dispensable:
        unknown = (
            "The tenant runs with the new key, and whether it sends is NOT known: revoke nothing. "
            "Look at the phone, or at the CPaaS's own log; python -m phonemfa smoke tries again. "
            f"Back to the old key: git checkout {file.name} && pulumi up --refresh"
        )
        return [unknown, commit]
    revoke = (
        "The tenant sends with the new key. The old one may be revoked at NTT CPaaS, if no other "
        "stack or program uses it; give messages that are being retried ten minutes first."
    )
    versions = (
        "Versions of the Action from before still hold the old one (python -m phonemfa rollback: "
        "--secrets current)."
    )
    return [revoke, commit, versions]
