"""actions/README.md tells an operator about every secret and every reason of the code."""

from __future__ import annotations

import re
from pathlib import Path

ACTIONS = Path(__file__).resolve().parents[2] / "actions"
README = (ACTIONS / "README.md").read_text(encoding="utf-8")
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in (ACTIONS / "src").glob("*.js"))


def test_every_secret_of_the_code_is_in_the_table() -> None:
    table = SOURCES[SOURCES.index("const SETTINGS") : SOURCES.index("function readConfig")]
    names = set(re.findall(r"^  ([A-Z_]+):", table, re.MULTILINE))
    assert len(names) == 15
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE)) == names


def test_every_reason_of_the_code_is_in_the_table() -> None:
    # What stands before a `${` of a template literal is the fixed part of a reason.
    reasons = re.findall(r"(?:refuse|drop|retry|maybeSent)\(\s*(?:`([^`$]+)|'([^']+)')", SOURCES)
    found = {(template or plain).strip() for template, plain in reasons}
    assert len(found) > 15
    # Told in the table in one row, by how they end.
    generic = {"CPaaS refused:", "CPaaS gave no answer in time", "CPaaS answer not understood"}
    generic |= {"connection to the CPaaS broke", "CPaaS failed:"}
    configuration = "configuration: secret"
    missing = [
        reason
        for reason in found - generic
        if reason not in README and not reason.startswith(configuration)
    ]
    assert missing == []
