"""The engine is found, downloaded or built, in that order, and never half-made."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.engine.build import MODULES
from sandbox.engine.ensure import RELEASE, Engine, ensure_engine
from sandbox.machine.errors import EngineError
from tests.contract import PROJECT
from tests.sandbox.engine import fakes


def until(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(0.01)


class World:
    """A machine with nothing on PATH but what a test puts there."""

    def __init__(self, folder: Path, releases: fakes.Releases) -> None:
        self.bin = folder / "bin"
        self.go = folder / "go"
        self.cache_root = folder / "cache"
        self.lock = folder / "downloads.lock"
        self.releases = releases
        self.said = fakes.Said()

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": f"{self.bin}:{self.go}/bin",
            "PHONEMFA_CACHE_DIR": str(self.cache_root),
        }

    def ensure(self, **environ: str) -> Engine:
        return ensure_engine(
            self.said,
            environ=self.environ | environ,
            releases=self.releases.url,
            lock=self.lock,
        )

    def is_cached(self, engine: Engine) -> bool:
        """Whether it is a whole one of the cache, with nothing beside."""
        made = sorted(path.name for path in engine.pulumi.parent.iterdir())
        programs = ["pulumi", "pulumi-language-python", "pulumi-language-python-exec"]
        there = engine.pulumi.is_relative_to(self.cache_root / "engine")
        return there and made == programs and self.leftovers() == []

    def leftovers(self) -> list[Path]:
        return list((self.cache_root / "engine").glob(".making-*"))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with fakes.release_server() as releases:
        yield World(tmp_path, releases)


@pytest.mark.parametrize("version", ["v3.259.0", "v3.260.1", "v3.260.0-alpha.1"])
def test_suitable_pulumi_on_path_comes_first(world: World, version: str) -> None:
    pulumi = fakes.pulumi(world.bin, version)
    world.releases.publish(RELEASE, fakes.release())

    assert world.ensure().pulumi == pulumi
    assert world.releases.asked == []
    assert not world.cache_root.exists()


@pytest.mark.parametrize(
    ("version", "host", "said"),
    [
        ("v2.99.0", True, "is 2.99.0; at least 3.259.0 and below 4 is needed"),
        ("v3.258.9", True, "at least 3.259.0 and below 4 is needed"),
        ("v3.259.0-alpha.1", True, "is 3.259.0a1; at least"),
        ("v4.0.0-alpha.1", True, "is 4.0.0a1; at least"),
        ("v4.1.2", True, "is 4.1.2; at least"),
        ("nonsense", True, "does not tell its version"),
        ("v3.259.0", False, "pulumi-language-python and pulumi-language-python-exec"),
    ],
)
def test_unsuitable_pulumi_is_named_and_left_alone(
    world: World, version: str, host: bool, said: str
) -> None:
    fakes.pulumi(world.bin, version, host=host)
    world.releases.publish(RELEASE, fakes.release())
    assert world.is_cached(world.ensure())
    (step,) = (one for one in world.said.steps if "not used" in one)
    assert str(world.bin / "pulumi") in step
    assert said in step


def test_the_next_pulumi_on_path_is_looked_at(world: World, tmp_path: Path) -> None:
    fakes.pulumi(world.bin, "v3.100.0")
    good = fakes.pulumi(tmp_path / "other", "v3.259.2")
    assert world.ensure(PATH=f"{world.bin}:{tmp_path}/other").pulumi == good


def test_asking_for_a_version_leaves_no_trace_in_the_users_home(
    world: World, tmp_path: Path
) -> None:
    fakes.pulumi(world.bin)
    home = tmp_path / "home"
    home.mkdir()
    own = {"HOME": str(home), "PULUMI_HOME": str(home / ".pulumi"), "PULUMI_ACCESS_TOKEN": "mine"}
    assert world.ensure(**own).pulumi == world.bin / "pulumi"
    assert list(home.iterdir()) == []


def test_official_release_is_taken_and_kept(world: World) -> None:
    world.releases.publish(RELEASE, fakes.release())
    first = world.ensure()
    asked = len(world.releases.asked)
    assert world.is_cached(first)
    assert world.ensure() == first
    assert len(world.releases.asked) == asked


def test_release_is_trusted_on_its_first_use_alone(world: World) -> None:
    world.releases.publish(RELEASE, fakes.release())
    world.ensure()
    (line,) = world.lock.read_text().splitlines()
    assert line.endswith(f"  {world.releases.url}/v3.259.0/{RELEASE}")
    assert "trusted on this first use" in world.said.text

    shutil.rmtree(world.cache_root)
    world.ensure()
    assert world.lock.read_text().splitlines() == [line]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(fakes.release()[:200], id="cut off"),
        pytest.param(fakes.release()[:100] + b"\xff" * 400, id="damaged"),
        pytest.param(b"<html>Sign in to the proxy</html>", id="a page"),
    ],
)
def test_what_is_no_whole_release_is_not_recorded_as_the_one_that_later_ones_must_be(
    world: World, answer: bytes
) -> None:
    fakes.go(world.go)
    world.releases.publish(RELEASE, answer)
    world.ensure()
    assert not world.lock.exists()

    shutil.rmtree(world.cache_root)
    world.releases.publish(RELEASE, fakes.release())
    assert world.is_cached(world.ensure())
    assert fakes.builds(world.go) == 2  # of the first time


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ("recorded", "downloads.lock names"),
        ("version", "v3.1.0"),
    ],
)
def test_another_release_than_it_should_be_ends_the_run_and_nothing_is_built(
    world: World, other: str, told: str
) -> None:
    fakes.go(world.go)
    version = "v3.1.0" if other == "version" else "v3.259.0"
    world.releases.publish(RELEASE, fakes.release(version))
    if other == "recorded":
        world.lock.write_text(f"{'0' * 64}  {world.releases.url}/v3.259.0/{RELEASE}\n")
    for _ in range(2):  # Nor is it forgotten.
        with pytest.raises(EngineError, match=told):
            world.ensure()
    assert fakes.builds(world.go) == 0
    assert world.leftovers() == []


@pytest.mark.parametrize("release", [None, fakes.archive(**{"pulumi/pulumi": "echo v3.259.0"})])
def test_engine_is_built_once_where_no_release_can_be_had(
    world: World, release: bytes | None
) -> None:
    fakes.go(world.go)
    if release:
        world.releases.publish(RELEASE, release)

    engine = world.ensure()

    assert world.is_cached(engine)
    assert fakes.builds(world.go) == 2  # the CLI and the language host
    assert "engine: built pulumi (1 steps" in world.said.text
    assert any("building pulumi: 1 steps" in tick for tick in world.said.ticks)
    asked = len(world.releases.asked)
    assert world.ensure() == engine
    assert (len(world.releases.asked), fakes.builds(world.go)) == (asked, 2)


def test_users_own_go_settings_do_not_change_what_is_built(world: World) -> None:
    fakes.go(world.go)  # which fails with any of them
    own = {"GOFLAGS": "-mod=mod", "GOWORK": "/home/somebody/go.work", "CGO_ENABLED": "1"}
    assert world.is_cached(world.ensure(**own))


@pytest.mark.parametrize("has_go", [False, True])
def test_where_there_is_no_engine_and_none_can_be_built_both_ways_to_one_are_named(
    world: World, has_go: bool
) -> None:
    if has_go:
        fakes.go(world.go)
        (world.go / "broken").touch()
    with pytest.raises(EngineError, match="does not compile" if has_go else "no Go") as raised:
        world.ensure()
    needed = re.findall(r"^go (.*)$", (MODULES / "cli" / "go.mod").read_text(), re.MULTILINE)
    assert f"install Go {needed[0]} or newer" in raised.value.fix
    assert "install Pulumi 3.259.0 or newer" in raised.value.fix
    assert world.leftovers() == []


def test_damaged_engine_is_made_anew(world: World) -> None:
    fakes.go(world.go)
    engine = world.ensure()
    engine.pulumi.write_text("")

    again = world.ensure()

    assert again.pulumi.stat().st_size > 0
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
        f"ensure_engine(Progress(), releases={world.releases.url!r})"
    )
    killed = subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, env=world.environ)
    try:
        until((world.go / "building").exists)
        assert len(world.leftovers()) == 1
    finally:
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    left = world.leftovers()
    assert len(left) == 1, "a killed process cannot clean up after itself"

    (world.go / "gate").unlink()
    assert world.is_cached(world.ensure())
