"""The official auth0 plugin is preferred, and the choice is always told."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from sandbox.engine.download import PROCESSOR, SYSTEM
from sandbox.engine.plugin import MODE_VARIABLE, PROGRAM, RELEASES, Plugin
from sandbox.machine.errors import SandboxError
from tests.sandbox.engine import fakes
from tests.sandbox.engine.fakes import World

OFFICIAL = fakes.archive(**{PROGRAM: "exit 1"})
NAME = f"{PROGRAM}-v3.55.1-{SYSTEM}-{PROCESSOR}.tar.gz"
ADDRESS = f"{RELEASES}/{NAME}"


def installed(world: World, version: str) -> Path:
    return fakes.program(
        world.home / ".pulumi" / "plugins" / f"resource-auth0-v{version}" / PROGRAM, "exit 1"
    )


@pytest.mark.parametrize(
    ("told", "version"),
    [
        *((told, told) for told in ("3.50.0", "3.99.0")),
        ("v3.54.0", "3.54.0"),
        ("v1.0.0-alpha", "a build that tells no release, 1.0.0a0"),
        ("1.0.0-alpha.0+dev", "a build that tells no release, 1.0.0a0+dev"),
        ("''", None),
    ],
)
def test_one_on_path_comes_first_of_the_packages_range_or_a_build_without_a_number(
    world: World, told: str, version: str | None
) -> None:
    installed(world, "3.55.1")
    on_path = fakes.program(world.bin / PROGRAM, f"echo {told}")
    plugin = world.find()
    assert plugin == Plugin(on_path, official=True, version=version, why=f"on PATH: {on_path}")
    assert f"official {version or '(version not told)'}" in plugin.describe()
    assert world.said.text == ""


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("echo 3.49.9", "is 3.49.9"),
        ("echo 4.0.0", "is 4.0.0"),
        ("echo 3.50.0-alpha.1", "is 3.50.0a1"),
        ("echo '3.55: GLIBC_2.34 not found' >&2; exit 1", "does not answer `-version`"),
        ("kill -9 $$", "does not answer `-version`"),
        ("", "does not answer `-version`"),
    ],
)
def test_one_that_cannot_work_is_named_and_not_used(world: World, answer: str, said: str) -> None:
    on_path = fakes.program(world.bin / PROGRAM, answer)
    if not answer:
        on_path.write_bytes(b"\x7fELF of another kind of machine")
    assert not world.find().official
    (step,) = world.said.steps
    assert f"{on_path} {said}: not used" in step
    assert "Put 3.55.1 there (from 3.50.0 to below 4 works), or take it off PATH" in step
    good = fakes.program(world.folder / "good" / PROGRAM, "echo 3.54.0")
    assert world.find(PATH=f"{world.bin}:{good.parent}").executable == good


def test_own_stand_in_is_not_taken_for_the_official_one(world: World) -> None:
    """On PATH, or in the Pulumi home of a sandbox, which is a shell's after `env --pulumi`."""
    folder = world.find(PATH=str(world.stand_in.parent)).put_into(world.home / ".pulumi")
    assert not world.find(PATH=str(folder)).official


@pytest.mark.parametrize(
    ("best", "others"),
    [
        ("3.55.3", ["3.54.9", "3.99.0", "3.55.1"]),
        # Of another minor version than the package: better than none.
        ("3.54.9", ["3.49.0", "3.53.0", "4.0.0"]),
    ],
)
def test_the_best_that_the_user_has_installed_is_used(
    world: World, best: str, others: list[str]
) -> None:
    half = installed(world, "3.55.9").parent
    half.with_name(f"{half.name}.partial").touch()
    for one in others:
        installed(world, one)
    there = installed(world, best)
    plugin = world.find()
    assert (plugin.executable, plugin.version) == (there, best)
    assert world.releases.asked == []
    assert world.find("stand-in").executable == world.stand_in, "where that is demanded"


def test_official_plugin_is_downloaded_once_into_the_cache(world: World) -> None:
    world.releases.content[NAME] = OFFICIAL
    first = world.find()
    assert world.find() == first
    assert (first.official, first.version) == (True, "3.55.1")
    assert first.executable.read_text() == "#!/bin/sh\nexit 1\n"
    assert world.releases.asked == [ADDRESS]
    assert list(world.home.iterdir()) == []
    assert world.lock.read_text() == f"{sha256(OFFICIAL).hexdigest()}  {ADDRESS}\n"
    assert "trusted on this first use" in world.said.text


@pytest.mark.parametrize("mode", ["", "official"])
def test_another_plugin_than_it_was_is_replaced_by_no_stand_in(world: World, mode: str) -> None:
    world.releases.content[NAME] = OFFICIAL
    world.lock.write_text(f"{'0' * 64}  {ADDRESS}\n")
    for _ in range(2):
        with pytest.raises(SandboxError, match="names 000000"):
            world.find(mode)


def test_the_stand_in_says_why_and_the_network_is_asked_again_after_hours(
    world: World,
) -> None:
    plugin = world.find()
    assert plugin.executable == world.stand_in
    assert "STAND-IN" in plugin.describe()
    assert "404" in plugin.describe()
    world.find()
    assert len(world.releases.asked) == 1
    with pytest.raises(SandboxError, match="404") as raised:
        world.find("official")  # at once
    assert len(world.releases.asked) == 2
    assert MODE_VARIABLE in raised.value.fix
    (refusal,) = world.cache.glob("no-*")
    os.utime(refusal, (0, refusal.stat().st_mtime - 12 * 3600))
    world.releases.content[NAME] = fakes.archive()
    assert "has another layout than expected" in world.find().why
    assert len(world.releases.asked) == 3


def test_an_unknown_choice_and_a_missing_stand_in_are_clear_errors(world: World) -> None:
    with pytest.raises(SandboxError, match=r"=offical(.|\n)*auto, official, stand-in"):
        world.find("offical")
    world.stand_in.unlink()
    with pytest.raises(SandboxError, match="stand-in plugin is missing"):
        world.find()


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
