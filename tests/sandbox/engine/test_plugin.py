"""The official auth0 plugin is preferred, and the choice is always told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from sandbox.engine.download import PROCESSOR, SYSTEM
from sandbox.engine.ensure import CACHE_VARIABLE
from sandbox.engine.plugin import MODE_VARIABLE, PROGRAM, Plugin, find_plugin
from sandbox.machine.errors import EngineError
from tests.sandbox.engine import fakes

OFFICIAL = fakes.archive(**{PROGRAM: "exit 1"})


class World:
    """A user with a home, a PATH, and a server that may have the official plugin."""

    def __init__(self, folder: Path, releases: fakes.Releases) -> None:
        self.folder = folder
        self.releases = releases
        self.lock = folder / "downloads.lock"
        self.home = folder / "home"
        self.home.mkdir()
        self.stand_in = fakes.program(folder / "stand-in" / PROGRAM, "exit 1")
        self.said = fakes.Said()

    def installed(self, version: str, *, partial: bool = False) -> Path:
        folder = self.home / ".pulumi" / "plugins" / f"resource-auth0-v{version}"
        if partial:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.with_name(f"{folder.name}.partial").touch()
        return fakes.program(folder / PROGRAM, "exit 1")

    def find(self, mode: str | None = None, *, path: str = "") -> Plugin:
        environ = {"HOME": str(self.home), "PATH": path, "PULUMI_ACCESS_TOKEN": "the user's"}
        if mode is not None:
            environ[MODE_VARIABLE] = mode
        return find_plugin(
            self.said,
            environ=environ | {CACHE_VARIABLE: str(self.folder / "cache")},
            stand_in=self.stand_in,
            releases=self.releases.url,
            lock=self.lock,
        )

    def publish(self, data: bytes = OFFICIAL) -> str:
        """Offer an archive; answers its address."""
        path = f"/{PROGRAM}-v3.55.1-{SYSTEM}-{PROCESSOR}.tar.gz"
        self.releases.content[path] = data
        return f"{self.releases.url}{path}"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with fakes.release_server() as releases:
        yield World(tmp_path, releases)


def test_official_plugin_on_path_comes_first(world: World) -> None:
    world.installed("3.55.1")
    on_path = fakes.program(world.folder / "bin" / PROGRAM, "echo 3.55.2")

    plugin = world.find(path=str(on_path.parent))

    assert plugin == Plugin(on_path, official=True, version="3.55.2", why=f"on PATH: {on_path}")
    assert "official 3.55.2" in plugin.describe()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        *((told, told) for told in ("3.50.0", "3.53.1", "3.99.0")),
        ("v3.54.0", "3.54.0"),
        ("v1.0.0-alpha", "a build that tells no release"),
        ("1.0.0-alpha.0+dev", "a build that tells no release"),
        ("''", "version not told"),
    ],
)
def test_each_official_plugin_of_the_packages_range_is_used_and_a_build_without_a_number(
    world: World, told: str, said: str
) -> None:
    on_path = fakes.program(world.folder / "bin" / PROGRAM, f"echo {told}")

    plugin = world.find(path=str(on_path.parent))

    assert plugin.executable == on_path
    assert said in plugin.describe()
    assert world.said.text == ""


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("echo 3.40.0", "is 3.40.0"),
        ("echo 3.49.9", "is 3.49.9"),
        ("echo 4.0.0", "is 4.0.0"),
        ("echo 3.50.0-alpha.1", "is 3.50.0a1"),
        ("echo '3.55: GLIBC_2.34 not found' >&2; exit 1", "does not answer `-version`"),
        ("kill -9 $$", "does not answer `-version`"),
        ("", "does not answer `-version`"),
    ],
)
def test_plugin_that_cannot_work_is_not_used_and_one_sentence_says_what_to_do(
    world: World, answer: str, said: str
) -> None:
    on_path = fakes.program(world.folder / "bin" / PROGRAM, answer)
    if not answer:
        on_path.write_bytes(b"\x7fELF of another kind of machine")

    assert not world.find(path=str(on_path.parent)).official

    (step,) = world.said.steps
    assert f"{on_path} {said}: not used" in step
    assert "Put 3.55.1 there (from 3.50.0 to below 4 works), or take it off PATH" in step


def test_next_plugin_on_path_is_looked_at(world: World) -> None:
    old = fakes.program(world.folder / "old" / PROGRAM, "echo 3.40.0")
    good = fakes.program(world.folder / "good" / PROGRAM, "echo 3.54.0")

    assert world.find(path=f"{old.parent}:{good.parent}").executable == good


def test_own_stand_in_is_not_taken_for_the_official_one(world: World) -> None:
    """On PATH, or in the Pulumi home of a sandbox, which is a shell's after `env --pulumi`."""
    home = world.home / ".pulumi"
    folder = world.find(path=str(world.stand_in.parent)).put_into(home)
    assert not world.find(path=str(folder)).official


@pytest.mark.parametrize(
    ("best", "others"),
    [
        ("3.55.3", ["3.54.9", "3.99.0", "3.55.1"]),
        # Of another minor version than the package: better than none.
        ("3.54.9", ["3.49.0", "3.53.0", "4.0.0"]),
    ],
)
def test_the_best_that_the_user_has_installed_is_used_where_it_lies(
    world: World, best: str, others: list[str]
) -> None:
    for one in others:
        world.installed(one)
    there = world.installed(best)

    plugin = world.find()

    assert (plugin.executable, plugin.version) == (there, best)
    assert world.releases.asked == []


def test_half_installed_plugin_is_not_used(world: World) -> None:
    world.installed("3.55.1", partial=True)
    assert not world.find().official


def test_official_plugin_is_downloaded_once_into_the_cache(world: World) -> None:
    address = world.publish()

    first, second = world.find(), world.find()

    assert first == second
    assert first.official
    assert first.version == "3.55.1"
    assert first.executable.read_text() == "#!/bin/sh\nexit 1\n"
    assert len(world.releases.asked) == 1
    assert list(world.home.iterdir()) == []
    assert world.lock.read_text() == f"{sha256(OFFICIAL).hexdigest()}  {address}\n"
    assert "trusted on this first use" in world.said.text


@pytest.mark.parametrize("mode", [None, "official"])
def test_another_plugin_than_it_was_ends_the_run_and_no_stand_in_is_used(
    world: World, mode: str | None
) -> None:
    address = world.publish()
    world.lock.write_text(f"{'0' * 64}  {address}\n")
    for _ in range(2):
        with pytest.raises(EngineError, match="names 000000"):
            world.find(mode)


def test_stand_in_says_that_it_is_one_and_why(world: World) -> None:
    plugin = world.find()

    assert plugin.executable == world.stand_in
    assert "STAND-IN" in plugin.describe()
    assert "404" in plugin.describe()


def test_failed_installation_is_tried_again_only_after_hours(world: World) -> None:
    world.find()
    world.find()
    assert len(world.releases.asked) == 1
    (refusal,) = (world.folder / "cache" / "engine").glob("no-*")
    os.utime(refusal, (0, refusal.stat().st_mtime - 12 * 3600))
    world.find()
    assert len(world.releases.asked) == 2


def test_demanded_official_plugin_is_asked_for_at_once_and_its_absence_is_an_error(
    world: World,
) -> None:
    world.find()
    with pytest.raises(EngineError, match="404") as raised:
        world.find("official")
    assert len(world.releases.asked) == 2
    assert MODE_VARIABLE in raised.value.fix


def test_demanded_stand_in_is_used_although_the_official_one_is_there(world: World) -> None:
    world.installed("3.55.1")
    assert world.find("stand-in").executable == world.stand_in
    assert world.releases.asked == []


def test_unknown_choice_is_refused_with_the_known_ones(world: World) -> None:
    with pytest.raises(EngineError, match="PHONEMFA_AUTH0_PLUGIN=offical") as raised:
        world.find("offical")
    assert "auto, official, stand-in" in raised.value.fix


def test_missing_stand_in_is_a_clear_error(world: World) -> None:
    world.stand_in.unlink()
    with pytest.raises(EngineError, match="stand-in plugin is missing"):
        world.find()


def test_an_archive_without_the_plugin_is_told(world: World) -> None:
    world.publish(fakes.archive())
    assert "has another layout than expected" in world.find().why


def test_commands_that_start_at_once_do_not_disturb_each_other(world: World) -> None:
    plugin = world.find()
    for number in range(40):
        home = world.folder / f"home-{number}"
        with ThreadPoolExecutor(4) as commands:
            folders = [*commands.map(plugin.put_into, [home] * 4)]
        assert [one.name for one in folders[0].iterdir()] == [PROGRAM]


def test_the_engine_is_told_of_one_plugin_alone_under_the_packages_number(world: World) -> None:
    home = world.folder / "own-home"
    older = fakes.program(home / "plugins" / "resource-auth0-v3.99.0" / PROGRAM, "exit 1")
    other = fakes.program(home / "plugins" / "resource-random-v4.1.0" / "its-program", "exit 1")
    for plugin in (world.find(), Plugin(older.with_name("x"), True, "3.50.0", "test")):  # noqa: FBT003
        folder = plugin.put_into(home)
        assert folder.name == "resource-auth0-v3.55.1"
        assert (folder / PROGRAM).readlink() == plugin.executable
        again = replace(plugin, executable=folder / PROGRAM)  # found on PATH, in the next shell
        assert (again.put_into(home) / PROGRAM).readlink() == plugin.executable
    assert not older.exists()
    assert other.exists()
