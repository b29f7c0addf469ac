"""Which auth0 plugin the engine runs: the official one, or this project's stand-in.

The stand-in (`sandbox/plugin`) is used only where the official plugin cannot be had; a sentence
tells which one was taken and why. The user's own plugins are only read.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.engine.cache import TARGET, EngineCache
from sandbox.engine.download import LOCK, Unavailable, fetch, this_machine
from sandbox.engine.ensure import Engine, ask, programs_on
from sandbox.engine.versions import (
    BELOW_PLUGIN,
    MINIMUM_PLUGIN,
    OWN_BUILD,
    Version,
    auth0_plugin_version,
)
from sandbox.machine.errors import EngineError
from sandbox.machine.progress import Progress

MODE_VARIABLE = "PHONEMFA_AUTH0_PLUGIN"
PROGRAM = "pulumi-resource-auth0"
STAND_IN_FOLDER = Path(__file__).resolve().parents[1] / "plugin" / "bin"
_MODES = ("auto", "official", "stand-in")
RELEASES = "https://get.pulumi.com/releases/plugins"
_UNPACK_SECONDS = 45


@dataclass(frozen=True)
class Plugin:
    """The auth0 plugin to put on PATH.

    `why` says where an official plugin was found, or why the stand-in is used.
    """

    executable: Path
    official: bool
    version: str | None
    why: str

    def describe(self) -> str:
        """One line for a person that says official or stand-in."""
        if self.official:
            return f"auth0 plugin: official {self.version or '(version not told)'} ({self.why})"
        return f"auth0 plugin: STAND-IN of this project, not the official one ({self.why})"


def find_plugin(
    engine: Engine,
    progress: Progress,
    *,
    environ: Mapping[str, str] | None = None,
    cache: EngineCache | None = None,
    stand_in: Path = STAND_IN_FOLDER / PROGRAM,
    releases: str = RELEASES,
    lock: Path = LOCK,
) -> Plugin:
    """The auth0 plugin to use.

    The official one is looked for on PATH, among the user's installed Pulumi plugins, and at last
    by installing it into a Pulumi home of the project's own; a failure of the last is remembered
    for some hours. $PHONEMFA_AUTH0_PLUGIN: `auto` (default), `official` (an error when it cannot
    be had; asks the network again), `stand-in`.

    Raises:
        EngineError: an unknown value of the variable, the official plugin was demanded and cannot
            be had, it is another one than it was, or the stand-in is missing.
    """
    environ = os.environ if environ is None else environ
    cache = EngineCache(environ=environ) if cache is None else cache
    wanted = auth0_plugin_version()
    mode = environ.get(MODE_VARIABLE, "").strip() or "auto"
    if mode not in _MODES:
        raise EngineError(
            f"{MODE_VARIABLE}={mode} is not known, so no auth0 plugin can be chosen.",
            f"Set it to one of: {', '.join(_MODES)}.",
        )
    why = f"{MODE_VARIABLE}=stand-in"
    if mode != "stand-in":
        home = environ.get("PULUMI_HOME") or Path(environ.get("HOME") or Path.home()) / ".pulumi"
        found = (
            _on_path(environ, stand_in, progress)
            or _in_pulumi_home(Path(home), why="installed by the user")
            or _in_pulumi_home(cache.plugin_home, why="installed in the project's cache")
        )
        if found is not None:
            return found
        question = f"auth0-plugin-{wanted}-{TARGET}"
        reason = None if mode == "official" else cache.recall(question)
        if reason is None:
            progress.tick(f"asking for the official auth0 plugin {wanted}")
            try:
                with tempfile.TemporaryDirectory(prefix="phonemfa-plugin-") as folder:
                    archive = _download(Path(folder), progress, releases, lock)
                    reason = _install(engine, environ, cache.plugin_home, archive)
            except Unavailable as error:
                reason = str(error)
            found = _in_pulumi_home(cache.plugin_home, why="installed in the project's cache")
            if found is not None:
                return found
            cache.remember(question, reason)
        why = f"the official {wanted} cannot be had: {reason}"
        if mode == "official":
            raise EngineError(
                f"{MODE_VARIABLE}=official, but the auth0 plugin cannot be used: {why}",
                f"Put {PROGRAM} {wanted} on PATH, or unset {MODE_VARIABLE} to run with the "
                "stand-in.",
            )
    if not os.access(stand_in, os.X_OK):
        raise EngineError(
            f"The stand-in plugin is missing or cannot be run: {stand_in}",
            f"Restore it (`git checkout -- {stand_in.parent.name}`), or put the official "
            f"{PROGRAM} {wanted} on PATH.",
        )
    return Plugin(stand_in, official=False, version=None, why=why)


def _suits(version: Version) -> bool:
    return MINIMUM_PLUGIN <= version < BELOW_PLUGIN


def _on_path(environ: Mapping[str, str], stand_in: Path, progress: Progress) -> Plugin | None:
    for found in programs_on(environ.get("PATH", ""), PROGRAM):
        if found.resolve() == stand_in.resolve():
            continue
        answer = ask(found, "-version", environ=environ)
        version = Version.find_in(answer)
        if answer is None:
            fault = "does not answer `-version`"
        elif version is None or version == OWN_BUILD:
            # From its sources, without a release's number: whoever put it on PATH wants it.
            told = f"a build that tells no release, {version}" if version else None
            return Plugin(found, official=True, version=told, why=f"on PATH: {found}")
        elif _suits(version):
            return Plugin(found, official=True, version=str(version), why=f"on PATH: {found}")
        else:
            fault = f"is {version}"
        progress.step(
            f"auth0 plugin: {found} {fault}: not used. Put {auth0_plugin_version()} there "
            f"(from {MINIMUM_PLUGIN} to below {BELOW_PLUGIN.major} works), or take it off PATH"
        )
    return None


def _in_pulumi_home(home: Path, *, why: str) -> Plugin | None:
    """The newest suitable plugin of the Python package's minor version, else the newest.

    Half-installed ones have a `.partial` file beside.
    """
    wanted = Version.find_in(auth0_plugin_version())
    found: list[tuple[bool, Version, Path]] = []
    for folder in (home / "plugins").glob("resource-auth0-v*"):
        version = Version.find_in(folder.name.removeprefix("resource-auth0-v"))
        whole = not folder.with_name(f"{folder.name}.partial").exists()
        if version and _suits(version) and whole and os.access(folder / PROGRAM, os.X_OK):
            same = wanted is not None and version.minor == wanted.minor
            found.append((same, version, folder / PROGRAM))
    if not found:
        return None
    _, version, executable = max(found)
    return Plugin(executable, official=True, version=str(version), why=f"{why}: {executable}")


def _download(folder: Path, progress: Progress, releases: str, lock: Path) -> Path:
    system, machine = this_machine()
    name = f"{PROGRAM}-v{auth0_plugin_version()}-{system}-{machine}.tar.gz"
    fetch(f"{releases}/{name}", folder / name, progress, lock=lock)
    return folder / name


def _install(engine: Engine, environ: Mapping[str, str], home: Path, archive: Path) -> str:
    """Have the engine unpack the official plugin into this Pulumi home; says why it did not."""
    home.mkdir(parents=True, exist_ok=True)
    env = {name: value for name, value in environ.items() if not name.startswith("PULUMI_")}
    env |= {"PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    command = [str(engine.pulumi), "plugin", "install", "resource", "auth0", auth0_plugin_version()]
    try:
        ended = subprocess.run(
            [*command, "--file", str(archive), "--non-interactive", "--color", "never"],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_UNPACK_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the engine did not unpack it within {_UNPACK_SECONDS} s"
    lines = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
    return re.sub(r"^error: ", "", lines[-1]) if lines else f"exit status {ended.returncode}"
