"""The sandbox's stack: its own environment and configuration, repeatable steps, no leftovers."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.engine.ensure import Engine
from sandbox.engine.environment import engine_environment
from sandbox.engine.plugin import PROGRAM, Plugin
from sandbox.engine.stack import SandboxStack, clear_dead_locks
from sandbox.machine.errors import SandboxError
from sandbox.machine.processes import program_of
from tests.sandbox.engine import fakes
from tests.sandbox.engine.test_ensure import until

KEY = "key-of-this-sandbox"
COMMITTED = "# kept\nconfig:\n  demo:policy: always\n"


class World:
    """A project, a state folder, and a Pulumi that keeps notes of how it was called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.state = folder / "state"
        self.project.mkdir()
        self.state.mkdir()
        (self.project / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
        (self.project / "Pulumi.sandbox.yaml").write_text(COMMITTED)
        self.said = fakes.Said()
        fakes.program(
            folder / "pulumi",
            f"""echo "$PWD: $*" >> {folder}/calls
echo $$ > {folder}/pid
case "$1 $2" in
"stack init")
    [ -e {folder}/stack ] && {{ echo "error: stack 'demo/$3' already exists" >&2; exit 1; }}
    touch {folder}/stack
    grep -q salt Pulumi.sandbox.yaml || echo "encryptionsalt: v1:salt" >> Pulumi.sandbox.yaml
    ;;
"config set") cat > {folder}/stdin; [ ! -e {folder}/config-fails ] ;;
"stack export") cat {folder}/export.json ;;
preview*|refresh*) echo "~ policy: always -> never"; exit $(cat {folder}/$1-status) ;;
up*)
    trap 'echo cancelled >> {folder}/calls; exit 130' INT
    touch {folder}/trapping
    while [ -e {folder}/gate ]; do sleep 0.02; done
    [ ! -e {folder}/up-fails ] ;;
*) exit 41 ;;
esac""",
        )

    @property
    def stack(self) -> SandboxStack:
        engine = Engine(self.folder / "pulumi", "3.259.0")
        return SandboxStack(
            engine=engine,
            environment={"PATH": os.environ["PATH"]},
            project=self.project,
            state=self.state,
            progress=self.said,
        )

    @property
    def calls(self) -> list[str]:
        log = self.folder / "calls"
        return log.read_text().splitlines() if log.exists() else []

    def times(self, call: str) -> int:
        return sum(call in one for one in self.calls)

    def configuration(self) -> dict[str, Any]:
        content = yaml.safe_load((self.state / "Pulumi.sandbox.yaml").read_text())
        assert isinstance(content, dict)
        return content

    def lock(self, pid: int, *, host: str | None = None) -> Path:
        folder = self.state / "pulumi-state" / ".pulumi" / "locks" / "organization" / "demo"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{pid}.json"
        content = {"pid": pid, "hostname": socket.gethostname() if host is None else host}
        path.write_text(json.dumps(content))
        return path


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_private_configuration_is_the_committed_one_and_a_key_by_pipe(
    world: World,
) -> None:
    own = world.state / "Pulumi.sandbox.yaml"
    assert world.stack.prepare(api_key=KEY) is True
    assert world.configuration()["config"] == {"demo:policy": "always"}
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    assert world.times("config set --secret demo:cpaasApiKey") == 1
    assert (world.folder / "stdin").read_text() == KEY
    assert KEY not in "\n".join(world.calls)

    before = own.read_bytes()
    assert world.stack.prepare(api_key=KEY) is False
    assert own.read_bytes() == before
    assert world.times("config set") == 1, "a second preparation changes nothing"


def test_what_changed_is_taken_over_and_the_salt_is_kept(world: World) -> None:
    world.stack.prepare(api_key=KEY)
    (world.project / "Pulumi.sandbox.yaml").write_text("config:\n  demo:policy: never\n")
    world.stack.prepare(api_key=KEY)
    changed = {"config": {"demo:policy": "never"}, "encryptionsalt": "v1:salt"}
    assert world.configuration() == changed
    world.stack.prepare(api_key="another")
    assert (world.folder / "stdin").read_text() == "another"
    assert world.configuration() == changed
    assert world.times("config set") == 3


def test_preparation_that_ended_halfway_is_taken_up(world: World) -> None:
    (world.folder / "config-fails").touch()
    with pytest.raises(SandboxError, match="pulumi config set"):
        world.stack.prepare(api_key=KEY)
    (world.folder / "config-fails").unlink()
    world.stack.prepare(api_key=KEY)
    assert world.times("config set") == 2
    assert world.configuration()["encryptionsalt"] == "v1:salt"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("Pulumi.yaml", None, "cannot be read"),
        ("Pulumi.yaml", "runtime: python\n", "no project name"),
        ("Pulumi.yaml", "name: [\n", "cannot be read"),
        ("Pulumi.sandbox.yaml", None, "cannot be read"),
        ("Pulumi.sandbox.yaml", "config: {demo:key: {secure: v1:x}}\n", "demo:key"),
        ("Pulumi.sandbox.yaml", "config: {demo:cpaasApiKey: plain}\n", "demo:cpaasApiKey"),
    ],
)
def test_bad_project_file_is_named(
    world: World, name: str, content: str | None, message: str
) -> None:
    (world.project / name).unlink()
    if content is not None:
        (world.project / name).write_text(content)
    with pytest.raises(SandboxError, match=message) as raised:
        world.stack.prepare(api_key=KEY)
    assert name in raised.value.problem + raised.value.fix
    assert world.calls == []


@pytest.mark.parametrize(
    ("preview", "refresh", "asked", "outcome"),
    [
        (0, 0, True, True),
        (7, 0, True, False),
        (0, 7, True, False),
        (0, 7, False, True),
        (255, 0, True, "policy: always -> never"),
        (0, 255, True, "pulumi refresh"),
    ],
)
def test_program_and_state_are_compared_and_then_state_and_tenant(
    world: World, preview: int, refresh: int, *, asked: bool, outcome: bool | str
) -> None:
    for command, status in (("preview", preview), ("refresh", refresh)):
        (world.folder / f"{command}-status").write_text(str(status))
    if isinstance(outcome, str):
        with pytest.raises(SandboxError, match=outcome):
            world.stack.matches(refresh=asked)
    else:
        assert world.stack.matches(refresh=asked) is outcome
    # A tenant is not asked about a program that fails or differs, nor where that is not wanted.
    assert any("refresh" in call for call in world.calls) == (asked and preview == 0)
    own = f"--config-file {world.state}/Pulumi.sandbox.yaml"
    assert all(call.endswith(own) for call in world.calls)


def test_failed_up_is_an_error_and_any_other_commands_exit_status_is_kept(world: World) -> None:
    (world.folder / "up-fails").touch()
    with pytest.raises(SandboxError, match="exit status 1"):
        world.stack.up()
    assert world.stack.run(["no-such-command"]) == 41


@pytest.mark.parametrize(
    ("arguments", "added"),
    [
        (["preview", "--diff"], True),
        (["--color", "never", "stack", "ls"], False),
        (["config", "get", "x"], True),
        (["up", "--config-file", "mine.yaml"], False),
        (["up", "--config-file=mine.yaml"], False),
        (["stack", "output"], False),
    ],
)
def test_private_configuration_is_passed_on(
    world: World, arguments: list[str], added: bool
) -> None:
    command = world.stack.command(arguments)
    own = ["--config-file", str(world.state / "Pulumi.sandbox.yaml")]
    assert command[1:] == [*arguments, *(own if added else [])]


def test_interrupted_up_lets_pulumi_end_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.folder / "gate").touch()
    waiting, wait = threading.Event(), subprocess.Popen.wait

    def noted(child: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        waiting.set()
        return wait(child, timeout)

    def interrupt() -> None:
        until((world.folder / "trapping").exists)
        waiting.wait(30)
        os.kill(os.getpid(), signal.SIGUSR1)

    monkeypatch.setattr(subprocess.Popen, "wait", noted)
    before = signal.signal(signal.SIGUSR1, lambda *_: sys.exit(143))
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(SystemExit):
            world.stack.up()
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)
    assert world.calls[-1] == "cancelled"
    assert program_of(int((world.folder / "pid").read_text())) is None


def ended() -> int:
    """The number of a process that is gone."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        return gone.pid


def test_locks_of_processes_that_are_gone_and_unreadable_ones_are_removed(world: World) -> None:
    locks = {world.lock(ended()), world.lock(1)}
    world.lock(1).write_text("")
    # Its number went to another program.
    about = [sys.executable, "-c", "input()", "about pulumi"]
    with subprocess.Popen(about, stdin=subprocess.PIPE, cwd="/") as other:
        locks.add(world.lock(other.pid))
        world.stack.prepare(api_key=KEY)
        other.communicate(b"\n")
    assert not any(lock.exists() for lock in locks)
    assert "removed 3 lock" in world.said.text


def test_lock_of_a_running_pulumi_or_of_another_machine_stays(world: World) -> None:
    pulumi = fakes.program(world.folder / "bin" / "pulumi", "read line")
    with subprocess.Popen([pulumi], stdin=subprocess.PIPE) as holder:
        until(lambda: "pulumi" in (program_of(holder.pid) or ""))
        locks = [world.lock(holder.pid), world.lock(ended(), host="another-machine")]
        assert clear_dead_locks(world.state) == []
        assert all(lock.exists() for lock in locks)
        holder.communicate(b"\n")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="known from /proc only")
def test_only_own_helpers_of_a_killed_pulumi_are_ended(world: World) -> None:
    helper = fakes.program(world.folder / "pulumi-resource-auth0", "read line")
    own = {"PULUMI_HOME": str(world.state / "pulumi-home")}
    foreign = {"PULUMI_HOME": "/home/somebody/.pulumi"}
    with (
        subprocess.Popen([helper], stdin=subprocess.PIPE, env=own) as ours,
        subprocess.Popen([helper], stdin=subprocess.PIPE, env=foreign) as theirs,
    ):
        for one in (ours, theirs):
            until(lambda one=one: "pulumi-resource" in (program_of(one.pid) or ""))  # type: ignore[misc]
        world.lock(ended())
        clear_dead_locks(world.state)
        assert ours.wait(timeout=10) == -signal.SIGTERM
        theirs.communicate(b"\n")
        assert theirs.returncode == 0


THEIRS = (
    *("PULUMI_ACCESS_TOKEN", "PULUMI_HOME", "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE"),
    *("PULUMI_STACK", "AUTH0_DOMAIN", "AUTH0_API_TOKEN", "AUTH0_CLIENT_SECRET"),
    *("SSL_CERT_DIR", "PYTHONPATH"),
)


def made(folder: Path, *, colour: bool = False, path: str = "/usr/bin:/opt/bin") -> dict[str, str]:
    engine = Engine(folder / "engine" / "pulumi", "3.259.0")
    plugin = Plugin(folder / "plugin" / PROGRAM, official=False, version=None, why="test")
    return engine_environment(
        engine,
        plugin,
        state_dir=folder / "state",
        tenant={"AUTH0_DOMAIN": "localhost:8443", "SSL_CERT_FILE": "ca.pem"},
        colour=colour,
        environ=dict.fromkeys(THEIRS, "theirs")
        | {"PATH": path, "LANG": "ja_JP.UTF-8", "NO_PROXY": "localhost,intra.example"},
    )


def test_nothing_of_the_users_pulumi_or_auth0_gets_in_or_out(tmp_path: Path) -> None:
    env = made(tmp_path)
    assert "theirs" not in env.values()
    state = tmp_path / "state"
    ours = {
        "LANG": "ja_JP.UTF-8",
        "PULUMI_HOME": str(state / "pulumi-home"),
        "PULUMI_BACKEND_URL": f"file://{state}/pulumi-state",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(state / "passphrase"),
        "AUTH0_DOMAIN": "localhost:8443",
        "SSL_CERT_FILE": "ca.pem",
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,intra.example,127.0.0.1"),
        "NO_COLOR": "1",
    }
    assert {name: env[name] for name in ours} == ours
    passphrase = (state / "passphrase").read_text()
    assert "NO_COLOR" not in made(tmp_path, colour=True)
    assert (state / "passphrase").read_text() == passphrase, "made once"
    assert len(passphrase) >= 32
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (state, state / "passphrase")]
    assert modes == [0o700, 0o600]


def test_the_engine_finds_the_plugin_before_one_that_the_user_has_on_path(tmp_path: Path) -> None:
    fakes.program(tmp_path / "users" / PROGRAM, "exit 1")
    ours = [str(Path(sys.prefix) / "bin"), str(tmp_path / "engine")]
    home = tmp_path / "state" / "pulumi-home" / "plugins" / "resource-auth0-v3.55.1"

    without = made(tmp_path)["PATH"].split(os.pathsep)
    hidden = made(tmp_path, path=f"/usr/bin:{tmp_path}/users")["PATH"].split(os.pathsep)

    # One from PATH is warned of, and an installed one is not: only where another would be taken.
    assert without == [*ours, "/usr/bin", "/opt/bin"]
    assert hidden == [ours[0], str(home), ours[1], "/usr/bin", f"{tmp_path}/users"]
    assert (home / PROGRAM).readlink() == tmp_path / "plugin" / PROGRAM
