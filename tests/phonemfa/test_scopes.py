"""The list of scopes agrees with what stacks were recorded asking for, and with the README."""

import re

import pytest

from phonemfa import scopes
from phonemfa.scopes import SCOPES, Need
from sandbox.tenant import routes
from tests.contract import PROJECT, load_json

TENANT_SWITCH = {"update:tenant_settings"}
"""Not in the recorded legacy stack, which had no resource for the tenant's settings."""


def scopes_of_life(trace: str) -> set[str]:
    """The scopes of every request in a recorded life of a stack, from its creation to its end.

    Which operation has which, tests/sandbox/api/test_openapi.py compares with what is published.
    """
    found: set[str] = set()
    for step in load_json(f"official/{trace}.json"):
        for request in step["requests"]:
            path = request["path"].partition("?")[0]
            if path != "/oauth/token":
                known = routes.find(request["method"], path)
                assert known, request
                found.update(known[0].scopes)
    return found


@pytest.mark.parametrize(
    ("trace", "need", "beyond"),
    [("unified", Need.UNIFIED, set()), ("legacy", Need.LEGACY, TENANT_SWITCH)],
)
def test_a_stack_needs_the_scopes_of_the_requests_it_was_recorded_making(
    trace: str, need: Need, beyond: set[str]
) -> None:
    assert scopes.names(scopes.needed_by([need])) == scopes_of_life(trace) | beyond


def test_every_scope_is_listed_once_and_looking_needs_none_that_writes() -> None:
    assert len(scopes.names(SCOPES)) == len(SCOPES)
    assert all(scopes.named(one.name) is one for one in SCOPES)
    looking = scopes.needed_by([Need.LOOK])
    assert {one.is_read for one in looking} == {True}


def test_the_references_table_has_each_scope_once() -> None:
    page = (PROJECT / "docs" / "reference" / "scopes.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [A-Za-z' ]+ \| (`[a-z]+:[^|]+) \|$", page, flags=re.MULTILINE)
    documented = [name for row in rows for name in re.findall(r"`([a-z]+:[a-z_]+)`", row)]
    assert documented == [one.name for one in SCOPES]
