"""Results as JUnit XML, for CI systems that show test results."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from phonemfa.output.text import visible

_NOT_IN_XML: Final = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that was looked at.

    Attributes:
        name: of the case.
        failure: why it failed, in a line and at length; None when it did not.
        error: why there is no answer.
        output: what is worth knowing besides.
    """

    name: str
    failure: tuple[str, str] | None = None
    error: str = ""
    output: str = ""


def as_junit(suite: str, cases: Sequence[Case], *, classname: str) -> str:
    """One suite."""
    root = Element("testsuites")
    inner = SubElement(root, "testsuite", name=_clean(suite))
    counts = {
        "tests": len(cases),
        "failures": sum(one.failure is not None for one in cases),
        "errors": sum(bool(one.error) for one in cases),
        "skipped": 0,
    }
    for element in (root, inner):
        for name, count in counts.items():
            element.set(name, str(count))
    for one in cases:
        names = {"classname": _clean(classname), "name": _clean(one.name)}
        case = SubElement(inner, "testcase", names, time="0")
        if one.error:
            error = SubElement(case, "error", message="no answer", type="unanswered")
            error.text = _clean(one.error)
        if one.failure:
            message, text = one.failure
            failure = SubElement(case, "failure", message=_clean(message), type=_clean(one.name))
            failure.text = _clean(text)
        if one.output:
            SubElement(case, "system-out").text = _clean(one.output)
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    # A tenant's text may hold characters that no XML document may.
    return _NOT_IN_XML.sub("\ufffd", visible(text))
