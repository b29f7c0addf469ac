"""Known vulnerabilities in the locked packages, from whatever advisory data can be had here.

Owns asking pip-audit, npm audit and govulncheck, and the rule that a package without data is not a
package without vulnerabilities: pip-audit calls a package that its service does not know skipped
and ends with 0, npm answers a registry without advisories with an error. Refuses to say "fine" for
either.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from supply_chain.packages import PROJECT, PYTHON_LOCKS, python_lock
from supply_chain.streams import objects_in

TIMEOUT: Final = 600.0
_PROBE: Final = "pip"


@dataclass(frozen=True, kw_only=True)
class Audited:
    """What one source of advisories said.

    Attributes:
        source: the tool, and where it asks.
        checked: packages about which it had data.
        found: one line a vulnerability.
        missing: why there was no data, for some or for all; empty when there was for all.
    """

    source: str
    checked: int = 0
    found: list[str] = field(default_factory=list)
    missing: str = ""


@dataclass(frozen=True)
class Ran:
    """A tool's end."""

    status: int
    out: str
    err: str


Run = Callable[[Sequence[str]], Ran]


def run(command: Sequence[str]) -> Ran:
    """Run a tool in the checkout; one that is not there, or takes too long, is a failure of it."""
    try:
        ended = subprocess.run(
            command, cwd=PROJECT, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Ran(-1, "", f"{type(error).__name__}: {error}")
    return Ran(ended.returncode, ended.stdout, ended.stderr)


def python(run: Run = run, project: Path = PROJECT) -> Audited:
    """The Python locks, by pip-audit against PyPI's advisories."""
    source = "Python: pip-audit, from the package index's JSON (PyPI advisories)"
    # One package first: an index without that data would be asked for each of them in vain.
    locks = {lock: list(python_lock(project / lock)) for lock in PYTHON_LOCKS}
    probe = next(lock for lock, held in locks.items() if [one.name for one in held] == [_PROBE])
    tried = _pip_audit(run, [probe])
    if isinstance(tried, str) or not _with_data(tried):
        reason = tried if isinstance(tried, str) else tried[0]["skip_reason"]
        return Audited(source=source, missing=f"no data for any package: {reason}")
    answered = _pip_audit(run, [lock for lock in PYTHON_LOCKS if lock != probe])
    if isinstance(answered, str):
        return Audited(source=source, missing=answered)
    dependencies = tried + answered
    known = _with_data(dependencies)
    skipped = [one for one in dependencies if "skip_reason" in one]
    found = [
        f"{one['name']} {one['version']}: {vulnerability['id']}"
        + (f", fixed in {', '.join(fixes)}" if (fixes := vulnerability.get("fix_versions")) else "")
        for one in known
        for vulnerability in one["vulns"]
    ]
    missing = f"no data for {', '.join(one['name'] for one in skipped)}" if skipped else ""
    return Audited(source=source, checked=len(known), found=found, missing=missing)


def _pip_audit(run: Run, locks: Sequence[str]) -> list[dict[str, Any]] | str:
    """Its `dependencies`, or why there are none."""
    options = ["--require-hashes", "--disable-pip", "--no-deps", "--format", "json"]
    files = [word for lock in locks for word in ("--requirement", lock)]
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", *options, *files]
    ended = run(command)
    answer = _json(ended.out)
    if ended.status not in {0, 1} or not answer.get("dependencies"):
        return f"pip-audit failed ({ended.status}): {_last_line(ended.err)}"
    found: list[dict[str, Any]] = answer["dependencies"]
    return found


def _with_data(dependencies: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in dependencies if "vulns" in one]


def npm(run: Run = run) -> Audited:
    """package-lock.json, by npm audit against its registry's advisories."""
    source = "JavaScript: npm audit, from the registry's advisories"
    ended = run(["npm", "audit", "--package-lock-only", "--json"])
    answer = _json(ended.out)
    if "auditReportVersion" not in answer:
        reason = str(answer.get("message") or _last_line(ended.err)).strip()
        return Audited(source=source, missing=f"no data for any package: {reason}")
    found = [
        f"{name}: {advisory['title']} ({advisory.get('url', '')})"
        for name, one in sorted(answer["vulnerabilities"].items())
        for advisory in one["via"]
        if isinstance(advisory, Mapping)
    ]
    total = answer["metadata"]["dependencies"]["total"]
    return Audited(source=source, checked=total, found=found)


def go(
    engine: Path | None, run: Run = run, which: Callable[[str], str | None] = shutil.which
) -> Audited:
    """The engine that this machine runs, by govulncheck against vuln.go.dev.

    Args:
        engine: the built CLI; it names its modules itself.
    """
    source = "Go: govulncheck on the engine's program, from vuln.go.dev"
    if which("govulncheck") is None:
        how = "go install golang.org/x/vuln/cmd/govulncheck@latest"
        return Audited(source=source, missing=f"no data: no govulncheck on PATH ({how})")
    if engine is None:
        return Audited(source=source, missing="no data: there is no engine yet (make engine)")
    ended = run(["govulncheck", "-mode=binary", "-format=json", str(engine)])
    if ended.status != 0:
        return Audited(source=source, missing=f"no data: {_last_line(ended.err)}")
    messages = objects_in(ended.out)
    called = {one["finding"]["osv"] for one in messages if "finding" in one}
    modules = sum(len(one["SBOM"].get("modules", [])) for one in messages if "SBOM" in one)
    return Audited(source=source, checked=modules, found=sorted(called))


def _json(text: str) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]
