"""A report as SARIF 2.1.0, for code scanning.

Owns where in the repository each kind is shown: code scanning wants a file for every result.
Refuses to find anything.
"""

from __future__ import annotations

import json
from typing import Any, Final

from phonemfa.drift.findings import Finding, Level
from phonemfa.drift.kinds import KINDS, Kind
from phonemfa.drift.report import Report, repair_of

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
GUIDE: Final = "docs/guides/drift.md"

_SOURCES: Final = {
    "action": "components/resources/sender.py",
    "action-code": "components/action_code.py",
    "action-undeployed": "components/action_code.py",
    "action-runtime": "components/action_code.py",
    "action-dependencies": "components/resources/sender.py",
    "secret-names": "components/phone_mfa.py",
    "template": "components/resources/delivery.py",
}
"""The file that declares the thing; the stack's own file where there is none."""


def as_sarif(report: Report) -> str:
    """One run with one result a finding; a failed one says so in its invocation."""
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "phonemfa drift",
                "rules": [_rule(kind) for kind in KINDS.values()],
            }
        },
        "automationDetails": {"id": f"phonemfa-drift/{report.stack}/"},
        "invocations": [_invocation(report)],
        "results": [_result(one, report) for one in report.findings],
    }
    return json.dumps(
        {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2
    )


def _rule(kind: Kind) -> dict[str, Any]:
    return {
        "id": kind.id,
        "shortDescription": {"text": kind.title},
        "help": {"text": f"Seen by {kind.seen_by}; repaired by {kind.repaired_by}. See {GUIDE}."},
        "defaultConfiguration": {"level": "error"},
    }


def _invocation(report: Report) -> dict[str, Any]:
    if not report.failure:
        return {"executionSuccessful": True}
    told = {"level": "error", "message": {"text": report.failure}}
    return {"executionSuccessful": False, "toolExecutionNotifications": [told]}


def _result(finding: Finding, report: Report) -> dict[str, Any]:
    source = _SOURCES.get(finding.kind, report.stack_file)
    lines = [
        f"{finding.what}.",
        f"Declared: {finding.expected}.",
        f"In the tenant {report.domain}: {finding.found}.",
        f"Repair: {repair_of(finding)}.",
    ]
    return {
        "ruleId": finding.kind,
        "ruleIndex": list(KINDS).index(finding.kind),
        "level": "error" if finding.level is Level.DRIFT else "note",
        "message": {"text": "\n".join(lines)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": source, "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 1},
                }
            }
        ],
        "partialFingerprints": {"phonemfaDrift/v1": f"{report.stack}/{finding.id}"},
    }
