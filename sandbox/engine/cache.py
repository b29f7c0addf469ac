"""The user's cache folder: engines that are ready, one lock, and answers worth remembering.

<user cache>/phonemfa/engine/
.lock                        held while an engine is made
.making-xxxx/                an engine being made
<version>-<os>-<arch>-<key>/ a complete engine
answers/                     for some hours: what the network did not have
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
from pathlib import Path

import platformdirs

from sandbox.machine.files import turn, write_atomically
from sandbox.machine.progress import Progress

CACHE_VARIABLE = "PHONEMFA_CACHE_DIR"
PROGRAMS = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec")
TARGET = f"{platform.system()}-{platform.machine()}".lower()
_MAKING = ".making-"
_REMEMBER_SECONDS = 12 * 3600.0


class EngineCache:
    """The cache folder `<root>/engine`; `root` is $PHONEMFA_CACHE_DIR, else the user's own."""

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
        self._clock = clock

    def has(self, name: str) -> bool:
        """Whether there is an undamaged engine called `name`."""
        programs = [self.folder / name / program for program in PROGRAMS]
        return all(os.access(one, os.X_OK) and one.stat().st_size for one in programs)

    @contextmanager
    def lock(self, progress: Progress) -> Iterator[None]:
        """Hold the right to make an engine; what a killed maker left is removed."""
        says = "another process that prepares the engine"
        with turn(self.folder / ".lock", progress, waiting_for=says):
            for left in self.folder.glob(f"{_MAKING}*"):
                shutil.rmtree(left, ignore_errors=True)
            yield

    @contextmanager
    def making(self, name: str) -> Iterator[Path]:
        """A folder to put `PROGRAMS` into, and scratch into its `work`; needs `lock`.

        It becomes the engine `name`, in one step, when the block ends well.
        """
        making = Path(tempfile.mkdtemp(dir=self.folder, prefix=_MAKING))
        try:
            yield making
            shutil.rmtree(making / "work", ignore_errors=True)
            making.chmod(0o755)
            shutil.rmtree(self.folder / name, ignore_errors=True)  # damaged, or it would be used
            making.rename(self.folder / name)
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def recall(self, question: str) -> str | None:
        """The answer to `question` if it was remembered in the last 12 hours, else None."""
        try:
            kept = json.loads((self.folder / "answers" / f"{question}.json").read_text())
            age = self._clock() - float(kept["at"])
            return str(kept["answer"]) if 0 <= age < _REMEMBER_SECONDS else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remember(self, question: str, answer: str) -> None:
        """Keep `answer` for 12 hours. `question` is a file name without folder or ending."""
        kept = json.dumps({"at": self._clock(), "answer": answer})
        write_atomically(self.folder / "answers" / f"{question}.json", kept)
