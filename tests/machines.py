"""A machine that has only what a test puts on its PATH, for the scripts that install programs."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.contract import PROJECT

NEEDED = ("bash", "cat", "chmod", "env", "mkdir", "mktemp", "rm", "sort", "tail", "tee")

# Who is not root is let through by the same stand-in that asks nothing.
SUDO = '#!/usr/bin/env bash\nshift\n"$@"\n'


@dataclass(frozen=True)
class Machine:
    """`bin` is all that is on PATH."""

    bin: Path

    @classmethod
    def at(cls, folder: Path) -> Machine:
        """A new one, with the tools that every system has."""
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        for name in NEEDED:
            (bin_folder / name).symlink_to(str(shutil.which(name)))
        return cls(bin_folder)

    def run(
        self, script: str, *options: str, has: dict[str, str], **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run one of the project's scripts; `has` are further programs by name."""
        for name, text in {"sudo": SUDO, **has}.items():
            path = self.bin / name
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)
        return subprocess.run(
            [PROJECT / "tools" / script, *options],
            env={"PATH": str(self.bin), "CI": "true", **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    def log_of(self, program: str) -> str:
        """What a stand-in that logs was called with; empty when it never was."""
        log = self.bin / f"{program}.log"
        return log.read_text(encoding="utf-8") if log.exists() else ""
