"""`up`: from whatever is there to a running sandbox with phone MFA applied and proved.

Every step looks at what is there before it works: a second run does nothing, and a killed one is
taken up where it ended.
"""

import time
from typing import Any

import httpx

from sandbox.cli.applied import note_applied, settle
from sandbox.cli.workplace import Workplace, serving
from sandbox.machine.errors import SandboxError
from sandbox.machine.files import check_room, private_folder, turn
from sandbox.machine.progress import elapsed
from sandbox.plugin.switches import TOLD
from sandbox.runner.runner import find_node, what_is_missing
from sandbox.server.record import ServerRecord, client, pages_address

# In the range for mobile phones, of a form every rule accepts. Nothing leaves this machine.
TEST_NUMBER = "+819012345678"
_SEND_SECONDS = 60.0
_ARRIVE_SECONDS = 10
_SHOWN = {"text": ("sms", "SMS"), "voice": ("voice", "voice call")}
_PROVED = "proved.json"


def up(workplace: Workplace, *, send: bool, refresh: bool) -> None:
    """Bring the sandbox up; does nothing, and says so, when it is up already.

    `send` sends the codes even then; `refresh` asks the tenant for drift. After a SandboxError,
    running it again goes on from there.
    """
    begun = time.monotonic()
    check_room(private_folder(workplace.state_dir))
    says = "another `up` of this sandbox"
    with turn(workplace.state_dir / "up.lock", workplace.progress, waiting_for=says):
        if missing := what_is_missing(find_node()):
            workplace.say(f"runner: {missing}")
        workplace.say(workplace.engine.describe())
        workplace.say(workplace.plugin.describe())
        record, started = serving(workplace)
        changed = _apply(workplace, record, refresh=refresh)
        _prove(workplace, record, again=changed or send)
    _tell(workplace, record, news=started or changed, seconds=time.monotonic() - begun)


def _apply(workplace: Workplace, record: ServerRecord, *, refresh: bool) -> bool:
    """Make the tenant what the program says; returns whether there was anything to do."""
    stack = workplace.stack(record)
    stack.environment[TOLD] = "1"  # a moment ago, by `up`
    workplace.progress.tick("preparing the stack")
    created = stack.prepare(api_key=workplace.credentials.cpaas_api_key)
    if created:
        workplace.say("stack: sandbox created; applying the program (pulumi up)")
    else:
        settle(workplace, record, stack)
        if stack.matches(refresh=refresh):
            workplace.say("stack: sandbox is up to date, nothing to apply (0 changes)")
            note_applied(workplace, record, first=True)
            return False
        workplace.say("stack: sandbox differs from the program; applying it (pulumi up)")
    workplace.progress.close()
    stack.up(refresh=refresh and not created)
    note_applied(workplace, record)
    return True


def _prove(workplace: Workplace, record: ServerRecord, *, again: bool) -> None:
    """Send one code per delivery method, unless that was done since the last change."""
    proved = workplace.state_dir / _PROVED
    if proved.exists() and not again:
        workplace.say("phone: codes were sent when it last changed; not sent again (--send does)")
        return
    proved.unlink(missing_ok=True)
    for method in _SHOWN:
        message = _send_code(workplace, record, method)
        how = "SMS"
        if method == "voice":
            how = f"voice call, {message['language']}, {message['gender']}"
        workplace.say(f"phone: a code by {method} arrived through the deployed Action:")
        workplace.say(f"  {how} to {message['to']} from {message['sender']}:")
        workplace.say(f"  {message['text']}")
    proved.touch()


def _tell(workplace: Workplace, record: ServerRecord, *, news: bool, seconds: float) -> None:
    state = "is up" if news else "was up already: nothing was changed"
    workplace.say(f"""
The sandbox {state} ({elapsed(seconds)}).
  tenant   {record.tenant_url}   (Auth0 Management API; /_sandbox/ controls)
  CPaaS    {record.cpaas_url}   (stand-in for NTT CPaaS)
  CA       {workplace.state_dir / "ca.pem"}

See it: {pages_address(workplace.state_dir, record)}

Go on with:
  make up ARGS=--send                                 send two codes again
  .venv/bin/python -m sandbox pulumi -- preview       any Pulumi command here
  .venv/bin/python -m sandbox phonemfa -- drift       an operator's command
  .venv/bin/python -m sandbox env --secrets           variables for other clients
  make down                                           stop it; state is kept""")


def _send_code(workplace: Workplace, record: ServerRecord, delivery_method: str) -> dict[str, Any]:
    """Send one code by `text` or `voice` to the test number; returns the message as received."""
    channel, says = _SHOWN[delivery_method]
    log = workplace.state_dir / "server.log"
    workplace.progress.tick(f"sending a code by {says} to {TEST_NUMBER}")
    try:
        with client(workplace.state_dir, record, timeout=_SEND_SECONDS) as sandbox:
            before = _messages(sandbox, channel, newest=1)
            order = {"to": TEST_NUMBER, "delivery_method": delivery_method}
            sent = sandbox.post("/_sandbox/challenge", json=order).raise_for_status().json()
            after = {"after": before[0]["received_at"]} if before else {}
            wait = _ARRIVE_SECONDS if sent["outcome"] == "success" else 0
            received = _messages(sandbox, channel, wait=wait, **after)
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise SandboxError(
            f"The sandbox did not answer while a code was sent by {says}: {error}",
            f"Look into {log}, then: make down && make up",
        ) from error
    if sent["outcome"] != "success":
        console = sent.get("console")
        shown = "\n  ".join(["\nThe Action's log:", *console]) if console else ""
        raise SandboxError(
            f"No code was sent by {says} to {TEST_NUMBER}: {sent['outcome']}: {sent.get('reason')}"
            f"{shown}",
            "Correct the stack's configuration (Pulumi.sandbox.yaml) or the Action (actions/), "
            f"then: make up. The server's log is {log}",
        )
    if not received:
        raise SandboxError(
            f"The Action reported success, but no {says} reached {TEST_NUMBER}.",
            f"Look into {log} and at {record.cpaas_url}/_sandbox/requests",
        )
    return received[-1]


def _messages(sandbox: httpx.Client, channel: str, **asked: Any) -> list[dict[str, Any]]:
    query = {"to": TEST_NUMBER, "channel": channel, **asked}
    answer = sandbox.get("/_sandbox/messages", params=query).raise_for_status()
    messages: list[dict[str, Any]] = answer.json()["messages"]
    return messages
