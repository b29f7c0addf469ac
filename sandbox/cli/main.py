"""The commands of `python -m sandbox`, and how every failure is shown.

Exit statuses: 0 done, 1 failed, 3 not running, 130 interrupted; those of `pulumi` are kept. An
expected failure is one message with its fix, an unexpected one names the file with the details.
"""

import os
import re
import shlex
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer
from rich.console import Console

from components.action_code import assemble
from components.tenant.access import VARIABLES
from sandbox.cli.applied import run_phonemfa, run_pulumi
from sandbox.cli.further import new_key, running_tenants, start_tenant, stop_tenants
from sandbox.cli.up import up
from sandbox.cli.workplace import PROJECT, STATE_VARIABLE, Workplace, serving
from sandbox.machine.errors import SandboxError
from sandbox.machine.files import disk_error, private_folder
from sandbox.server import daemon, ports
from sandbox.server.credentials import control_token
from sandbox.server.record import client, pages_address, read_record, running_record
from sandbox.server.serving import small_buffers, take_all_files
from sandbox.traffic.days import KINDS
from sandbox.traffic.routes import MOST_DAYS, MOST_PER_DAY
from sandbox.traffic.routes import PATH as TRAFFIC

NOT_RUNNING = 3
_INTERRUPTED = 130
_ENGINES = re.compile("PATH|PULUMI_|NO_PROXY", re.IGNORECASE)
"""Variables that the engine needs, beside those of a tenant."""

app = typer.Typer(
    name="python -m sandbox",
    help="A local sandbox: an Auth0 tenant and a CPaaS (stand-ins), and the real Pulumi engine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


Generation = Literal["unified", "legacy"]
StateDir = Annotated[
    Path,
    typer.Option(envvar=STATE_VARIABLE, help="Where the sandbox keeps everything."),
]
ProjectDir = Annotated[
    Path, typer.Option(help="The folder with Pulumi.yaml and Pulumi.sandbox.yaml.")
]
_STATE = PROJECT / ".sandbox"
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="0 is any that is free; default: see `status`."),
]
GenerationOption = Annotated[
    Generation | None,
    typer.Option(help="Of a new tenant; default: what Pulumi.sandbox.yaml declares."),
]


@app.command("up")
def up_command(
    *,
    send: Annotated[bool, typer.Option("--send", help="Send the two codes in any case.")] = False,
    refresh: Annotated[
        bool, typer.Option(help="Ask the tenant whether it was changed behind Pulumi's back.")
    ] = True,
    state_dir: StateDir = _STATE,
    project_dir: ProjectDir = PROJECT,
) -> None:
    """Server, engine, `pulumi up` on stack sandbox, one SMS and one voice code."""
    up(_workplace(state_dir, project_dir), send=send, refresh=refresh)


@app.command()
def down(
    *,
    quiet: Annotated[bool, typer.Option(help="Say nothing when it is not running.")] = False,
    state_dir: StateDir = _STATE,
) -> None:
    """Stop the server. State is kept: the next `up` goes on from there."""
    workplace = _workplace(state_dir)
    further = stop_tenants(workplace)
    for name in further:
        workplace.say(f"The further tenant {name} is stopped. Its state is kept.")
    ended = daemon.end(workplace.state_dir)
    if ended is not None:
        workplace.say(f"The sandbox (pid {ended.pid}) is stopped. Its state is kept.")
    elif not quiet and not further:
        workplace.say("The sandbox is not running: nothing to stop.")


app.command("stop", help="The same as `down`.")(down)


@app.command("start")
def start_command(
    *,
    state_dir: StateDir = _STATE,
    tenant_port: Port = None,
    cpaas_port: Port = None,
    pages_port: Port = None,
    generation: GenerationOption = None,
) -> None:
    """Start only the server, in the background."""
    workplace = _asked(state_dir, generation, tenant_port, cpaas_port, pages_port)
    private_folder(workplace.state_dir)
    record, _ = serving(workplace)
    workplace.say(f"See it: {pages_address(workplace.state_dir, record)}")


@app.command()
def tenant(
    name: Annotated[str, typer.Argument(help="Of the tenant, and of its stack.")],
    *,
    generation: GenerationOption = None,
    state_dir: StateDir = _STATE,
    project_dir: ProjectDir = PROJECT,
) -> None:
    """Start a further tenant, with a stack of its own in the checkout: Pulumi.NAME.yaml."""
    workplace = _workplace(state_dir, project_dir)
    workplace.wanted_generation = generation or ""
    file = start_tenant(workplace, name)
    workplace.say(f"stack: {name}, in {file.name}. It is not applied yet; for a shell:")
    workplace.say('  eval "$(.venv/bin/python -m sandbox env --pulumi --secrets)"')


@app.command()
def key(*, state_dir: StateDir = _STATE) -> None:
    """Make a further key at the sandbox's CPaaS, and print it: for `phonemfa rotate`."""
    sys.stdout.write(f"{new_key(_workplace(state_dir))}\n")


@app.command()
def switch(generation: Generation, *, state_dir: StateDir = _STATE) -> None:
    """Switch the tenant's generation, as somebody would in Auth0's dashboard."""
    workplace = _workplace(state_dir)
    record = workplace.server()
    with client(workplace.state_dir, record) as http:
        http.post("/_sandbox/generation", json={"generation": generation}).raise_for_status()
    workplace.say(f"The tenant is {generation} now. Its content is kept.")


@app.command()
def serve(
    *,
    state_dir: StateDir = _STATE,
    tenant_port: Port = None,
    cpaas_port: Port = None,
    pages_port: Port = None,
    generation: GenerationOption = None,
) -> None:
    """Run the server in the foreground until Ctrl-C."""
    # Late: the whole sandbox comes with it, which no other command needs.
    from sandbox.server.assembly import ServerConfig  # noqa: PLC0415
    from sandbox.server.running import start  # noqa: PLC0415

    workplace = _asked(state_dir, generation, tenant_port, cpaas_port, pages_port)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    take_all_files()
    small_buffers()
    config = ServerConfig(
        state_dir=workplace.state_dir,
        generation="legacy" if workplace.generation == "legacy" else "unified",
        **{what.key: workplace.port(what) for what in ports.LISTENERS},  # type: ignore[arg-type]
    )
    with start(config) as running:
        workplace.say(
            f"serving: tenant {running.tenant_url}, CPaaS {running.cpaas_url}, "
            f"pages {running.pages_url}, state {running.state_dir}"
        )
        ended.wait()
    workplace.say("stopped")


@app.command()
def status(*, state_dir: StateDir = _STATE) -> None:
    """Show what runs, and where. Exit status 3 when it is not running."""
    workplace = _workplace(state_dir)
    record = running_record(workplace.state_dir)
    if record is None:
        stale = read_record(workplace.state_dir)
        was = f" (pid {stale.pid} of {stale.started_at} is gone)" if stale else ""
        workplace.say(f"The sandbox is not running{was}. Start it: make up")
        raise typer.Exit(NOT_RUNNING)
    workplace.say(f"The sandbox runs since {record.started_at} (pid {record.pid}).")
    with client(workplace.state_dir, record) as http:
        # Asked, not remembered: the tenant may have been switched since the start.
        generation = http.get("/_sandbox/health").raise_for_status().json()["generation"]
    workplace.say(f"  tenant      {record.tenant_url}, {generation}")
    for folder, other in running_tenants(workplace):
        workplace.say(f"              {other.tenant_url}, the further tenant {folder.name}")
    workplace.say(f"  CPaaS       {record.cpaas_url}")
    workplace.say(f"  pages       {pages_address(workplace.state_dir, record)}")
    workplace.say(f"  CA          {workplace.state_dir / 'ca.pem'}")
    workplace.say(f"  log         {workplace.state_dir / daemon.LOG}")


@app.command()
def traffic(
    kind: Annotated[
        str, typer.Argument(help=f"Of the day: {', '.join(KINDS)}.", show_default=False)
    ],
    *,
    seed: Annotated[
        int | None,
        typer.Option(help="The same seed plays the same day; default: any.", min=0, max=10**9),
    ] = None,
    codes: Annotated[
        int, typer.Option(help="Codes on a usual day.", min=0, max=MOST_PER_DAY)
    ] = 1000,
    days: Annotated[
        int, typer.Option(help="Usual days before, as far as the log reaches.", max=MOST_DAYS)
    ] = 8,
    delay: Annotated[
        int, typer.Option(help="Seconds by which the log may be late.", min=0, max=86_400)
    ] = 0,
    state_dir: StateDir = _STATE,
) -> None:
    """Play a day of logins into the tenant's log, up to now, in seconds."""
    if kind not in KINDS:
        raise typer.BadParameter(f"{kind} is none of {', '.join(KINDS)}")
    workplace = _workplace(state_dir)
    asked = {"kind": kind, "per_day": codes, "days": days, "delay_seconds": delay}
    with client(workplace.state_dir, workplace.server()) as http:
        answer = http.post(
            TRAFFIC, json=asked if seed is None else asked | {"seed": seed}, timeout=300
        )
        played = answer.raise_for_status().json()
    workplace.say(
        f"Played: {played['entries']} entries, the last day a {kind} (seed {played['seed']}). "
        "Look at it: python -m sandbox phonemfa -- health"
    )


@app.command()
def engine(*, state_dir: StateDir = _STATE) -> None:
    """Make the Pulumi engine and the auth0 plugin ready, and say which they are."""
    workplace = _workplace(state_dir)
    workplace.say(workplace.engine.describe())
    workplace.say(workplace.plugin.describe())


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def pulumi(
    context: typer.Context,
    *,
    state_dir: StateDir = _STATE,
    project_dir: ProjectDir = PROJECT,
) -> None:
    """Run the real Pulumi CLI on stack sandbox: `python -m sandbox pulumi -- preview`."""
    raise typer.Exit(run_pulumi(_workplace(state_dir, project_dir), context.args))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def phonemfa(
    context: typer.Context,
    *,
    state_dir: StateDir = _STATE,
    project_dir: ProjectDir = PROJECT,
) -> None:
    """Run an operator's command on stack sandbox: `python -m sandbox phonemfa -- drift`."""
    raise typer.Exit(run_phonemfa(_workplace(state_dir, project_dir), context.args))


@app.command()
def drift(
    name: Annotated[str, typer.Argument(help="A scenario, or `undo`; none: list them.")] = "",
    *,
    state_dir: StateDir = _STATE,
) -> None:
    """Change the tenant behind Pulumi's back, to see `phonemfa drift` find it; `undo` it."""
    workplace = _workplace(state_dir)
    with client(workplace.state_dir, workplace.server()) as http:
        if not name:
            listed = http.get("/_sandbox/drift").raise_for_status().json()["scenarios"]
            for one, told in listed.items():
                workplace.say(f"{one:20} {told['what']} Taken back by: {told['repaired_by']}.")
        elif name == "undo":
            http.put("/_sandbox/applied").raise_for_status()
            workplace.say("The tenant is as the last pulumi up left it.")
        else:
            answer = http.post("/_sandbox/drift", json={"scenario": name})
            if answer.is_client_error:
                fix = "List the scenarios: python -m sandbox drift"
                raise SandboxError(answer.json()["error"], fix)
            said = answer.raise_for_status().json()
            workplace.say(said["what"])
            workplace.say(f"Look for {said['kind']}: python -m sandbox phonemfa -- drift")


@app.command("show-action")
def show_action() -> None:
    """Print the Action's code exactly as it is deployed."""
    sys.stdout.write(assemble("custom-phone-provider"))


@app.command()
def env(
    *,
    secrets: Annotated[
        bool, typer.Option("--secrets", help="Print the client secret and the token as well.")
    ] = False,
    pulumi: Annotated[
        bool, typer.Option("--pulumi", help="And what pulumi and phonemfa need, for any stack.")
    ] = False,
    state_dir: StateDir = _STATE,
) -> None:
    """Print export lines for other clients: eval "$(python -m sandbox env --secrets)"."""
    workplace = _workplace(state_dir)
    record = workplace.server()
    tenant = record.variables(workplace.state_dir, workplace.credentials)
    trust = str(workplace.trust())
    lines: dict[str, str | None] = {}
    if pulumi:
        # Each stack's file names its own tenant; the client is the same for all.
        sys.stdout.write(f"unset {' '.join(VARIABLES.values())}\n")
        engine = workplace.environment(record).items()
        lines = {name: value for name, value in engine if _ENGINES.match(name)}
    else:
        lines["AUTH0_DOMAIN"] = tenant["AUTH0_DOMAIN"]
    lines |= {
        "AUTH0_CLIENT_ID": tenant["AUTH0_CLIENT_ID"],
        "AUTH0_CLIENT_SECRET": tenant["AUTH0_CLIENT_SECRET"] if secrets else None,
        # For control routes: the header x-sandbox-token.
        "SANDBOX_TOKEN": control_token(workplace.state_dir) if secrets else None,
        # The CPaaS's name resolves nowhere: whoever asks for it is told where it listens.
        "PHONEMFA_CPAAS_ADDRESS": f"localhost:{record.cpaas_port}",
        "SSL_CERT_FILE": trust,
        "NODE_EXTRA_CA_CERTS": tenant["SSL_CERT_FILE"],
        "REQUESTS_CA_BUNDLE": trust,
    }
    for name, value in lines.items():
        shown = (
            f"# {name}: with --secrets" if value is None else f"export {name}={shlex.quote(value)}"
        )
        sys.stdout.write(f"{shown}\n")


def main() -> NoReturn:
    """Run the command line; never returns."""
    # A terminated command ends what it started, as an interrupted one does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if not os.environ.get("COLUMNS", "80").strip("0"):
        # In no columns, as of a terminal without a size, rich shows nothing.
        del os.environ["COLUMNS"]
    try:
        app()
    except SystemExit as ended:  # how the command line library ends, also when interrupted
        if ended.code == _INTERRUPTED:
            _show("Interrupted.", "Run the command again: it goes on from where it was.")
        raise
    except Exception as error:  # noqa: BLE001 - the last place where one can be told
        known = _known(error)
        _show(known.problem, known.fix)
        sys.exit(1)
    sys.exit(0)


def _show(problem: str, fix: str) -> None:
    told = f"error: {problem}\n  fix: {fix}"
    Console(stderr=True).print(told, markup=False, highlight=False, soft_wrap=True)


def _known(error: Exception) -> SandboxError:
    """What to do about it; the details of an unexpected one are kept."""
    if isinstance(error, SandboxError):
        return error
    state = Path(os.environ.get(STATE_VARIABLE, _STATE))
    if isinstance(error, OSError) and (trouble := disk_error(error, state)):
        return trouble
    fix = f"This is a fault of the sandbox. Please report it with {state / 'error.log'}."
    try:
        (private_folder(state) / "error.log").write_text(traceback.format_exc())
    except OSError:
        fix = f"This is a fault of the sandbox, and its details cannot be kept in {state}."
    return SandboxError(f"{type(error).__name__}: {error}", fix)


def _asked(state_dir: Path, generation: Generation | None, *given: int | None) -> Workplace:
    """With the generation and the ports that options name, of the listeners in their order."""
    workplace = _workplace(state_dir)
    workplace.wanted_generation = generation or ""
    pairs = zip(ports.LISTENERS, given, strict=True)
    workplace.wanted_ports = {listener: port for listener, port in pairs if port is not None}
    return workplace


def _workplace(state_dir: Path, project_dir: Path = PROJECT) -> Workplace:
    return Workplace(project_dir=project_dir.absolute(), state_dir=state_dir.absolute())
