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
    """One thing that was looked at."""

    name: str
    failure: tuple[str, str] | None = None
    """Why it failed, in a line and at length; None when it did not."""
    error: str = ""
    """Why there is no answer."""
    output: str = ""
    """What is worth knowing besides."""


def as_junit(command: str, stack: str, cases: Sequence[Case]) -> str:
    """What a command of this package found at a stack, as one suite."""
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(one.failure is not None for one in cases)),
        "errors": str(sum(bool(one.error) for one in cases)),
        "skipped": "0",
    }
    root = Element("testsuites", counts)
    inner = SubElement(root, "testsuite", {"name": _clean(f"phonemfa {command} {stack}"), **counts})
    for one in cases:
        names = {"classname": _clean(f"{command}.{stack}"), "name": _clean(one.name)}
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
