"""The doctor's findings as people and machines read them.

Owns the table and the JSON. Refuses to find anything.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from phonemfa.doctor.findings import Finding, Level, exit_status

_STYLES: Final = {
    Level.OK: "green",
    Level.NOTE: "cyan",
    Level.WARNING: "yellow",
    Level.UNKNOWN: "magenta",
    Level.FAULT: "bold red",
}


def as_json(stack: str, domain: str, findings: Sequence[Finding]) -> str:
    """`stack`, `domain`, `exit`, and `findings`: each `level`, `subject`, `what`, `fix`.

    Levels and subjects are stable (docs/guides/first-tenant.md lists them); the sentences are not.
    """
    content = {
        "stack": stack,
        "domain": domain,
        "exit": int(exit_status(findings)),
        "findings": [
            {
                "level": one.level.value,
                "subject": one.subject.value,
                "what": one.what,
                "fix": one.fix,
            }
            for one in findings
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def show(stack: str, domain: str, findings: Sequence[Finding], console: Console) -> None:
    """A table that is readable at 80 columns: what was found, and beneath it what to do."""
    table = Table(title=f"stack {stack}, tenant {domain}", title_justify="left", show_lines=True)
    table.add_column("", no_wrap=True)
    table.add_column("looked at", no_wrap=True)
    table.add_column("found, and what to do", overflow="fold", ratio=1)
    for one in findings:
        style = _STYLES[one.level]
        # Names come from the tenant: as Text they cannot be taken for markup.
        found = Text(one.what)
        if one.fix:
            found.append(f"\n→ {one.fix}", style="bold")
        table.add_row(Text(one.level, style=style), Text(one.subject), found)
    console.print(table)
    console.print(Text(summary(findings)), soft_wrap=True)


def summary(findings: Sequence[Finding]) -> str:
    """The answer in one sentence."""
    count = Counter(one.level for one in findings)
    told = [
        f"{count[level]} {level}{'s' * (count[level] > 1)}"
        for level in (Level.FAULT, Level.WARNING)
        if count[level]
    ]
    if count[Level.UNKNOWN]:
        told.append(f"{count[Level.UNKNOWN]} that could not be looked at")
    if count[Level.FAULT]:
        return f"Not yet: {', '.join(told)}."
    if count[Level.UNKNOWN]:
        return f"No answer: {', '.join(told)}."
    return f"Ready for pulumi up: {', '.join(told) or 'nothing stands in the way'}."
