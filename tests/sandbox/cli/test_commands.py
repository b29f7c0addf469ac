"""Commands say what is, end with the status that fits, and never show a traceback."""

from __future__ import annotations

import re
import signal
import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
import typer

from sandbox.cli import main as command_line
from sandbox.cli.applied import note_applied
from sandbox.cli.phones import fold
from sandbox.cli.workplace import Workplace
from sandbox.machine.errors import SandboxError
from sandbox.server import daemon
from sandbox.server.running import RunningSandbox, start
from tests.free_ports import sandbox_ports
from tests.sandbox.quick import quick


@dataclass(frozen=True)
class Ended:
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


def test_what_was_applied_is_remembered_once_unless_something_was_applied_again(
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
def test_a_new_tenant_is_of_the_generation_asked_for_or_declared(
    tmp_path: Path, declared: str, asked: str, made: str
) -> None:
    (tmp_path / "Pulumi.sandbox.yaml").write_text(f"config:\n  {declared}\n", encoding="utf-8")
    assert Workplace(project_dir=tmp_path, wanted_generation=asked).generation == made


def test_without_a_command_the_commands_are_listed(run: Run) -> None:
    listed = run().out + run("--help").out
    for name in ("up", "down", "status", "start", "stop", "serve", "pulumi", "show-action", "env"):
        assert f" {name} " in listed


def test_status_of_a_stopped_sandbox_is_3(run: Run, tmp_path: Path) -> None:
    ended = run("status", "--state-dir", tmp_path)
    assert ended.status == 3
    assert "not running" in ended.out
    assert "make up" in ended.out


def test_state_folder_can_be_set_in_the_environment(
    run: Run, running: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX_STATE_DIR", str(running.state_dir))
    assert run("status").status == 0


def test_secret_is_printed_only_when_asked_for(run: Run, running: RunningSandbox) -> None:
    state = ("--state-dir", running.state_dir)
    without, with_it = run("env", *state).out, run("env", "--secrets", *state).out

    assert f"export AUTH0_DOMAIN={running.access.domain}" in without
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


def test_a_further_tenant_needs_a_sandbox_that_runs_and_a_name_of_its_own(
    run: Run, running: RunningSandbox, tmp_path: Path
) -> None:
    there = ("--state-dir", running.state_dir, "--project-dir", tmp_path)
    assert "not running" in run("tenant", "mine", "--state-dir", tmp_path).err
    for name in ("sandbox", "../x", "Mine"):
        assert "cannot be the name" in run("tenant", name, *there).err
    (tmp_path / "Pulumi.mine.yaml").write_text("config: {}\n", encoding="utf-8")
    assert "is there already" in run("tenant", "mine", *there).err


@pytest.mark.parametrize("command", [("env",), ("switch", "legacy"), ("pulumi", "--", "preview")])
def test_command_that_needs_the_sandbox_says_how_to_start_it(
    run: Run, tmp_path: Path, command: tuple[str, ...]
) -> None:
    ended = run(command[0], "--state-dir", tmp_path, *command[1:])
    assert ended.status == 1
    assert "not running" in ended.err
    assert "make up" in ended.err


def test_stopping_what_does_not_run_is_no_failure(run: Run, tmp_path: Path) -> None:
    assert run("down", "--state-dir", tmp_path).status == 0
    assert run("stop", "--state-dir", tmp_path).status == 0
    assert run("down", "--quiet", "--state-dir", tmp_path).out == ""


def test_down_names_the_further_tenants_that_it_stopped(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_line, "stop_tenants", lambda _: ["old"])
    said = run("down", "--state-dir", tmp_path).out
    assert said == "The further tenant old is stopped. Its state is kept.\n", "not: nothing to stop"


def test_server_is_started_found_and_stopped(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_up_without_node_says_so_first(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = run("up", "--state-dir", tmp_path / "state")
    assert ended.status == 1
    assert "node" in ended.err
    assert "Install Node.js" in ended.err


def test_expected_failure_shows_problem_and_fix(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise SandboxError("it is [broken]", "mend it")

    monkeypatch.setattr(command_line, "up", fails)
    ended = run("up", "--state-dir", tmp_path)
    assert (ended.status, ended.err) == (1, "error: it is [broken]\n  fix: mend it\n")


def test_unexpected_failure_names_the_file_with_its_details(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr(command_line, "up", fails)
    monkeypatch.setenv("SANDBOX_STATE_DIR", str(tmp_path))
    ended = run("up")
    assert ended.status == 1
    assert "nobody thought of this" in ended.err
    assert str(tmp_path / "error.log") in ended.err
    assert "Traceback" in (tmp_path / "error.log").read_text()


def test_interrupted_command_says_that_it_can_be_run_again(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "up", interrupted)
    ended = run("up", "--state-dir", tmp_path)
    assert ended.status == 130
    assert "Run the command again" in ended.err


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("認証コードは 940215 です。", ["認証コード", "は 940215", "です。"]),
        ("Code: 123456", ["Code:", "123456"]),
        ("a two words", ["a two", "words"]),
        ("", [""]),
        ("1234567890123", ["1234567890123"]),
    ],
)
def test_message_is_folded_between_characters_but_not_within_a_code(
    text: str, lines: list[str]
) -> None:
    assert fold(text, 10).split("\n") == lines
