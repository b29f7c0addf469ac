"""Makes sure that there is a Pulumi engine.

In this order: a suitable `pulumi` on PATH; an engine that is in the cache already; the official
release; a build from Go modules.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sandbox.engine.build import build_engine, build_key
from sandbox.engine.cache import TARGET, EngineCache
from sandbox.engine.download import LOCK, Unavailable
from sandbox.engine.release import RELEASES, fetch_release
from sandbox.engine.versions import BELOW_CLI, CLI_VERSION, MINIMUM_CLI, Version
from sandbox.machine.errors import EngineError
from sandbox.machine.processes import output_of
from sandbox.machine.progress import Progress

Origin = Literal["path", "release", "build"]
RELEASE_QUESTION = f"release-{CLI_VERSION}-{TARGET}"
"""Under which the cache remembers that the official release cannot be had."""

_SAYS: dict[str, str] = {
    "path": "found on PATH",
    "release": "official release, in the cache",
    "build": "built from its Go modules, in the cache",
}


@dataclass(frozen=True)
class Engine:
    """A Pulumi CLI with its Python language host, ready to run."""

    pulumi: Path
    language_host: Path
    version: str
    origin: Origin

    @property
    def search_path(self) -> tuple[Path, ...]:
        """The folders that must be on PATH for the CLI to find its language host."""
        return tuple(dict.fromkeys((self.language_host.parent, self.pulumi.parent)))

    def describe(self) -> str:
        """One line for a person: version, source and place."""
        return f"engine: pulumi {self.version}, {_SAYS[self.origin]} ({self.pulumi})"


def ensure_engine(
    progress: Progress,
    *,
    environ: Mapping[str, str] | None = None,
    cache: EngineCache | None = None,
    releases: str = RELEASES,
    lock: Path = LOCK,
) -> Engine:
    """The engine to use; downloads or builds one when there is none.

    Safe to call from several processes at once: one makes the engine, the others wait for it.

    Args:
        progress: is told about every decision and, during long work, what is going on.
        environ: default `os.environ`; decides PATH and the cache folder.
        cache: default the user's.
        releases: where official releases are; tests point it elsewhere.
        lock: the hashes that downloads are held to.

    Raises:
        EngineError: it can neither be found, downloaded nor built, or the release is another one
            than it was, than was published, or than its version says.
    """
    environ = os.environ if environ is None else environ
    cache = EngineCache(environ=environ) if cache is None else cache
    found = _on_path(environ, progress) or _cached(cache)
    if found is not None:
        return found
    with cache.lock(progress):
        # Another process may have made it while this one waited.
        return _cached(cache) or _make(cache, progress, environ, releases, lock)


def programs_on(path: str, program: str) -> Iterator[Path]:
    """Every file called `program` on `path` that can be run, in that order."""
    for folder in dict.fromkeys(path.split(os.pathsep)):
        found = shutil.which(program, path=folder) if folder else None
        if found:
            yield Path(found)


def ask(
    program: Path, *arguments: str, environ: Mapping[str, str], any_status: bool = False
) -> str | None:
    """What `program` prints, with a Pulumi home of our own: asking leaves no trace in the user's.

    None when it cannot be run, does not end, or (unless `any_status` will do) fails.
    """
    env = {name: value for name, value in environ.items() if not name.startswith("PULUMI_")}
    with tempfile.TemporaryDirectory(prefix="phonemfa-ask-") as home:
        env |= {"PULUMI_HOME": home, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        return output_of(program, *arguments, env=env, any_status=any_status)


def _on_path(environ: Mapping[str, str], progress: Progress) -> Engine | None:
    """The first suitable `pulumi` on PATH; one that is not taken is named with the reason."""
    for pulumi in programs_on(environ.get("PATH", ""), "pulumi"):
        version = Version.find_in(ask(pulumi, "version", environ=environ))
        host = _language_host(pulumi, environ)
        if version is None:
            fault = "does not tell its version"
        elif not MINIMUM_CLI <= version < BELOW_CLI:
            fault = f"is {version}; at least {MINIMUM_CLI} and below 4 is needed"
        elif host is None:
            fault = (
                f"is {version}, but no working pulumi-language-python (with its -exec) "
                "is beside it or on PATH"
            )
        else:
            return Engine(pulumi, host, str(version), "path")
        progress.step(f"engine: {pulumi} {fault}: not used")
    return None


def _language_host(pulumi: Path, environ: Mapping[str, str]) -> Path | None:
    # An installed pulumi is often a link; its language hosts lie beside the file it points to.
    beside = [str(pulumi.parent), str(pulumi.resolve().parent), environ.get("PATH", "")]
    for host in programs_on(os.pathsep.join(beside), "pulumi-language-python"):
        near = os.pathsep.join([str(host.parent), str(host.resolve().parent), *beside])
        # It has no version flag; that it starts and explains its flags is what can be asked.
        if (
            shutil.which("pulumi-language-python-exec", path=near)
            and "usage" in (ask(host, "-h", environ=environ, any_status=True) or "").lower()
        ):
            return host
    return None


def _cached(cache: EngineCache) -> Engine | None:
    names: dict[str, Origin] = {_name("release"): "release", _name(build_key()): "build"}
    for name, origin in names.items():
        if cache.has(name):
            folder = cache.folder / name
            host = folder / "pulumi-language-python"
            return Engine(folder / "pulumi", host, CLI_VERSION, origin)
    return None


def _name(key: str) -> str:
    return f"{CLI_VERSION}-{TARGET}-{key}"


def _make(
    cache: EngineCache, progress: Progress, environ: Mapping[str, str], releases: str, lock: Path
) -> Engine:
    def put(name: str, fill: Callable[[Path], None]) -> Engine:
        with cache.making(name) as folder:
            fill(folder)
            # Run once, so that a broken one never gets into the cache.
            says = (ask(folder / "pulumi", "version", environ=environ) or "").strip()
            if Version.find_in(says) != Version.find_in(CLI_VERSION):
                raise EngineError(
                    f"The new Pulumi CLI says {says!r} when it is asked for its version.",
                    f"Install Pulumi {MINIMUM_CLI} or newer (below 4) so that it is on PATH.",
                )
        made = _cached(cache)
        assert made is not None  # noqa: S101 - just put there
        return made

    reason = cache.recall(RELEASE_QUESTION)
    if reason is None:
        progress.tick(f"asking for the official release of Pulumi {CLI_VERSION}")
        try:
            return put(
                _name("release"),
                lambda to: fetch_release(to, progress, releases=releases, lock=lock),
            )
        except Unavailable as error:
            reason = str(error).splitlines()[0]
            cache.remember(RELEASE_QUESTION, reason)
    progress.step(f"engine: the official release cannot be had here ({reason})")
    progress.step(
        f"engine: building Pulumi {CLI_VERSION} from its Go modules, once for this machine "
        "(about four minutes on two cores)"
    )
    return put(_name(build_key()), lambda to: build_engine(to, progress, environ))
