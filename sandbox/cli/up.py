"""`up`: from whatever is there to a running sandbox with phone MFA applied and proved.

Every step looks at what is there before it works: a second run does nothing, and a killed one is
taken up where it ended.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from sandbox.cli.applied import note_applied, settle
from sandbox.cli.phones import send_code, show_message
from sandbox.cli.workplace import Workplace, serving
from sandbox.machine.files import check_room, private_folder, turn, write_atomically
from sandbox.machine.progress import elapsed
from sandbox.plugin.switches import TOLD
from sandbox.server.record import ServerRecord, pages_address
from sandbox.server.running import check_node

DELIVERY_METHODS = ("text", "voice")
_PROVED = "proved.json"


@dataclass(frozen=True)
class UpOptions:
    """`send`: send the two codes even when nothing changed. `refresh`: ask the tenant for drift."""

    send: bool = False
    refresh: bool = True


def up(workplace: Workplace, options: UpOptions) -> None:
    """Bring the sandbox up; does nothing, and says so, when it is up already.

    Raises:
        SandboxError: with what to do; running it again goes on from there.
    """
    begun = time.monotonic()
    check_room(private_folder(workplace.state_dir))
    says = "another `up` of this sandbox"
    with turn(workplace.state_dir / "up.lock", workplace.progress, waiting_for=says):
        if missing := check_node():
            workplace.say(f"runner: {missing}")
        workplace.say(workplace.engine.describe())
        workplace.say(workplace.plugin.describe())
        record, started = serving(workplace)
        changed = _apply(workplace, record, options)
        _prove(workplace, record, again=changed or options.send)
    _tell(workplace, record, news=started or changed, seconds=time.monotonic() - begun)


def _apply(workplace: Workplace, record: ServerRecord, options: UpOptions) -> bool:
    """Make the tenant what the program says; returns whether there was anything to do."""
    stack = workplace.stack(record)
    stack.environment[TOLD] = "1"  # a moment ago, by `up`
    workplace.progress.tick("preparing the stack")
    created = stack.prepare(api_key=workplace.credentials.cpaas_api_key)
    if created:
        workplace.say("stack: sandbox created; applying the program (pulumi up)")
    else:
        settle(workplace, record, stack)
        if stack.matches(refresh=options.refresh):
            workplace.say("stack: sandbox is up to date, nothing to apply (0 changes)")
            note_applied(workplace, record, first=True)
            return False
        workplace.say("stack: sandbox differs from the program; applying it (pulumi up)")
    workplace.progress.close()
    stack.up(refresh=options.refresh and not created)
    note_applied(workplace, record)
    return True


def _prove(workplace: Workplace, record: ServerRecord, *, again: bool) -> None:
    """Send one code per delivery method, unless that was done since the last change."""
    proved = workplace.state_dir / _PROVED
    if proved.exists() and not again:
        workplace.say("phone: codes were sent when it last changed; not sent again (--send does)")
        return
    proved.unlink(missing_ok=True)
    received = {}
    for method in DELIVERY_METHODS:
        message = send_code(workplace, record, method)
        workplace.say(f"phone: a code by {method} arrived through the deployed Action:")
        show_message(workplace, message)
        received[method] = message["received_at"]
    write_atomically(proved, json.dumps(received, indent=2))


def _tell(workplace: Workplace, record: ServerRecord, *, news: bool, seconds: float) -> None:
    state = "is up" if news else "was up already: nothing was changed"
    workplace.say()
    workplace.say(f"The sandbox {state} ({elapsed(seconds)}).")
    workplace.say(f"  tenant   {record.tenant_url}   (Auth0 Management API; /_sandbox/ controls)")
    workplace.say(f"  CPaaS    {record.cpaas_url}   (stand-in for NTT CPaaS)")
    workplace.say(f"  CA       {workplace.state_dir / 'ca.pem'}")
    workplace.say()
    workplace.say(f"See it: {pages_address(workplace.state_dir, record)}")
    workplace.say()
    workplace.say("Go on with:")
    workplace.say("  make up ARGS=--send                                 send two codes again")
    workplace.say("  .venv/bin/python -m sandbox pulumi -- preview       any Pulumi command here")
    workplace.say("  .venv/bin/python -m sandbox phonemfa -- drift       an operator's command")
    workplace.say(
        "  .venv/bin/python -m sandbox env --secrets           variables for other clients"
    )
    workplace.say("  make down                                           stop it; state is kept")
