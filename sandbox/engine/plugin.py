"""Which auth0 plugin the engine runs: the official one, or this project's stand-in.

The stand-in (`sandbox/plugin`) is used only where the official plugin cannot be had; a sentence
tells which one was taken and why. The user's own plugins are only read.
"""

import os
import shutil
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Final

from packaging.version import Version

from sandbox.engine.download import PROCESSOR, SYSTEM, Unavailable, fetch
from sandbox.engine.ensure import BELOW, ask, cache_folder, made_whole, programs_on, version_in
from sandbox.machine.errors import SandboxError
from sandbox.machine.files import turn, write_atomically
from sandbox.machine.progress import Progress
from sandbox.plugin import STAND_IN

MODE_VARIABLE: Final = "PHONEMFA_AUTH0_PLUGIN"
PROGRAM: Final = "pulumi-resource-auth0"
RELEASES: Final = "https://get.pulumi.com/releases/plugins"
STAND_IN_PROGRAM: Final = Path(__file__).resolve().parents[1] / "plugin" / "bin" / PROGRAM
MINIMUM_PLUGIN: Final = Version("3.50.0")
_MODES: Final = ("auto", "official", "stand-in")
_FOLDER: Final = "resource-auth0-v"
_OWN_BUILD: Final = (1, 0, 0)
"""What a plugin says that was built from its sources without a release's number."""
_REMEMBER_SECONDS: Final = 12 * 3600.0


@dataclass(frozen=True)
class Plugin:
    """The auth0 plugin to run. `why` says where it was found, or why the stand-in is used."""

    executable: Path
    official: bool
    version: str | None
    why: str

    def describe(self) -> str:
        if self.official:
            return f"auth0 plugin: official {self.version or '(version not told)'} ({self.why})"
        return f"{STAND_IN} ({self.why})"

    def put_into(self, home: Path) -> Path:
        """Have the engine find it in this Pulumi home, as if it were installed; its folder there.

        Of a plugin from PATH the engine warns each time that it looks for it. The folder has the
        Python package's number, whatever the plugin's own is: an older one is not looked at.
        """
        folder = home / "plugins" / f"{_FOLDER}{auth0_plugin_version()}"
        link, program = folder / PROGRAM, self.executable.resolve()
        if not link.is_symlink() or link.readlink() != program:
            for other in folder.parent.glob(f"{_FOLDER}*"):
                if other != folder:
                    shutil.rmtree(other, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
            # In one step: another command may look for it, or do the same, at this moment.
            made = folder / f".{uuid.uuid4()}"
            made.symlink_to(program)
            made.replace(link)
        return folder


def auth0_plugin_version() -> str:
    """The official auth0 plugin that goes with the installed Python package."""
    return installed_version("pulumi-auth0")


def find_plugin(progress: Progress, *, environ: Mapping[str, str] = os.environ) -> Plugin:
    """The auth0 plugin to use.

    The official one is looked for on PATH, among the user's installed Pulumi plugins, in the cache,
    and at last downloaded into it; a failure of the last is remembered for some hours.
    $PHONEMFA_AUTH0_PLUGIN: `auto` (default), `official` (an error when it cannot be had; asks the
    network again), `stand-in`.
    """
    wanted = auth0_plugin_version()
    mode = environ.get(MODE_VARIABLE, "").strip() or "auto"
    if mode not in _MODES:
        raise SandboxError(
            f"{MODE_VARIABLE}={mode} is not known, so no auth0 plugin can be chosen.",
            f"Set it to one of: {', '.join(_MODES)}.",
        )
    why = f"{MODE_VARIABLE}=stand-in"
    if mode != "stand-in":
        home = environ.get("PULUMI_HOME") or Path(environ.get("HOME") or Path.home()) / ".pulumi"
        try:
            return (
                _on_path(environ, progress)
                or _in_pulumi_home(Path(home), why="installed by the user")
                or _cached(cache_folder(environ), progress, again=mode == "official")
            )
        except Unavailable as error:
            why = f"the official {wanted} cannot be had: {error}"
        if mode == "official":
            raise SandboxError(
                f"{MODE_VARIABLE}=official, but the auth0 plugin cannot be used: {why}",
                f"Put {PROGRAM} {wanted} on PATH, or unset {MODE_VARIABLE} to run with the "
                "stand-in.",
            )
    if not os.access(STAND_IN_PROGRAM, os.X_OK):
        raise SandboxError(
            f"The stand-in plugin is missing or cannot be run: {STAND_IN_PROGRAM}",
            f"Restore it (`git checkout -- {STAND_IN_PROGRAM}`), or put the official {PROGRAM} "
            f"{wanted} on PATH.",
        )
    return Plugin(STAND_IN_PROGRAM, official=False, version=None, why=why)


def _on_path(environ: Mapping[str, str], progress: Progress) -> Plugin | None:
    for found in programs_on(environ.get("PATH", ""), PROGRAM):
        if found.resolve() == STAND_IN_PROGRAM.resolve():
            continue
        answer = ask(found, "-version", environ=environ)
        version = version_in(answer)
        told = str(version) if version else None
        # From its sources, without a release's number: whoever put it on PATH wants it.
        own = answer is not None and (version is None or version.release == _OWN_BUILD)
        if own or (version and _suits(version)):
            told = f"a build that tells no release, {version}" if own and version else told
            return Plugin(found, official=True, version=told, why=f"on PATH: {found}")
        fault = f"is {version}" if version else "does not answer `-version`"
        progress.step(
            f"auth0 plugin: {found} {fault}: not used. Put {auth0_plugin_version()} there "
            f"(from {MINIMUM_PLUGIN} to below {BELOW.major} works), or take it off PATH"
        )
    return None


def _suits(version: Version) -> bool:
    return MINIMUM_PLUGIN <= version < BELOW


def _in_pulumi_home(home: Path, *, why: str) -> Plugin | None:
    """The newest suitable plugin of the Python package's minor version, else the newest.

    Half-installed ones have a `.partial` file beside; a link is what `Plugin.put_into` left.
    """
    wanted = Version(auth0_plugin_version())
    found: list[tuple[bool, Version, Path]] = []
    for folder in (home / "plugins").glob(f"{_FOLDER}*"):
        version = version_in(folder.name.removeprefix(_FOLDER))
        program = folder / PROGRAM
        partial = folder.with_name(f"{folder.name}.partial").exists()
        usable = os.access(program, os.X_OK) and not program.is_symlink() and not partial
        if version and _suits(version) and usable:
            found.append((version.minor == wanted.minor, version, program))
    if not found:
        return None
    _, version, executable = max(found)
    return Plugin(executable, official=True, version=str(version), why=f"{why}: {executable}")


def _cached(cache: Path, progress: Progress, *, again: bool) -> Plugin:
    """The plugin that was downloaded, now or before.

    Raises Unavailable: it cannot be had, or could not some hours ago and is not asked for `again`.
    """
    home, why = cache / "plugin-home", "in the project's cache"
    wanted = auth0_plugin_version()
    name = f"{PROGRAM}-v{wanted}-{SYSTEM}-{PROCESSOR}.tar.gz"
    refusal = cache / f"no-{name}"
    with turn(cache / ".lock", progress, waiting_for="another process that prepares the engine"):
        if found := _in_pulumi_home(home, why=why):
            return found
        asked = refusal.stat().st_mtime if refusal.exists() and not again else 0
        if time.time() - asked < _REMEMBER_SECONDS:
            raise Unavailable(refusal.read_text(encoding="utf-8"))
        progress.tick(f"asking for the official auth0 plugin {wanted}")
        folder = home / "plugins" / f"{_FOLDER}{wanted}"
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            with made_whole(folder) as making:
                fetch(f"{RELEASES}/{name}", [PROGRAM], making, progress)
        except Unavailable as error:
            write_atomically(refusal, str(error))
            raise
    return Plugin(folder / PROGRAM, official=True, version=wanted, why=f"{why}: {folder / PROGRAM}")
