"""go-auth0, the client inside the Terraform provider and the official Pulumi plugin, for tests.

Its own tests are built once in `build/go-auth0` and run against a sandbox. It comes as a Go module
whose hash stands in `go/go.sum`; nothing of it is copied here.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock

from sandbox.server.running import RunningSandbox
from tests.contract import PROJECT

SOURCES = PROJECT / "tests" / "clients" / "go"
BUILDS = PROJECT / "build" / "go-auth0"
MODULE = "github.com/auth0/go-auth0"

_NEEDS_GO = (1, 25)
BUILD_SECONDS = 900
"""How long a test may take that has to build first."""


@cache
def go_is_missing() -> str | None:
    """Why nothing can be built here, or None."""
    go = shutil.which("go")
    if go is None:
        return "there is no Go on this machine"
    shown = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=True)
    found = re.match(r"go(\d+)\.(\d+)", shown.stdout)
    if found is None or (int(found[1]), int(found[2])) < _NEEDS_GO:
        return f"go-auth0 needs Go {'.'.join(map(str, _NEEDS_GO))}, here is {shown.stdout}"
    return None


def _go(*arguments: str, folder: Path = SOURCES) -> str:
    done = subprocess.run(
        ["go", *arguments],
        cwd=folder,
        env={**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"},
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"go {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout


def _built(name: str, make: Callable[[Path], Any]) -> Path:
    """The program `name`, made at most once for these sources and this Go."""
    state = hashlib.sha256(_go("env", "GOVERSION").encode())
    for file in sorted(SOURCES.iterdir()):
        state.update(file.name.encode() + b"\0" + file.read_bytes())
    folder = BUILDS / state.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    with FileLock(BUILDS / "lock"):
        if not program.exists():
            for old in BUILDS.iterdir():
                if old.is_dir() and old != folder:
                    shutil.rmtree(old)  # of sources that are no more
            unfinished = folder / f"{name}.new"
            make(unfinished)
            unfinished.replace(program)
    return program


@cache
def module_dir() -> Path:
    """Where Go keeps go-auth0 v1, unpacked and checked against `go.sum`."""
    return Path(json.loads(_go("mod", "download", "-json", MODULE))["Dir"])


@cache
def own_tests() -> Path:
    """go-auth0's own tests of its management client, as a program."""
    folder = module_dir()
    return _built(
        "v1.test", lambda to: _go("test", "-c", "-o", str(to), "./management", folder=folder)
    )


def _environment(sandbox: RunningSandbox) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(sandbox.state_dir),
        "AUTH0_DOMAIN": sandbox.tenant_url.removeprefix("https://"),
        "AUTH0_CLIENT_ID": sandbox.client_id,
        "AUTH0_CLIENT_SECRET": sandbox.client_secret,
        "AUTH0_HTTP_RECORDINGS": "off",
        "SSL_CERT_FILE": str(sandbox.ca_file),
    }


def run_own_tests(sandbox: RunningSandbox, wanted: str, left_out: str) -> dict[str, str]:
    """Run go-auth0's own tests; answers `PASS`, `FAIL` or `SKIP` by name, subtests included.

    A panic in one of them ends the run; what was not reached is absent.
    """
    done = subprocess.run(
        [str(own_tests()), "-test.v", f"-test.run={wanted}", f"-test.skip={left_out}"],
        cwd=module_dir() / "management",
        env=_environment(sandbox),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = re.findall(r"^ *--- (PASS|FAIL|SKIP): (\S+)", done.stdout, flags=re.MULTILINE)
    results = {name: result for result, name in found}
    assert done.returncode == 0 or "FAIL" in results.values(), done.stdout + done.stderr
    return results
