"""The GitHub issue of a drifted stack: opened once, kept up to date, closed when it is over.

Owns the issue's words and its life. Refuses to find drift, and to know GitHub's API.
"""

from __future__ import annotations

from typing import Final

from phonemfa.drift.findings import Finding
from phonemfa.drift.report import Report, repair_of
from phonemfa.github import MAX_BODY, GitHub, Posted

LABEL: Final = "phone-mfa-drift"

_SAFE: Final = {"\n": " ", "|": "\\|", "<": "&lt;", "`": "'", "[": "\\[", "@": "@\u200b"}
_MOST_IN_DIFFS: Final = MAX_BODY // 2
_INTRODUCTION: Final = (
    "`{domain}` differs from what stack `{stack}` declares. This text follows the drift, and the "
    "issue is closed when it is gone."
)
_ADVICE: Final = (
    "Repair: `python -m phonemfa drift --stack {stack} --repair` shows what it will do and asks. "
    "Or change the stack, if the tenant is right."
)


def keep_issue(github: GitHub, report: Report) -> list[Posted]:
    """Open, update or close the issue of this stack.

    Raises:
        GitHubError: GitHub refused, or is not reachable.
    """
    marker = f"drift:{report.stack}"
    if not report.drifted:
        comment = (
            f"The drift is gone: {report.domain} is as stack `{report.stack}` declares it again."
        )
        return github.close_issue(marker, label=LABEL, comment=comment)
    title = f"Drift: the tenant of stack {report.stack} is not what it declares"
    return [github.upsert_issue(marker, label=LABEL, title=title, body=body_of(report))]


def body_of(report: Report) -> str:
    """Markdown; the same drift gives the same text.

    So an issue is only updated when the drift has changed.
    """
    lines = [
        _INTRODUCTION.format(domain=report.domain, stack=report.stack),
        "",
        "| drift | what | declared | in the tenant | since | repair |",
        "|---|---|---|---|---|---|",
        *(_row(one) for one in report.findings),
        "",
        _ADVICE.format(stack=report.stack),
    ]
    left = _MOST_IN_DIFFS
    for finding in report.findings:
        if finding.diff and len(finding.diff) < left:
            left -= len(finding.diff)
            lines += ["", *_folded(finding)]
    return "\n".join(lines)


def _row(finding: Finding) -> str:
    cells = (
        f"{finding.level}: {finding.id}",
        finding.what,
        finding.expected,
        finding.found,
        finding.since or "",
        repair_of(finding),
    )
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    # Words of the tenant: no markup, no mention, no line break may come out of a cell.
    for plain, safe in _SAFE.items():
        text = text.replace(plain, safe)
    return text


def _folded(finding: Finding) -> list[str]:
    # Longer than any run of backticks inside, so that the diff cannot end the block.
    fence = "`" * max(3, _longest_run(finding.diff) + 1)
    return [
        f"<details><summary>{_cell(finding.id)}</summary>",
        "",
        f"{fence}diff",
        finding.diff,
        fence,
        "",
        "</details>",
    ]


def _longest_run(text: str) -> int:
    longest = current = 0
    for character in text:
        current = current + 1 if character == "`" else 0
        longest = max(longest, current)
    return longest
