"""`make sbom`, `make licences`, `make audit`: foreign packages, by kept tools for each ecosystem.

Exit status 0 is fine, 1 something is wrong, 2 that there was no answer: a package about which there
is no data is not a package without vulnerabilities. docs/supply-chain.md.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import typer

PROJECT: Final = Path(__file__).resolve().parents[1]
NODE: Final = PROJECT / "tools" / "node"
PYTHON_LOCKS: Final = ("requirements.lock", "tools/pip.lock", "tools/uv.lock")
GO_MODULES: Final = (
    "sandbox/engine/modules/cli",
    "sandbox/engine/modules/python-host",
    "tools/actionlint",
    "tests/clients/go",
)
NO_LICENCE: Final = {
    "github.com/acomagu/bufpipe": "named by Pulumi, in no program built here",
    "github.com/mattn/go-localereader": "for Windows alone",
    "github.com/sourcegraph/appdash-data": "Pulumi's own CLI is built with it",
}
"""Go modules that have no licence text and are accepted all the same, with the reason."""

_SENTENCES: Final = (
    ("Apache-2.0", "Apache License Version 2.0"),
    ("MPL-2.0", "Mozilla Public License Version 2.0"),
    ("MPL-2.0", "Mozilla Public License, version 2.0"),
    ("ISC", "Permission to use, copy, modify, and/or distribute this software for any"),
    ("ISC", "Permission to use, copy, modify, and distribute this software for any"),
    ("Unlicense", "This is free and unencumbered software released into the public domain"),
    ("MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("BSD-3-Clause", "may be used to endorse or promote products derived from"),
    ("BSD-2-Clause", "Redistribution and use in source and binary forms"),
)
"""In this order: a text with the last sentence and not the one before it has two clauses."""

WRONG, UNANSWERED = 1, 2
app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


def ran(*command: str, folder: Path = PROJECT, text: str = "") -> subprocess.CompletedProcess[str]:
    """A tool's end; one that is not there is a failure of it."""
    try:
        return subprocess.run(
            command, cwd=folder, input=text, capture_output=True, text=True, check=False
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, -1, "", str(error))


def _bill(*command: str, folder: Path = PROJECT, text: str = "") -> dict[str, Any]:
    ended = ran(*command, folder=folder, text=text)
    if ended.returncode:
        sys.exit(f"{' '.join(command[:3])} failed: {ended.stderr}")
    made: dict[str, Any] = json.loads(ended.stdout)
    return made


def python_bill() -> dict[str, Any]:
    """Every package of the locks with its hashes; licences of those that are installed here."""
    tool = [sys.executable, "-m", "cyclonedx_py"]
    options = ["--sv", "1.5", "--output-reproducible", "--no-validate"]
    locks = "".join((PROJECT / name).read_text("utf-8") for name in PYTHON_LOCKS)
    bill = _bill(*tool, "requirements", "--pyproject", "pyproject.toml", *options, "-", text=locks)
    installed = {
        one["purl"].lower(): one.get("licenses", [])
        for one in _bill(*tool, "environment", *options, sys.prefix)["components"]
    }
    for one in bill["components"]:
        one["bom-ref"] = one["purl"]
        del one["description"]  # the line of the lock with all its hashes
        if licences := installed.get(one["purl"].lower()):
            one["licenses"] = licences
    del bill["dependencies"]  # the lock does not tell which package needs which
    return bill


def npm_bill() -> dict[str, Any]:
    """Every package of package-lock.json."""
    return _bill("npm", "sbom", "--package-lock-only", "--sbom-format", "cyclonedx", folder=NODE)


def go_modules() -> Iterator[dict[str, str]]:
    """Every module that the project's Go modules require, with Go's sum; fetched where it is not.

    Raises:
        ValueError: a module's sum is not the one in go.sum, or there is none.
    """
    for folder in GO_MODULES:
        ended = ran("go", "mod", "download", "-json", folder=PROJECT / folder)
        separated = ended.stdout.replace("}\n{", "},{")
        modules = json.loads(f"[{separated}]")
        failed = [one["Error"] for one in modules if "Error" in one]
        if ended.returncode or failed:
            raise ValueError(f"{folder}: {failed or ended.stderr}")
        yield from modules


def go_component(module: dict[str, str]) -> dict[str, Any]:
    """As the bill of materials has it; a tree's sum is no file's hash, so it is a property."""
    purl = f"pkg:golang/{module['Path']}@{quote(module['Version'], safe='')}"
    licence = go_licence(Path(module["Dir"]))
    return {
        "type": "library",
        "bom-ref": purl,
        "name": module["Path"],
        "version": module["Version"],
        "purl": purl,
        "properties": [{"name": "go:sum", "value": module["Sum"]}],
        **({"licenses": [{"expression": licence}]} if licence else {}),
    }


def go_licence(folder: Path) -> str:
    """What the licence files of a module are, by sentences that only one licence has."""
    files = [one for one in folder.iterdir() if re.match(r"(?i)(un)?licen[cs]e|copying", one.name)]
    texts = [one.read_text("utf-8", errors="replace") for one in sorted(files)]
    return " AND ".join(dict.fromkeys(filter(None, map(licence_of, texts))))


def licence_of(text: str) -> str:
    """The licence that a text is; empty when it is none of those known here."""
    flat = " ".join(text.split()).lower()
    return next((name for name, sentence in _SENTENCES if sentence.lower() in flat), "")


@app.command()
def sbom(to: Path = PROJECT / "build" / "sbom.cdx.json") -> None:
    """Write the bill of materials (CycloneDX 1.5): every package of every lock file."""
    bill = python_bill()
    parts = [*bill["components"], *npm_bill()["components"], *map(go_component, go_modules())]
    bill["components"] = list({one["purl"]: one for one in parts}.values())
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(json.dumps(bill, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    typer.echo(f"{to}: {len(bill['components'])} packages")


@app.command()
def licences() -> None:
    """Check that each package's licence is one of [tool.pip-licenses] in pyproject.toml."""
    python = python_licences()
    typer.echo(python.stdout or python.stderr)
    faults = [*javascript_licences(), *go_licences()]
    if python.returncode:
        faults.append("Python: pip-licenses names the package above")
    for one in faults:
        typer.echo(one, err=True)
    raise typer.Exit(WRONG if faults else 0)


def python_licences() -> subprocess.CompletedProcess[str]:
    """What pip-licenses says of the installed packages; its exit status tells the verdict."""
    return ran(sys.executable, "-m", "piplicenses", "--summary")


def accepted() -> set[str]:
    """The expressions that pip-licenses is told to accept."""
    options = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["pip-licenses"]
    return {one.strip() for one in options["allow-only"].split(";")}


def javascript_licences() -> list[str]:
    """The packages of package-lock.json whose licence is not accepted."""
    places = json.loads((NODE / "package-lock.json").read_text("utf-8"))["packages"]
    return [
        f"{place}: {entry.get('license', 'no licence')} is not accepted"
        for place, entry in places.items()
        if place and entry.get("license", "").strip("()") not in accepted()
    ]


def go_licences() -> list[str]:
    """The Go modules whose licence is not accepted."""
    found = {one["Path"]: go_licence(Path(one["Dir"])) for one in go_modules()}
    return [
        f"{name}: {licence or 'no licence that is known here'} is not accepted"
        for name, licence in sorted(found.items())
        if name not in NO_LICENCE and not {*licence.split(" AND ")} <= accepted()
    ]


@app.command()
def audit() -> None:
    """Ask every source of advisories; exit status 2 when one could not answer for everything."""
    said = sorted([*audit_python(), *audit_npm(), *audit_go()])
    for status, line in said:
        typer.echo(f"{'VULNERABLE' if status == WRONG else 'NOT CHECKED'} {line}")
    raise typer.Exit(said[0][0] if said else 0)


Answer = Iterable[tuple[int, str]]
"""What was found (`WRONG`), and about what there was no data (`UNANSWERED`)."""


def audit_python() -> Answer:
    """pip-audit calls a package that its service does not know skipped, and ends with 0."""
    options = ["--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off"]
    files = [word for lock in PYTHON_LOCKS for word in ("--requirement", lock)]
    ended = ran(sys.executable, "-m", "pip_audit", *options, *files)
    try:
        packages = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError):
        yield UNANSWERED, f"Python: pip-audit: {_last(ended.stderr)}"
        return
    for one in packages:
        for vulnerability in one.get("vulns", []):
            yield WRONG, f"{one['name']} {one['version']}: {vulnerability['id']}"
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    if skipped or not packages:
        which = "any package" if len(skipped) == len(packages) else ", ".join(skipped)
        yield UNANSWERED, f"Python: no data for {which}"


def audit_npm() -> Answer:
    """A registry without advisories answers npm with an error."""
    ended = ran("npm", "audit", "--package-lock-only", "--json", folder=NODE)
    try:
        answer = json.loads(ended.stdout)
    except ValueError:
        yield UNANSWERED, f"JavaScript: npm audit: {_last(ended.stderr)}"
        return
    if "auditReportVersion" not in answer:
        yield UNANSWERED, f"JavaScript: no data for any package: {answer.get('message')}"
    for name, one in answer.get("vulnerabilities", {}).items():
        yield WRONG, f"{name}: {one['severity']}"


def audit_go() -> Answer:
    """Govulncheck on the engine that this machine runs."""
    from sandbox.engine.ensure import cache_folder  # noqa: PLC0415 - for this command alone

    programs: Sequence[Path] = sorted(cache_folder(os.environ).glob("*/pulumi"))
    if shutil.which("govulncheck") is None:
        yield UNANSWERED, "Go: no govulncheck (go install golang.org/x/vuln/cmd/govulncheck@latest)"
    elif not programs:
        yield UNANSWERED, "Go: there is no engine yet (make engine)"
    else:
        ended = ran("govulncheck", "-mode=binary", "-format=sarif", str(programs[-1]))
        if ended.returncode:
            yield UNANSWERED, f"Go: govulncheck: {_last(ended.stderr)}"
            return
        results = json.loads(ended.stdout)["runs"][0].get("results", [])
        for rule in sorted({one["ruleId"] for one in results}):
            yield WRONG, f"engine: {rule}"


def _last(said: str) -> str:
    return (said.strip().splitlines() or ["it said nothing"])[-1]


if __name__ == "__main__":
    app()
