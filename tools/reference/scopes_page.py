"""docs/reference/scopes.md: what an application may do, and what for."""

from __future__ import annotations

from typing import Final

from phonemfa.scopes import SCOPES

_HEAD: Final = """# Scopes

What the application in Auth0 (Machine to Machine, authorised for the Management API) needs. Made
from `phonemfa/scopes.py` by `make reference`; `phonemfa doctor` says which of them a stack lacks,
and what it has too many of.

| for | scopes |
|---|---|
"""
_EACH: Final = """
A client that only looks (`drift`, `report` in a pull request) needs the `read:` scopes; `read:logs`
is for `health`, `smoke` and `gate: smoke` alone.

| scope | it is needed to |
|---|---|
"""


def page() -> str:
    """Each scope, by what it is for, and what cannot be done without it."""
    groups: dict[str, list[str]] = {}
    for one in SCOPES:
        groups.setdefault(one.group, []).append(f"`{one.name}`")
    return (
        _HEAD
        + "".join(f"| {group} | {' '.join(names)} |\n" for group, names in groups.items())
        + _EACH
        + "".join(f"| `{one.name}` | {one.what_for} |\n" for one in SCOPES)
    )
