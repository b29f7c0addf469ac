"""Runs commands of Pulumi and of the operator on stack sandbox, and tells the server of an `up`.

The operator's command line (`phonemfa`) runs as a process of its own: it is not imported here.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import httpx

from sandbox.cli.workplace import PROJECT, Workplace
from sandbox.engine.stack import STACK, SandboxStack
from sandbox.machine.errors import ServerError
from sandbox.server.record import ServerRecord, client

_PULUMI_UP = frozenset({"up", "update"})
_PHONEMFA_UP = frozenset({"enforce", "rotate"})
_REPAIR = "--repair"


def note_applied(workplace: Workplace, record: ServerRecord, *, first: bool = False) -> None:
    """Have the tenant remembered as it is now: what differs from it later is drift.

    With `first`, only if nothing is remembered yet.
    """
    try:
        with client(workplace.state_dir, record) as server:
            if first and server.get("/_sandbox/applied").raise_for_status().json()["at"]:
                return
            server.post("/_sandbox/applied").raise_for_status()
    except (httpx.HTTPError, KeyError, ValueError) as error:
        raise ServerError(
            f"The sandbox server could not remember what was applied: {error}",
            "Run the command again; if it stays: make down && make up",
        ) from error


def run_pulumi(workplace: Workplace, arguments: Sequence[str]) -> int:
    """Run the Pulumi CLI on stack sandbox; returns its exit status."""
    record, stack = _prepared(workplace)
    status = stack.run(arguments)
    verb = next((one for one in arguments if not one.startswith("-")), "")
    if status == 0 and verb in _PULUMI_UP:
        note_applied(workplace, record)
    return status


def run_phonemfa(workplace: Workplace, arguments: Sequence[str]) -> int:
    """Run `python -m phonemfa` on stack sandbox; returns its exit status."""
    record, stack = _prepared(workplace)
    status = _phonemfa(stack, record, arguments).returncode
    if status == 0 and (_REPAIR in arguments or _PHONEMFA_UP & set(arguments[:1])):
        note_applied(workplace, record)
    return status


def settle(workplace: Workplace, record: ServerRecord, stack: SandboxStack) -> None:
    """Put into the state what a killed run had created without recording it.

    As an operator does with a real tenant, but without asking.
    """
    if not stack.was_cut_short():
        return
    workplace.say("stack: an earlier run was killed while it worked")
    ended = _phonemfa(stack, record, ["recover", "--yes", "--json"], capture_output=True)
    if ended.returncode:
        raise ServerError(
            f"What a killed run left in the sandbox could not be settled: {ended.stderr.strip()}",
            "Start over with an empty sandbox: make down && make clean && make up",
        )
    for one in json.loads(ended.stdout)["imported"]:
        workplace.say(f"stack: {one['name']} was made and not recorded; it is in the state now")


def _prepared(workplace: Workplace) -> tuple[ServerRecord, SandboxStack]:
    record = workplace.server()
    stack = workplace.stack(record)
    stack.prepare(api_key=workplace.credentials.cpaas_api_key)
    workplace.progress.close()
    return record, stack


def _phonemfa(
    stack: SandboxStack, record: ServerRecord, arguments: Sequence[str], **options: Any
) -> subprocess.CompletedProcess[str]:
    environment = stack.environment | {
        "PHONEMFA_STACK": STACK,
        "PHONEMFA_PROJECT": str(stack.project),
        "PHONEMFA_CONFIG_FILE": str(stack.config_file),
        # The CPaaS's name resolves nowhere: whoever asks for it is told where it listens.
        "PHONEMFA_CPAAS_ADDRESS": f"localhost:{record.cpaas_port}",
        # Whoever changes the checkout tries it here: nobody deployed this tenant for others.
        "PHONEMFA_ANY_CHECKOUT": "1",
    }
    command = [sys.executable, "-m", "phonemfa", *arguments]
    # From the checkout: the project may be a folder without the operator's commands.
    return subprocess.run(command, cwd=PROJECT, env=environment, check=False, text=True, **options)
