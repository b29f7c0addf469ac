"""Plugins that are forked from a warm process: the same as those that start by themselves."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import psutil
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.engine.warm import WarmPlugin
from sandbox.plugin import launcher
from tests.contract import PROJECT
from tests.sandbox.plugin.test_server import ENGINE, PLUGIN, is_alive

NAMES = {"AUTH0_CLIENT_ID": "one", "AUTH0_CLIENT_SECRET": "secret"}


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmPlugin]:
    with WarmPlugin() as running:
        yield running


def environment(address: str, **more: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("AUTH0_")}
    return own | {launcher.VARIABLE: address} | more


@contextmanager
def plugin(address: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process that an engine would see, and the port that it told."""
    with subprocess.Popen(
        [sys.executable, str(PLUGIN), "127.0.0.1:1"],
        env=environment(address, **more),
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        assert started.stdout
        try:
            yield started, int(started.stdout.readline())
        finally:
            started.kill()


def answer(warm: WarmPlugin, asked: bytes) -> bytes:
    """What the warm process answers to a request by hand."""
    with socket.socket(socket.AF_UNIX) as connection, Path(os.devnull).open("r+b") as nothing:
        connection.settimeout(20)
        connection.connect(warm.address)
        streams = [nothing.fileno()] * 3
        socket.send_fds(connection, [len(asked).to_bytes(4, "big")], streams)
        connection.sendall(asked)
        return connection.recv(1)


def refusal(port: int) -> str:
    """What the plugin says against being configured by its environment alone."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        assert stub.GetPluginInfo(Empty(), timeout=20).version
        try:
            stub.Configure(provider_pb2.ConfigureRequest(), timeout=20)
        except grpc.RpcError as refused:
            return str(refused.details())
        return ""


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_a_fork_has_its_launchers_environment_and_no_other(warm: WarmPlugin) -> None:
    with (
        plugin(warm.address, **NAMES) as (_, poor),
        plugin(warm.address, AUTH0_DOMAIN="login.example.jp", **NAMES) as (_, rich),
    ):
        assert len(psutil.Process(warm.pid).children()) == 2
        assert "auth0:domain" in refusal(poor)
        assert refusal(rich) == ""


def test_it_ends_with_the_process_that_the_engine_ends(warm: WarmPlugin) -> None:
    with plugin(warm.address) as (seen, _):
        (fork,) = [one.pid for one in psutil.Process(warm.pid).children()]
        seen.kill()
        seen.wait()
        until(lambda: not is_alive(fork), "the fork outlived its launcher")


def test_it_ends_with_an_engine_that_is_killed(warm: WarmPlugin) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ENGINE, str(PLUGIN)],
        env=environment(warm.address),
        stdout=subprocess.PIPE,
        text=True,
    ) as engine:
        assert engine.stdout
        seen = int(engine.stdout.readline().split()[0])
        (fork,) = [one.pid for one in psutil.Process(warm.pid).children()]
        engine.send_signal(signal.SIGKILL)
    until(lambda: not is_alive(seen) and not is_alive(fork), "the plugin outlived its engine")


def test_a_launcher_that_is_gone_costs_the_others_nothing(warm: WarmPlugin, tmp_path: Path) -> None:
    for _ in range(5):
        with socket.socket(socket.AF_UNIX) as gone, Path(os.devnull).open("r+b") as nothing:
            gone.connect(warm.address)
            asked = launcher.request()
            streams = [nothing.fileno()] * 3
            socket.send_fds(gone, [len(asked).to_bytes(launcher.LENGTH, "big")], streams)
            gone.sendall(asked)
    lost = launcher.request().split(b"\0")
    lost[1] = bytes(tmp_path / "not there")
    assert answer(warm, b"\0".join(lost)) == launcher.TAKEN
    with plugin(warm.address) as (_, port):
        assert port
        assert len(psutil.Process(warm.pid).children()) == 1, "and this one is forked"


def test_what_it_says_and_how_it_ends_are_the_launchers(warm: WarmPlugin) -> None:
    ended = subprocess.run(
        [sys.executable, str(PLUGIN)],
        env=environment(warm.address),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "is started by the Pulumi engine" in ended.stderr


def test_where_nobody_listens_the_plugin_starts_by_itself(tmp_path: Path) -> None:
    with plugin(str(tmp_path / "nobody")) as (_, port):
        assert port


@pytest.mark.parametrize("asked", [b"another environment\0/\x000", b"nonsense", b"\0"])
def test_another_environments_plugin_and_nonsense_are_not_taken(
    warm: WarmPlugin, asked: bytes
) -> None:
    assert answer(warm, asked) == b""


def test_after_a_change_of_its_files_it_forks_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("components", "sandbox/plugin"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    for file in ("__init__.py", "put_off.py"):
        shutil.copy(PROJECT / "sandbox" / file, tmp_path / "sandbox")
    monkeypatch.setattr("sandbox.engine.warm._PROJECT", tmp_path)
    with WarmPlugin() as copied:
        assert answer(copied, launcher.request()) == launcher.TAKEN
        with (tmp_path / "sandbox" / "plugin" / "values.py").open("a") as edited:
            edited.write("# edited")
        assert answer(copied, launcher.request()) == b""


def test_it_ends_with_its_owner_and_leaves_nothing() -> None:
    script = "import sys; from sandbox.engine.warm import WarmPlugin; warm = WarmPlugin(); "
    script += "print(warm.pid, warm.address, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout
        pid, address = owner.stdout.readline().split()
        owner.kill()
    until(lambda: not is_alive(int(pid)), "it outlived its owner")
    assert not Path(address).parent.exists()
