"""`python -m supply_chain`: sbom, licences, audit.

Owns the commands and their exit statuses: 0 fine, 1 something is wrong, 2 no answer. Refuses to
call it fine when data is missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supply_chain import audit as auditing
from supply_chain import licences as licensing
from supply_chain.packages import PROJECT, all_packages
from supply_chain.sbom import sbom as make_sbom

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
WRONG, UNANSWERED = 1, 2


@app.command()
def sbom(
    to: Annotated[Path, typer.Option(help="Where to write it.")] = PROJECT
    / "build"
    / "sbom.cdx.json",
) -> None:
    """Write the bill of materials (CycloneDX 1.6, JSON), checked against its schema."""
    packages = all_packages()
    text = make_sbom(packages, licensing.read_list())
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(text, encoding="utf-8")
    typer.echo(f"{to}: {len(packages)} packages")


@app.command()
def licences(
    *, check: Annotated[bool, typer.Option("--check", help="Only check the list.")] = False
) -> None:
    """Write the list of licences anew, and check that each is accepted."""
    packages = all_packages()
    if not check:
        licensing.write_list(licensing.look_up(packages, licensing.go_folders()))
    known = licensing.read_list()
    for line in licensing.summary(packages, known):
        typer.echo(line)
    faults = licensing.faults(packages, known)
    for fault in faults:
        typer.echo(fault, err=True)
    raise typer.Exit(WRONG if faults else 0)


@app.command()
def audit() -> None:
    """Ask every source of advisories that can be reached; exit status 2 when one could not be."""
    answers = [auditing.python(), auditing.npm(), auditing.go(_engine())]
    for one in answers:
        typer.echo(f"{one.source}: {one.checked} checked, {len(one.found)} found")
        for line in one.found:
            typer.echo(f"  VULNERABLE {line}")
        if one.missing:
            typer.echo(f"  NOT CHECKED {one.missing}")
    if any(one.found for one in answers):
        raise typer.Exit(WRONG)
    if any(one.missing for one in answers):
        typer.echo("Nothing was found where there was data; the rest is not known.")
        raise typer.Exit(UNANSWERED)


def _engine() -> Path | None:
    from sandbox.engine.cache import EngineCache  # noqa: PLC0415 - for this command alone

    found = sorted(EngineCache().folder.parent.glob("*/pulumi"))
    return found[-1] if found else None


if __name__ == "__main__":
    app()
