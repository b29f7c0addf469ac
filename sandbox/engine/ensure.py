"""Makes sure that there is a Pulumi engine, in a fixed order of sources.

Owns the order: a suitable `pulumi` on PATH; an engine that is in the cache already; the official
release; a build from Go modules. Refuses to know how each of them works.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sandbox.engine.build import build_engine, build_key
from sandbox.engine.cache import EngineCache, target
from sandbox.engine.installed import ask, find_installed
from sandbox.engine.release import RELEASES, Unavailable, fetch_release
from sandbox.engine.versions import CLI_VERSION, Version
from sandbox.machine.errors import EngineError
from sandbox.machine.progress import Progress

Origin = Literal["path", "release", "build"]
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
) -> Engine:
    """The engine to use; downloads or builds one when there is none.

    Safe to call from several processes at once: one makes the engine, the others wait for it.

    Args:
        progress: is told about every decision and, during long work, what is going on.
        environ: default `os.environ`; decides PATH and the cache folder.
        cache: default the user's.
        releases: where official releases are; tests point it elsewhere.

    Raises:
        EngineError: it can neither be found, downloaded nor built.
    """
    environ = os.environ if environ is None else environ
    cache = EngineCache(environ=environ) if cache is None else cache
    installed = find_installed(environ, progress)
    if installed is not None:
        return Engine(
            pulumi=installed.pulumi,
            language_host=installed.language_host,
            version=str(installed.version),
            origin="path",
        )
    ready = _cached(cache)
    if ready is not None:
        return ready
    with cache.lock(progress):
        # Another process may have made it while this one waited.
        return _cached(cache) or _make(cache, progress, environ, releases)


def release_question() -> str:
    """Under which the cache remembers that the official release cannot be had."""
    return f"release-{CLI_VERSION}-{target()}"


def _names() -> tuple[tuple[str, Origin], ...]:
    """Names of engines in the cache, in the order of preference."""
    base = f"{CLI_VERSION}-{target()}"
    return ((f"{base}-release", "release"), (f"{base}-{build_key()}", "build"))


def _cached(cache: EngineCache) -> Engine | None:
    for name, origin in _names():
        found = cache.engine(name)
        if found is not None:
            return _engine_in(found[0], origin)
    return None


def _engine_in(folder: Path, origin: Origin) -> Engine:
    return Engine(
        pulumi=folder / "pulumi",
        language_host=folder / "pulumi-language-python",
        version=CLI_VERSION,
        origin=origin,
    )


def _make(
    cache: EngineCache, progress: Progress, environ: Mapping[str, str], releases: str
) -> Engine:
    (release, _), (build, _) = _names()
    question = release_question()
    reason = cache.recall(question)
    if reason is None:
        try:
            progress.tick(f"asking for the official release of Pulumi {CLI_VERSION}")
            with cache.making(release, version=CLI_VERSION, origin="release") as folder:
                fetch_release(folder, progress, releases=releases)
                _prove(folder, environ)
            return _engine_in(cache.folder / release, "release")
        except (Unavailable, EngineError) as error:
            reason = str(error).splitlines()[0]
            cache.remember(question, reason)
    progress.step(f"engine: the official release cannot be had here ({reason})")
    progress.step(
        f"engine: building Pulumi {CLI_VERSION} from its Go modules, once for this machine "
        "(about four minutes on two cores)"
    )
    with cache.making(build, version=CLI_VERSION, origin="build") as folder:
        build_engine(folder, progress, environ)
        _prove(folder, environ)
    return _engine_in(cache.folder / build, "build")


def _prove(folder: Path, environ: Mapping[str, str]) -> None:
    """Run the new CLI once, so that a broken one never gets into the cache."""
    says = (ask(folder / "pulumi", "version", environ=environ) or "").strip()
    if Version.find_in(says) != Version.find_in(CLI_VERSION):
        raise EngineError(
            f"The new Pulumi CLI says {says!r} when it is asked for its version {CLI_VERSION}.",
            "Install Pulumi 3.259.0 or newer (below 4) so that `pulumi` is on PATH.",
        )
