"""The user's cache folder: engines that are ready, one lock, and answers worth remembering.

Owns where an engine lies once it is complete, how two makers keep out of each other's way, and
what is left of a maker that was killed (removed by the next holder of the lock). Also remembers
for some hours that something could not be had from the network, so that a warm start does not
pay for asking again. Refuses to know how an engine is made.

    <user cache>/phonemfa/engine/
        .lock                        held while an engine is made
        .making-xxxx/                an engine being made
        <version>-<os>-<arch>-<key>/ a complete engine and its manifest
        answers/                     remembered answers
        plugin-home/                 Pulumi home used only to install the official plugin
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

from sandbox.machine.files import write_atomically
from sandbox.machine.locks import turn
from sandbox.machine.progress import Progress

CACHE_VARIABLE = "PHONEMFA_CACHE_DIR"
PROGRAMS = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec")
_MANIFEST = "engine.json"
_MAKING = ".making-"
_REMEMBER_SECONDS = 12 * 3600.0


@dataclass(frozen=True)
class Manifest:
    """What a complete engine folder says of itself.

    `sizes` maps each program to its bytes, so that a copy damaged later is not run.
    """

    version: str
    origin: str
    sizes: dict[str, int]


def target() -> str:
    """This machine as `<os>-<arch>`, for example `linux-x86_64`."""
    return f"{platform.system()}-{platform.machine()}".lower()


class EngineCache:
    """The cache folder `<root>/engine`.

    Args:
        root: the project's cache folder; default $PHONEMFA_CACHE_DIR, else the user's.
        clock: seconds since the epoch; replaced by tests.
    """

    def __init__(
        self,
        root: Path | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        configured = (os.environ if environ is None else environ).get(CACHE_VARIABLE)
        if root is None:
            root = Path(configured) if configured else platformdirs.user_cache_path("phonemfa")
        self.folder = root / "engine"
        self.plugin_home = self.folder / "plugin-home"
        self._answers = self.folder / "answers"
        self._clock = clock

    def engine(self, name: str) -> tuple[Path, Manifest] | None:
        """The complete, undamaged engine called `name`, or None."""
        folder = self.folder / name
        try:
            manifest = Manifest(**json.loads((folder / _MANIFEST).read_text()))
            sizes = {program: (folder / program).stat().st_size for program in PROGRAMS}
        except (OSError, ValueError, TypeError):
            return None
        usable = all(os.access(folder / program, os.X_OK) for program in PROGRAMS)
        return (folder, manifest) if usable and sizes == manifest.sizes else None

    @contextmanager
    def lock(self, progress: Progress) -> Iterator[None]:
        """Hold the right to make an engine. Waits, saying so, while another process holds it.

        The operating system frees the lock when its holder dies; what that holder left half-made
        is removed here.
        """
        says = "another process that prepares the engine"
        with turn(self.folder / ".lock", progress, waiting_for=says):
            for left in self.folder.glob(f"{_MAKING}*"):
                shutil.rmtree(left, ignore_errors=True)
            yield

    @contextmanager
    def making(self, name: str, *, version: str, origin: str) -> Iterator[Path]:
        """A folder to put `PROGRAMS` into; it becomes the engine `name` when the block ends well.

        Needs `lock`. The folder appears under its name in one step, complete.
        """
        making = Path(tempfile.mkdtemp(dir=self.folder, prefix=_MAKING))
        try:
            yield making
            for leftover in set(making.iterdir()) - {making / program for program in PROGRAMS}:
                if leftover.is_dir():
                    shutil.rmtree(leftover)
                else:
                    leftover.unlink()
            sizes = {program: (making / program).stat().st_size for program in PROGRAMS}
            manifest = Manifest(version=version, origin=origin, sizes=sizes)
            write_atomically(making / _MANIFEST, json.dumps(asdict(manifest), indent=2))
            making.chmod(0o755)
            final = self.folder / name
            shutil.rmtree(final, ignore_errors=True)  # damaged, or it would have been used
            making.rename(final)
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def recall(self, question: str) -> str | None:
        """The answer to `question` if it was remembered in the last 12 hours, else None."""
        try:
            kept = json.loads((self._answers / f"{question}.json").read_text())
            age = self._clock() - float(kept["at"])
            return str(kept["answer"]) if 0 <= age < _REMEMBER_SECONDS else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remember(self, question: str, answer: str) -> None:
        """Keep `answer` for 12 hours. `question` is a file name without folder or ending."""
        kept = {"at": self._clock(), "answer": answer}
        write_atomically(self._answers / f"{question}.json", json.dumps(kept))
