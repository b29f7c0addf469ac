"""docs/reference/drift.md: every kind of drift, who sees it and what repairs it."""

from __future__ import annotations

from typing import Final

from phonemfa.drift.kinds import KINDS

_HEAD: Final = """# Kinds of drift

Made from `phonemfa/drift/kinds.py` by `make reference`. A finding's id is its kind and, where there
can be several, the subject (`template:otp_verify`). "Only this command" means `phonemfa drift`:
Pulumi does not see it. How to look and repair: [drift.md](../guides/drift.md).

| Kind | What | Seen by | Repaired by |
|---|---|---|---|
"""


def page() -> str:
    """Every kind in its own words."""
    rows = (
        f"| `{one.id}` | {one.title} | {one.seen_by} | {one.repaired_by} |\n"
        for one in KINDS.values()
    )
    return _HEAD + "".join(rows)
