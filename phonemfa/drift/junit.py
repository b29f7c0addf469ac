"""A report as JUnit XML, for CI systems that show test results.

Owns the mapping: one test case a kind, failed where it drifted. Refuses to find anything.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from phonemfa.drift.findings import Finding, Level
from phonemfa.drift.kinds import KINDS
from phonemfa.drift.report import Report, repair_of

_NOT_IN_XML: Final = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def as_junit(report: Report) -> str:
    """One suite a stack; a look that failed is one case with an error."""
    root = Element("testsuites")
    suite = SubElement(root, "testsuite", name=f"phonemfa drift {report.stack}")
    kinds = [] if report.failure else list(KINDS)
    drifted = {one.kind for one in report.drifted}
    counts = {
        "tests": len(kinds) or 1,
        "failures": len(drifted),
        "errors": int(bool(report.failure)),
        "skipped": 0,
    }
    for element in (root, suite):
        for name, count in counts.items():
            element.set(name, str(count))
    if report.failure:
        case = SubElement(suite, "testcase", classname=_class(report), name="look", time="0")
        error = SubElement(case, "error", message="no answer", type="unanswered")
        error.text = _clean(report.failure)
    for kind in kinds:
        case = SubElement(suite, "testcase", classname=_class(report), name=kind, time="0")
        _fill(case, [one for one in report.findings if one.kind == kind])
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _class(report: Report) -> str:
    return f"drift.{report.stack}"


def _fill(case: Element, findings: list[Finding]) -> None:
    drifted = [one for one in findings if one.level is Level.DRIFT]
    if drifted:
        message = _clean("; ".join(one.what for one in drifted))
        failure = SubElement(case, "failure", message=message, type=drifted[0].kind)
        failure.text = _clean("\n\n".join(_told(one) for one in drifted))
    notices = [one for one in findings if one.level is Level.NOTICE]
    if notices:
        SubElement(case, "system-out").text = _clean("\n\n".join(_told(one) for one in notices))


def _told(finding: Finding) -> str:
    lines = [
        f"{finding.id}: {finding.what}",
        f"declared: {finding.expected}",
        f"in the tenant: {finding.found}",
        f"since: {finding.since or 'the tenant does not say'}",
        f"repair: {repair_of(finding)}",
    ]
    return "\n".join([*lines, *([finding.diff] if finding.diff else [])])


def _clean(text: str) -> str:
    # A tenant's text may hold characters that no XML document may.
    return _NOT_IN_XML.sub("�", text)
