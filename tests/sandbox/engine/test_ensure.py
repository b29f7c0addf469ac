"""The engine is found, downloaded or built, in that order, from what is pinned; never half-made."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from sandbox.engine import download, ensure
from sandbox.engine.ensure import (
    BELOW,
    CLI_VERSION,
    MINIMUM_CLI,
    MODULES,
    RELEASE,
    WAYS,
    Engine,
    build_engine,
)
from sandbox.engine.plugin import MINIMUM_PLUGIN
from sandbox.machine.errors import SandboxError
from sandbox.machine.progress import Progress
from tests.contract import PROJECT
from tests.sandbox.engine import fakes
from tests.sandbox.engine.fakes import World

ARCHIVE = RELEASE.rpartition("/")[2]
STREAM = httpx.stream


def until(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(0.01)


@pytest.mark.parametrize("version", ["v3.259.0", "v3.260.1", "v3.260.0-alpha.1"])
def test_suitable_pulumi_on_path_comes_first_and_is_left_alone(world: World, version: str) -> None:
    pulumi = fakes.pulumi(world.bin, version)
    world.releases.content[ARCHIVE] = fakes.release()
    assert world.ensure(PULUMI_HOME=str(world.home / ".pulumi")).pulumi == pulumi
    assert world.releases.asked == []
    assert not world.cache.exists()
    assert list(world.home.iterdir()) == []


@pytest.mark.parametrize(
    ("version", "host", "said"),
    [
        ("v3.258.9", True, "is 3.258.9; at least 3.259.0 and below 4 is needed"),
        ("v3.259.0-alpha.1", True, "is 3.259.0a1; at least"),
        ("v4.0.0-alpha.1", True, "is 4.0.0a1; at least"),
        ("nonsense", True, "does not tell its version"),
        ("v3.259.0", False, "pulumi-language-python and pulumi-language-python-exec"),
    ],
)
def test_unsuitable_pulumi_is_named_and_not_taken(
    world: World, version: str, host: bool, said: str
) -> None:
    fakes.pulumi(world.bin, version, host=host)
    world.releases.content[ARCHIVE] = fakes.release()
    assert world.is_cached(world.ensure())
    (step,) = (one for one in world.said.steps if "not used" in one)
    assert str(world.bin / "pulumi") in step
    assert said in step
    good = fakes.pulumi(world.folder / "other", "v3.259.2")
    # The hosts of one are those of the other, too: they are on PATH.
    wanted = good if host else world.bin / "pulumi"
    assert world.ensure(PATH=f"{world.bin}:{good.parent}").pulumi == wanted


def test_official_release_is_kept_and_trusted_on_its_first_use_alone(world: World) -> None:
    world.releases.content[ARCHIVE] = fakes.release()
    first = world.ensure()
    assert world.is_cached(first)
    assert world.ensure() == first
    assert world.releases.asked == [RELEASE]
    (line,) = world.lock.read_text().splitlines()
    assert line.endswith(f"  {RELEASE}")
    assert "trusted on this first use" in world.said.text

    shutil.rmtree(world.cache)
    assert world.ensure() == first
    assert world.lock.read_text().splitlines() == [line]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="none"),
        pytest.param(fakes.archive(**{"pulumi/pulumi": "echo v3.259.0"}), id="without a host"),
        pytest.param(fakes.release()[:200], id="cut off"),
        pytest.param(fakes.release()[:100] + b"\xff" * 400, id="damaged"),
        pytest.param(b"<html>Sign in to the proxy</html>", id="a page"),
    ],
)
def test_without_a_whole_release_the_engine_is_built_once(
    world: World, answer: bytes | None
) -> None:
    fakes.go(world.go)
    if answer:
        world.releases.content[ARCHIVE] = answer
    # Any of the user's own settings makes this Go fail.
    own = {"GOFLAGS": "-mod=mod", "GOWORK": "/home/somebody/go.work", "CGO_ENABLED": "1"}
    engine = world.ensure(**own)

    assert world.is_cached(engine)
    assert not world.lock.exists()
    assert fakes.builds(world.go) == 2  # the CLI and the language host
    assert "engine: built pulumi (" in world.said.text
    assert any("building pulumi: " in tick for tick in world.said.ticks)
    assert world.ensure() == engine
    assert (len(world.releases.asked), fakes.builds(world.go)) == (1, 2)

    shutil.rmtree(world.cache)
    world.releases.content[ARCHIVE] = fakes.release()
    assert world.is_cached(world.ensure())
    assert fakes.builds(world.go) == 2


@pytest.mark.parametrize(
    ("other", "told"), [("recorded", "downloads.lock names"), ("version", "v3.1.0")]
)
def test_another_release_than_it_should_be_ends_the_run(
    world: World, other: str, told: str
) -> None:
    fakes.go(world.go)
    version = "v3.1.0" if other == "version" else "v3.259.0"
    world.releases.content[ARCHIVE] = fakes.release(version)
    if other == "recorded":
        world.lock.write_text(f"# A hash and an address.\n{'0' * 64}  {RELEASE}\n")
    for _ in range(2):  # Nor is it forgotten.
        with pytest.raises(SandboxError, match=told):
            world.ensure()
    assert fakes.builds(world.go) == 0
    assert world.leftovers == []


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "ftp://127.0.0.1:1"])
def test_through_a_proxy_that_cannot_be_used_nothing_is_had_and_the_engine_is_built(
    world: World, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    fakes.go(world.go)
    monkeypatch.setattr(httpx, "stream", STREAM)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert world.is_cached(world.ensure())
    assert "the official release cannot be had here" in world.said.text


def test_where_a_hash_cannot_be_recorded_the_engine_is_built(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes.go(world.go)
    world.releases.content[ARCHIVE] = fakes.release()
    monkeypatch.setattr(download, "LOCK", world.folder / "nowhere" / "downloads.lock")
    assert world.is_cached(world.ensure())
    assert "its hash cannot be recorded" in world.said.text


@pytest.mark.parametrize("has_go", [False, True])
def test_where_no_engine_can_be_built_both_ways_to_one_are_named(
    world: World, has_go: bool
) -> None:
    if has_go:
        fakes.go(world.go)
        (world.go / "broken").touch()
    with pytest.raises(SandboxError, match="does not compile" if has_go else "no Go") as raised:
        world.ensure()
    assert raised.value.fix == WAYS
    assert world.leftovers == []


def test_damaged_engine_is_made_anew(world: World) -> None:
    fakes.go(world.go)
    world.ensure().pulumi.write_text("")
    assert world.ensure().pulumi.stat().st_size > 0
    assert fakes.builds(world.go) == 4


def test_two_starts_at_once_build_once(world: World) -> None:
    fakes.go(world.go)
    (world.go / "gate").touch()
    engines: list[Engine] = []
    starts = [threading.Thread(target=lambda: engines.append(world.ensure())) for _ in range(2)]
    for start in starts:
        start.start()
    until((world.go / "building").exists)
    until(lambda: any("another process" in tick for tick in world.said.ticks))
    (world.go / "gate").unlink()
    for start in starts:
        start.join()
    assert fakes.builds(world.go) == 2
    assert engines[0] == engines[1]


def test_killed_build_holds_up_nobody_and_is_cleaned_up(world: World) -> None:
    fakes.go(world.go)
    (world.go / "gate").touch()
    program = (
        "from sandbox.engine.ensure import ensure_engine\n"
        "from sandbox.machine.progress import Progress\n"
        "ensure_engine(Progress())"
    )
    nowhere = world.environ | {"HTTPS_PROXY": "http://127.0.0.1:1"}
    killed = subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, env=nowhere)
    try:
        until((world.go / "building").exists)
        assert len(world.leftovers) == 1
    finally:
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    assert len(world.leftovers) == 1, "a killed process cannot clean up after itself"
    (world.go / "gate").unlink()
    assert world.is_cached(world.ensure())


def test_what_is_built_is_what_the_code_and_the_package_name() -> None:
    cli, host = ((MODULES / one / "go.mod").read_text() for one in ("cli", "python-host"))
    for name in ("pkg", "sdk"):
        assert f"github.com/pulumi/pulumi/{name}/v3 v{CLI_VERSION}" in cli
    # The last one that still has `pulumi-language-python`.
    assert "github.com/pulumi/pulumi/sdk/v3 v3.79.0\n" in host
    go = re.findall(r"^go (.*)$", cli, re.MULTILINE)
    assert f"install Pulumi {MINIMUM_CLI} or newer" in WAYS
    assert f"install Go {go[0]} or newer" in WAYS
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    for name, lowest in (("pulumi", MINIMUM_CLI), ("pulumi-auth0", MINIMUM_PLUGIN)):
        assert f'"{name}>={lowest.major}.{lowest.minor},<{BELOW.major}"' in text


@pytest.mark.skipif(shutil.which("go") is None, reason="nothing is built without Go")
@pytest.mark.parametrize(
    ("module", "flags"),
    [
        ("github.com/pulumi/pulumi/pkg/v3", {}),
        # What a user may have set to be asked less must not lower the check.
        ("github.com/pulumi/pulumi/pkg/v3", {"GOFLAGS": "-mod=mod", "GONOSUMDB": "*"}),
        ("gocloud.dev", {"GOFLAGS": "-mod=mod", "GONOSUMCHECK": "1", "GOSUMDB": "off"}),
    ],
)
def test_a_module_with_another_sum_is_not_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, flags: dict[str, str]
) -> None:
    copy = tmp_path / "modules"
    shutil.copytree(MODULES, copy)
    sums = copy / "cli" / "go.sum"
    sum_of_it = re.compile(rf"^({re.escape(module)} v[^/\s]+) h1:.*$", re.MULTILINE)
    tampered, count = sum_of_it.subn(rf"\1 h1:{'A' * 43}=", sums.read_text())
    assert count == 1
    sums.write_text(tampered)
    monkeypatch.setattr(ensure, "MODULES", copy)
    with pytest.raises(SandboxError, match="checksum mismatch"):
        build_engine(tmp_path / "modules", Progress(), dict(os.environ) | flags)
    assert sums.read_text() == tampered, "the sums are not brought into line with what came"
