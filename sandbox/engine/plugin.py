"""Which auth0 plugin the engine runs: the official one, or this project's stand-in.

The stand-in (`sandbox/plugin`) is used only where the official plugin cannot be had; a sentence
tells which one was taken and why. The user's own plugins are only read.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from sandbox.engine.cache import EngineCache, target
from sandbox.engine.ensure import Engine
from sandbox.engine.installed import ask
from sandbox.engine.versions import (
    BELOW_PLUGIN,
    MINIMUM_PLUGIN,
    OWN_BUILD,
    Version,
    auth0_plugin_version,
    plugin_is_suitable,
)
from sandbox.machine.errors import EngineError
from sandbox.machine.progress import Progress

MODE_VARIABLE = "PHONEMFA_AUTH0_PLUGIN"
PROGRAM = "pulumi-resource-auth0"
STAND_IN_FOLDER = Path(__file__).resolve().parents[1] / "plugin" / "bin"
Mode = Literal["auto", "official", "stand-in"]
# Without open internet the installation gives up by itself after about 3 s (five tries); the
# limit is for networks that swallow packets instead of refusing them.
_INSTALL_SECONDS = 45


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
) -> Plugin:
    """The auth0 plugin to use.

    The official one is looked for on PATH, among the user's installed Pulumi plugins, and at last
    by installing it into a Pulumi home of the project's own; a failure of the last is remembered
    for some hours. $PHONEMFA_AUTH0_PLUGIN: `auto` (default), `official` (an error when it cannot
    be had; asks the network again), `stand-in`.

    Raises:
        EngineError: an unknown value of the variable, the official plugin was demanded and cannot
            be had, or the stand-in is missing.
    """
    environ = os.environ if environ is None else environ
    cache = EngineCache(environ=environ) if cache is None else cache
    mode = _mode(environ)
    if mode == "stand-in":
        return _stand_in(stand_in, f"{MODE_VARIABLE}=stand-in")
    found = _on_path(environ, stand_in, progress) or _of_the_user(environ)
    if found is not None:
        return found
    installed, reason = _install(engine, progress, environ, cache, retry=mode == "official")
    if installed is not None:
        return installed
    if mode == "official":
        raise EngineError(
            f"{MODE_VARIABLE}=official, but the official auth0 plugin {auth0_plugin_version()} "
            f"cannot be had: {reason}",
            f"Put {PROGRAM} {auth0_plugin_version()} on PATH, or unset {MODE_VARIABLE} to run with "
            "the stand-in.",
        )
    return _stand_in(stand_in, f"the official {auth0_plugin_version()} cannot be had: {reason}")


def _mode(environ: Mapping[str, str]) -> Mode:
    value = environ.get(MODE_VARIABLE, "").strip() or "auto"
    for mode in get_args(Mode):
        if value == mode:
            return mode  # type: ignore[no-any-return]
    raise EngineError(
        f"{MODE_VARIABLE}={value} is not known, so no auth0 plugin can be chosen.",
        f"Set it to one of: {', '.join(get_args(Mode))}.",
    )


def _stand_in(executable: Path, why: str) -> Plugin:
    if not os.access(executable, os.X_OK):
        raise EngineError(
            f"The stand-in plugin is missing or cannot be run: {executable}",
            f"Restore it (`git checkout -- {executable.parent.name}`), or put the official "
            f"{PROGRAM} {auth0_plugin_version()} on PATH.",
        )
    return Plugin(executable=executable, official=False, version=None, why=why)


def _on_path(environ: Mapping[str, str], stand_in: Path, progress: Progress) -> Plugin | None:
    for folder in dict.fromkeys(environ.get("PATH", "").split(os.pathsep)):
        found = shutil.which(PROGRAM, path=folder) if folder else None
        if found is None or Path(found).resolve() == stand_in.resolve():
            continue
        answer = ask(Path(found), "-version", environ=environ, must_succeed=True)
        version = Version.find_in(answer or "")
        if answer is None:
            fault = "does not answer `-version`"
        elif version is None or version == OWN_BUILD:
            # From its sources, without a release's number: whoever put it on PATH wants it.
            told = f"a build that tells no release, {version}" if version else None
            return Plugin(Path(found), official=True, version=told, why=f"on PATH: {found}")
        elif plugin_is_suitable(version):
            return Plugin(Path(found), official=True, version=str(version), why=f"on PATH: {found}")
        else:
            fault = f"is {version}"
        progress.step(
            f"auth0 plugin: {found} {fault}: not used. Put {auth0_plugin_version()} there "
            f"(from {MINIMUM_PLUGIN} to below {BELOW_PLUGIN.major} works), or take it off PATH"
        )
    return None


def _of_the_user(environ: Mapping[str, str]) -> Plugin | None:
    home = environ.get("PULUMI_HOME") or Path(environ.get("HOME") or Path.home()) / ".pulumi"
    return _in_pulumi_home(Path(home), why="installed by the user")


def _in_pulumi_home(home: Path, *, why: str) -> Plugin | None:
    """The best suitable plugin in `home`; half-installed ones have a `.partial` file beside.

    The newest with the Python package's minor version, or where there is none the newest.
    """
    wanted = Version.find_in(auth0_plugin_version())
    found: list[tuple[bool, Version, Path]] = []
    for folder in (home / "plugins").glob("resource-auth0-v*"):
        version = Version.find_in(folder.name.removeprefix("resource-auth0-v"))
        if (
            version is not None
            and plugin_is_suitable(version)
            and os.access(folder / PROGRAM, os.X_OK)
            and not folder.with_name(f"{folder.name}.partial").exists()
        ):
            same = wanted is not None and version.minor == wanted.minor
            found.append((same, version, folder / PROGRAM))
    if not found:
        return None
    _, version, executable = max(found)
    return Plugin(executable, official=True, version=str(version), why=f"{why}: {executable}")


def _install(
    engine: Engine,
    progress: Progress,
    environ: Mapping[str, str],
    cache: EngineCache,
    *,
    retry: bool,
) -> tuple[Plugin | None, str]:
    """Install the official plugin into the project's own Pulumi home, or say why that fails."""
    why = "installed in the project's cache"
    installed = _in_pulumi_home(cache.plugin_home, why=why)
    if installed is not None:
        return installed, ""
    question = f"auth0-plugin-{auth0_plugin_version()}-{target()}"
    remembered = None if retry else cache.recall(question)
    if remembered is not None:
        return None, remembered
    progress.tick(f"asking for the official auth0 plugin {auth0_plugin_version()}")
    cache.plugin_home.mkdir(parents=True, exist_ok=True)
    env = {name: value for name, value in environ.items() if not name.startswith("PULUMI_")}
    env |= {"PULUMI_HOME": str(cache.plugin_home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    command = [str(engine.pulumi), "plugin", "install", "resource", "auth0", auth0_plugin_version()]
    try:
        ended = subprocess.run(
            [*command, "--non-interactive", "--color", "never"],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_INSTALL_SECONDS,
            check=False,
        )
        reason = _last_line(ended.stderr) or f"exit status {ended.returncode}"
    except subprocess.TimeoutExpired:
        reason = f"no answer within {_INSTALL_SECONDS} s"
    installed = _in_pulumi_home(cache.plugin_home, why=why)
    if installed is None:
        cache.remember(question, reason)
    return installed, reason


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # Pulumi puts "[resource plugin auth0-3.55.1] downloading from : " before the reason.
    return (
        re.sub(r"^(error: |\[[^]]*] |downloading from ?\S* ?: )+", "", lines[-1]) if lines else ""
    )
