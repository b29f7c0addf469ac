"""Commands say what is, end with the status that fits, and never show a traceback."""

import re
import signal
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme
import typer

from sandbox.cli import main as command_line
from sandbox.cli.applied import note_applied
from sandbox.cli.workplace import Workplace
from sandbox.machine.errors import SandboxError
from sandbox.server import daemon
from sandbox.server.running import RunningSandbox, start
from tests.free_ports import sandbox_ports
from tests.sandbox.quick import quick


class Ended(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def run(*arguments: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["sandbox", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Ended(int(ended.value.code or 0), out, err)

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningSandbox]:
    with start(quick(tmp_path / "state")) as sandbox:
        yield sandbox


def test_a_tenant_is_switched_as_in_the_dashboard(run: Run, running: RunningSandbox) -> None:
    where = ("--state-dir", running.state_dir)
    said = run("status", *where).out
    for one in ("unified", running.tenant_url, running.cpaas_url):
        assert one in said
    assert re.search(r"pages +http://localhost:\d+/\?token=[\w-]{40,}\n", said)
    assert run("switch", "legacy", *where).status == 0
    assert running.parts.tenant.generation == "legacy"
    assert "legacy" in run("status", *where).out
    assert run("switch", "sideways", *where).status == 2


@pytest.mark.parametrize("columns", ["0", "00", ""])
def test_a_terminal_that_says_it_has_no_columns_hides_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert "show-action" in run("--help").out
    monkeypatch.setenv("COLUMNS", columns)
    assert "fix: " in run("key", "--state-dir", tmp_path).err


def test_what_was_applied_is_remembered_until_it_is_applied_again(
    running: RunningSandbox,
) -> None:
    here = Workplace(state_dir=running.state_dir)
    tenant, applied = running.parts.tenant, running.parts.applied
    note_applied(here, running.record, first=True)
    tenant.guardian.set_policies(["all-applications"])
    note_applied(here, running.record, first=True)
    assert [one.thing for one in applied.differences()] == ["Policy"]
    note_applied(here, running.record)
    assert applied.differences() == []
    running.stop()
    with pytest.raises(SandboxError, match="could not remember"):
        note_applied(here, running.record)


@pytest.mark.parametrize(
    ("declared", "asked", "made"),
    [
        ("phonemfa:experience: legacy", "", "legacy"),
        ("phonemfa:experience: unified", "", "unified"),
        ("phonemfa:experience: legacy", "unified", "unified"),
        ("phonemfa:policy: never", "", "unified"),
        ("[not, a, mapping]", "", "unified"),
    ],
)
def test_a_new_tenants_generation(tmp_path: Path, declared: str, asked: str, made: str) -> None:
    (tmp_path / "Pulumi.sandbox.yaml").write_text(f"config:\n  {declared}\n", encoding="utf-8")
    assert Workplace(project_dir=tmp_path, wanted_generation=asked).generation == made


def test_without_a_command_the_commands_are_listed(run: Run) -> None:
    listed = run().out + run("--help").out
    for name in ("up", "down", "status", "start", "stop", "serve", "pulumi", "show-action", "env"):
        assert f" {name} " in listed


@pytest.mark.parametrize(
    ("command", "status", "says"),
    [
        ("status", 3, "not running"),
        ("env", 1, "not running"),
        ("switch legacy", 1, "not running"),
        ("tenant mine", 1, "not running"),
        ("pulumi preview", 1, "not running"),
        ("down", 0, "nothing to stop"),
        ("stop", 0, "nothing to stop"),
        ("down --quiet", 0, ""),
        ("traffic no-such-day", 2, "is none of"),
    ],
)
def test_of_a_sandbox_that_does_not_run_the_status_and_the_words_tell(
    run: Run, tmp_path: Path, command: str, status: int, says: str
) -> None:
    ended = run(*command.split(), "--state-dir", tmp_path)
    told = ended.out + ended.err
    assert (ended.status, says in told, bool(told)) == (status, True, bool(says))
    assert ("make up" in told) == (says == "not running")


def test_secret_is_printed_if_asked(
    run: Run, running: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX_STATE_DIR", str(running.state_dir))
    without, with_it = run("env").out, run("env", "--secrets").out

    assert f"export AUTH0_DOMAIN={running.tenant_url.removeprefix('https://')}" in without
    assert f"export SSL_CERT_FILE={running.state_dir / 'trust.pem'}" in without
    assert running.client_secret not in without
    assert f"export AUTH0_CLIENT_SECRET={running.client_secret}" in with_it


def test_other_programs_of_the_shell_trust_what_they_trusted_and_the_sandbox(
    run: Run, running: RunningSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = running.ca_file.read_bytes()
    bundle = running.state_dir / "trust.pem"
    company = tmp_path / "company.pem"
    company.write_bytes(trustme.CA(organization_name="a company").cert_pem.bytes())
    for before in (None, str(company), str(bundle)):
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        if before:
            monkeypatch.setenv("SSL_CERT_FILE", before)
        run("env", "--state-dir", running.state_dir)
        trusted = bundle.read_bytes()
        assert trusted.count(own) == 1, "also where the lines are taken twice"
        rest = trusted.replace(own, b"")
        assert rest.count(b"BEGIN CERTIFICATE") == 1 if before == str(company) else 50
        assert company.read_bytes() in trusted or before != str(company)
        context = ssl.create_default_context(cafile=str(bundle))
        assert len(context.get_ca_certs()) == 1 + rest.count(b"BEGIN CERTIFICATE")


def test_start_and_serve_take_the_same_options() -> None:
    commands = typer.main.get_group(command_line.app).commands
    names = [{one.name for one in commands[name].params} for name in ("start", "serve")]
    assert names[0] == names[1]
    assert {"tenant_port", "cpaas_port", "pages_port", "generation"} <= names[0]


def test_a_further_tenant_needs_its_name(run: Run, running: RunningSandbox, tmp_path: Path) -> None:
    there = ("--state-dir", running.state_dir, "--project-dir", tmp_path)
    for name in ("sandbox", "../x", "Mine"):
        assert "cannot be the name" in run("tenant", name, *there).err
    file = tmp_path / "Pulumi.mine.yaml"
    file.write_text("config: {}\n", encoding="utf-8")
    assert "is there already" in run("tenant", "mine", *there).err
    (running.state_dir / "tenants" / "mine").mkdir(parents=True)
    for content, told in (
        ("- a list", "mine.yaml has no settings under `config`.\n  fix: Correct it"),
        ("config: a text", "mine.yaml has no settings under `config`."),
        ("config: [", "cannot be read: while parsing"),
        ("config: {auth0:domain: me.auth0.com}", "me.auth0.com, which is no tenant of the sandbox"),
    ):
        file.write_text(content, encoding="utf-8")
        assert told in run("tenant", "mine", *there).err


def test_down_names_the_further_tenants_that_it_stopped(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_line, "stop_tenants", lambda _: ["old"])
    said = run("down", "--state-dir", tmp_path).out
    assert said == "The further tenant old is stopped. Its state is kept.\n", "not: nothing to stop"


def test_server_starts_and_stops(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = sandbox_ports()
    for name, port in chosen.items():
        monkeypatch.setenv(name, port)
    ports = list(chosen.values())
    try:
        started = run("start", "--state-dir", tmp_path)
        assert f"https://localhost:{ports[0]}" in started.out
        assert f"http://localhost:{ports[2]}" in started.out
        again = run("start", "--state-dir", tmp_path)
        assert "running already" in again.out

        (tmp_path / "credentials.json").unlink()
        renewed = run("start", "--state-dir", tmp_path)
        assert "starting anew, because the credentials" in renewed.out
        assert run("stop", "--state-dir", tmp_path).out.startswith("The sandbox (pid ")
    finally:
        daemon.end(tmp_path)


def test_up_without_node_says_so(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = run("up", "--state-dir", tmp_path / "state")
    assert ended.status == 1
    assert "node" in ended.err
    assert "Install Node.js" in ended.err


@pytest.mark.parametrize(
    ("raised", "says"),
    [
        (SandboxError("it is [broken]", "mend it"), (1, "error: it is [broken]\n  fix: mend it\n")),
        (
            ZeroDivisionError("nobody thought of this"),
            (1, "nobody thought of this\n  fix: This is"),
        ),
        (OSError(28, "No space", "/x"), (1, "error: /x is full (No space).\n  fix: Make room")),
        (KeyboardInterrupt(), (130, "error: Interrupted.\n  fix: Run the command again")),
    ],
    ids=repr,
)
def test_a_failure_is_shown_with_its_fix_and_the_details_of_an_unexpected_one_are_kept(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    raised: BaseException,
    says: tuple[int, str],
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(command_line, "up", fails)
    monkeypatch.setenv("SANDBOX_STATE_DIR", str(tmp_path))
    ended = run("up")
    assert (ended.status, says[1] in ended.err) == (says[0], True)
    kept = tmp_path / "error.log"
    assert kept.exists() == isinstance(raised, ZeroDivisionError) == (str(kept) in ended.err)
    assert not kept.exists() or "Traceback" in kept.read_text()
