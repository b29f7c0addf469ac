"""What was found, as people and machines read it: text, JSON, SARIF, JUnit, an issue's text.

Owns the common shape of a report. The formats have modules of their own. Refuses to find
anything, and to post anything.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from phonemfa.drift.findings import Finding, Level, Repair


@dataclass(frozen=True, kw_only=True)
class Report:
    """Findings of one stack; or, with `failure`, why there are none to tell."""

    stack: str
    domain: str
    stack_file: str
    findings: Sequence[Finding] = ()
    compared: int = 0
    failure: str = ""

    @property
    def drifted(self) -> list[Finding]:
        """What is drift."""
        return [one for one in self.findings if one.level is Level.DRIFT]

    @property
    def notices(self) -> list[Finding]:
        """What is only worth knowing."""
        return [one for one in self.findings if one.level is Level.NOTICE]


def as_json(report: Report) -> str:
    """The report as JSON: `stack`, `domain`, `drift`, `compared`, `findings`."""
    content = {
        "stack": report.stack,
        "domain": report.domain,
        "drift": bool(report.drifted),
        "compared": report.compared,
        "findings": [_as_object(one) for one in report.findings],
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def _as_object(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "kind": finding.kind,
        "subject": finding.subject,
        "level": finding.level.value,
        "what": finding.what,
        "expected": finding.expected,
        "found": finding.found,
        "since": finding.since,
        "repair": finding.repair.value,
        "how": finding.how,
        "blocksUp": finding.blocks,
        "recorded": finding.recorded,
        "diff": finding.diff,
    }


def repair_of(finding: Finding) -> str:
    """What repairs a finding, in one line."""
    if finding.repair is Repair.UP and finding.recorded:
        first = f"{Repair.UP} (the state says what the tenant has: not applied yet, or refreshed)"
    elif finding.repair in {Repair.BY_HAND, Repair.NOTHING}:
        return finding.how or finding.repair.value
    else:
        first = finding.repair.value
    return f"{first}; {finding.how}" if finding.how else first


def summary(report: Report) -> str:
    """The result in one sentence."""
    drifted, notices = len(report.drifted), len(report.notices)
    besides = f"{notices} notice{'s' * (notices > 1)}" if notices else ""
    if not drifted:
        text = (
            f"no drift: the tenant {report.domain} is as stack {report.stack} declares it "
            f"({report.compared} resources compared)"
        )
        return f"{text}; {besides}" if besides else text
    text = f"{drifted} drift{'s' * (drifted > 1)} of {report.domain} from stack {report.stack}"
    return f"{text}, {besides}" if besides else text


def show(report: Report, console: Console) -> None:
    """The report for a person: a table, the diffs, the summary."""
    if report.findings:
        console.print(_table(report))
    for finding in report.findings:
        if finding.diff:
            console.print(Text(f"\n{finding.id}", style="bold"))
            for line in finding.diff.splitlines():
                console.print(Text(line, style=_style(line)), soft_wrap=True)
    style = "red" if report.drifted else "green"
    console.print(Text(summary(report), style=style), soft_wrap=True)


def _table(report: Report) -> Table:
    table = Table(title=f"tenant {report.domain}", title_justify="left", show_lines=True)
    for heading in ("", "what", "declared", "in the tenant", "since", "repair"):
        table.add_column(heading, overflow="fold")
    for one in report.findings:
        style = "red" if one.level is Level.DRIFT else "yellow"
        # Names come from the tenant: as Text they cannot be taken for markup.
        table.add_row(
            Text(f"{one.level}\n{one.id}", style=style),
            Text(one.what),
            Text(one.expected),
            Text(one.found),
            Text(_day_and_time(one.since)),
            Text(repair_of(one)),
        )
    return table


def _day_and_time(since: str | None) -> str:
    return since[:19].replace("T", " ") + "Z" if since else ""


def _style(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return "dim"
    return {"+": "green", "-": "red"}.get(line[:1], "")
