"""The engine is found, downloaded or built, in that order, and never half-made."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.engine.build import required_go
from sandbox.engine.cache import EngineCache
from sandbox.engine.ensure import Engine, ensure_engine
from sandbox.engine.release import archive_name
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
        self.now = 1_000_000.0
        self.said = fakes.Said()

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": f"{self.bin}:{self.go}/bin",
            "PHONEMFA_CACHE_DIR": str(self.cache_root),
        }

    @property
    def cache(self) -> EngineCache:
        return EngineCache(self.cache_root, clock=lambda: self.now)

    def ensure(self, said: fakes.Said | None = None) -> Engine:
        return ensure_engine(
            said or self.said,
            environ=self.environ,
            cache=self.cache,
            releases=self.releases.url,
            lock=self.lock,
        )

    def leftovers(self) -> list[Path]:
        return list((self.cache_root / "engine").glob(".making-*"))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with fakes.release_server() as releases:
        yield World(tmp_path, releases)


def test_suitable_pulumi_on_path_comes_first(world: World) -> None:
    fakes.pulumi(world.bin, "v3.260.1")
    world.releases.publish(archive_name(), fakes.archive())

    engine = world.ensure()

    assert (engine.origin, engine.version) == ("path", "3.260.1")
    assert engine.pulumi == world.bin / "pulumi"
    assert world.releases.asked == []
    assert not world.cache_root.exists()


@pytest.mark.parametrize(
    "version", ["v3.258.9", "v2.99.0", "v4.0.0", "v4.1.2", "v3.259.0-alpha.1", "nonsense"]
)
def test_unsuitable_pulumi_is_named_and_left_alone(world: World, version: str) -> None:
    fakes.pulumi(world.bin, version)
    world.releases.publish(archive_name(), fakes.archive())

    assert world.ensure().origin == "release"
    assert str(world.bin / "pulumi") in world.said.text
    assert "not used" in world.said.text


def test_pulumi_without_its_python_language_host_is_not_used(world: World) -> None:
    fakes.pulumi(world.bin, host=False)
    world.releases.publish(archive_name(), fakes.archive())

    assert world.ensure().origin == "release"
    assert "pulumi-language-python" in world.said.text


def test_later_pulumi_on_path_is_used_when_the_first_is_too_old(
    world: World, tmp_path: Path
) -> None:
    fakes.pulumi(world.bin, "v3.100.0")
    good = fakes.pulumi(tmp_path / "other", "v3.259.2")
    environ = world.environ | {"PATH": f"{world.bin}:{tmp_path}/other"}

    engine = ensure_engine(world.said, environ=environ, cache=world.cache)

    assert engine.pulumi == good


def test_asking_for_a_version_leaves_no_trace_in_the_users_home(
    world: World, tmp_path: Path
) -> None:
    fakes.pulumi(world.bin)
    home = tmp_path / "home"
    home.mkdir()
    own = {"HOME": str(home), "PULUMI_HOME": str(home / ".pulumi"), "PULUMI_ACCESS_TOKEN": "mine"}

    engine = ensure_engine(world.said, environ=world.environ | own, cache=world.cache)

    assert engine.origin == "path"
    assert list(home.iterdir()) == []


def test_official_release_is_taken_and_kept(world: World) -> None:
    world.releases.publish(archive_name(), fakes.archive())

    first = world.ensure()
    asked = len(world.releases.asked)
    second = world.ensure()

    assert first == second
    assert first.origin == "release"
    assert len(world.releases.asked) == asked
    assert sorted(path.name for path in first.pulumi.parent.iterdir()) == [
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
    ]
    assert world.leftovers() == []


def test_release_is_trusted_on_its_first_use_alone(world: World) -> None:
    world.releases.publish(archive_name(), fakes.archive())
    world.ensure()
    (line,) = world.lock.read_text().splitlines()
    assert line.endswith(f"  {world.releases.url}/v3.259.0/{archive_name()}")
    assert "trusted on this first use" in world.said.text

    shutil.rmtree(world.cache_root)
    world.ensure()
    assert world.lock.read_text().splitlines() == [line]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ("recorded", "downloads.lock names"),
        ("published", "does not have the SHA-512 sum that Pulumi published"),
        ("version", "v3.1.0"),
    ],
)
def test_another_release_than_it_should_be_ends_the_run_and_nothing_is_built(
    world: World, other: str, told: str
) -> None:
    fakes.go(world.go)
    version = "v3.1.0" if other == "version" else "v3.259.0"
    sum_of = b"something else" if other == "published" else None
    world.releases.publish(archive_name(), fakes.archive(version), sum_of=sum_of)
    if other == "recorded":
        world.lock.write_text(f"{'0' * 64}  {world.releases.url}/v3.259.0/{archive_name()}\n")
    for _ in range(2):  # Nor is it forgotten.
        with pytest.raises(EngineError, match=told):
            world.ensure()
    assert fakes.builds(world.go) == 0
    assert world.leftovers() == []


def test_release_that_was_not_there_is_asked_for_again_only_after_hours(world: World) -> None:
    fakes.go(world.go)
    (world.go / "broken").touch()

    for _ in range(2):
        with pytest.raises(EngineError):
            world.ensure()
    assert len(world.releases.asked) == 1

    world.now += 12 * 3600
    with pytest.raises(EngineError):
        world.ensure()
    assert len(world.releases.asked) == 2


def test_engine_is_built_when_it_can_be_neither_found_nor_downloaded(world: World) -> None:
    fakes.go(world.go)

    engine = world.ensure()

    assert engine.origin == "build"
    assert fakes.builds(world.go) == 2
    assert "built the Pulumi CLI 3.259.0" in world.said.text
    assert any("1 packages compiled" in tick for tick in world.said.ticks)
    assert world.leftovers() == []


def test_users_own_go_settings_do_not_change_what_is_built(world: World) -> None:
    fakes.go(world.go)  # which refuses to build with any of them
    own = {"GOFLAGS": "-mod=mod", "GOWORK": "/home/somebody/go.work", "CGO_ENABLED": "1"}

    engine = ensure_engine(
        world.said, environ=world.environ | own, cache=world.cache, releases=world.releases.url
    )

    assert engine.origin == "build"


def test_second_start_neither_builds_nor_asks(world: World) -> None:
    fakes.go(world.go)
    world.ensure()
    asked, built = len(world.releases.asked), fakes.builds(world.go)

    assert world.ensure().origin == "build"
    assert (len(world.releases.asked), fakes.builds(world.go)) == (asked, built)


def test_without_go_and_download_the_error_names_both_ways(world: World) -> None:
    with pytest.raises(EngineError) as raised:
        world.ensure()

    assert f"install Go {required_go()} or newer" in raised.value.fix
    assert "install Pulumi 3.259.0 or newer" in raised.value.fix


@pytest.mark.parametrize(
    ("version", "toolchain"), [("go1.22.3", "local"), ("go1.20", ""), ("go1.24.1", "local+path")]
)
def test_too_old_go_is_named_with_what_is_needed(
    world: World, version: str, toolchain: str
) -> None:
    fakes.go(world.go, version=version, toolchain=toolchain)

    with pytest.raises(EngineError) as raised:
        world.ensure()

    assert version.removeprefix("go") in raised.value.problem
    assert str(required_go()) in raised.value.problem
    assert fakes.builds(world.go) == 0


def test_older_go_that_may_fetch_its_toolchain_is_used(world: World) -> None:
    fakes.go(world.go, version="go1.22.3", toolchain="auto")

    assert world.ensure().origin == "build"


def test_failed_build_shows_what_go_said_and_leaves_nothing(world: World) -> None:
    fakes.go(world.go)
    (world.go / "broken").touch()

    with pytest.raises(EngineError, match="does not compile"):
        world.ensure()

    assert world.leftovers() == []
    (world.go / "broken").unlink()
    assert world.ensure().origin == "build"


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
    said = [fakes.Said(), fakes.Said()]
    starts = [
        threading.Thread(target=lambda one=one: engines.append(world.ensure(one))) for one in said
    ]
    for start in starts:
        start.start()
    until((world.go / "building").exists)
    until(lambda: any("another process" in tick for one in said for tick in one.ticks))
    (world.go / "gate").unlink()
    for start in starts:
        start.join()

    assert fakes.builds(world.go) == 2  # one each for the CLI and the language host
    assert engines[0] == engines[1]


def test_killed_build_holds_up_nobody_and_is_cleaned_up(world: World) -> None:
    fakes.go(world.go)
    (world.go / "gate").touch()
    program = (
        "from sandbox.engine.ensure import ensure_engine\n"
        "from sandbox.machine.progress import Silence\n"
        f"ensure_engine(Silence(), releases={world.releases.url!r})"
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
    assert world.ensure().origin == "build"
    until(lambda: not left[0].exists())
    assert world.leftovers() == []
