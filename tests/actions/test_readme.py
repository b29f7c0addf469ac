"""actions/README.md tells an operator about every secret of the code."""

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
