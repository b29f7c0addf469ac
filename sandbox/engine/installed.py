"""A Pulumi that is installed already: the programs on the user's PATH.

Owns the question whether one of them is suitable. Runs them only to ask for their version, with a
Pulumi home of our own, so that asking leaves no trace in the user's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.engine.versions import MINIMUM_CLI, Version, cli_is_suitable
from sandbox.machine.progress import Progress

_ASK_SECONDS = 20


@dataclass(frozen=True)
class Installed:
    """A CLI and a Python language host that can run together."""

    pulumi: Path
    language_host: Path
    version: Version


def find_installed(environ: Mapping[str, str], progress: Progress) -> Installed | None:
    """The first suitable `pulumi` on PATH with a usable Python language host, or None.

    Each one that is looked at and not taken is named with the reason.
    """
    for pulumi in _every(environ, "pulumi"):
        answer = ask(pulumi, "version", environ=environ)
        version = Version.find_in(answer or "")
        if version is None:
            progress.step(f"engine: {pulumi} does not tell its version: not used")
        elif not cli_is_suitable(version):
            progress.step(
                f"engine: {pulumi} is {version}; at least {MINIMUM_CLI} and below 4 is needed: "
                "not used"
            )
        else:
            host = _language_host(pulumi, environ)
            if host is not None:
                return Installed(pulumi=pulumi, language_host=host, version=version)
            progress.step(
                f"engine: {pulumi} is {version}, but no working pulumi-language-python (with "
                "pulumi-language-python-exec) is beside it or on PATH: not used"
            )
    return None


def ask(
    program: Path, *arguments: str, environ: Mapping[str, str], must_succeed: bool = False
) -> str | None:
    """What `program` prints (both streams), or None when it cannot be run or does not end.

    Args:
        program: what to run.
        arguments: what it is asked with.
        environ: of the caller; it gets a Pulumi home of its own.
        must_succeed: what it prints before a failure is no answer either.
    """
    with tempfile.TemporaryDirectory(prefix="phonemfa-ask-") as home:
        env = {name: value for name, value in environ.items() if not name.startswith("PULUMI_")}
        env |= {"PULUMI_HOME": home, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        try:
            asked = subprocess.run(
                [program, *arguments],
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_ASK_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
    if must_succeed and asked.returncode != 0:
        return None
    return asked.stdout + asked.stderr


def _every(environ: Mapping[str, str], program: str) -> Iterator[Path]:
    """Every file called `program` on PATH that can be run, in the order of PATH."""
    for folder in dict.fromkeys(environ.get("PATH", "").split(os.pathsep)):
        found = shutil.which(program, path=folder) if folder else None
        if found:
            yield Path(found)


def _language_host(pulumi: Path, environ: Mapping[str, str]) -> Path | None:
    # An installed pulumi is often a link; its language hosts lie beside the file it points to.
    beside = os.pathsep.join(dict.fromkeys([str(pulumi.parent), str(pulumi.resolve().parent)]))
    path = os.pathsep.join([beside, environ.get("PATH", "")])
    for host in _every({"PATH": path}, "pulumi-language-python"):
        exec_path = os.pathsep.join([str(host.parent), str(host.resolve().parent), path])
        if shutil.which("pulumi-language-python-exec", path=exec_path) is None:
            continue
        # It has no version flag; that it starts and explains its flags is what can be asked.
        if "usage" in (ask(host, "-h", environ=environ) or "").lower():
            return host
    return None
