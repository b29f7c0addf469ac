"""docs/sandbox.md says of each operation and assumption what the code says."""

from __future__ import annotations

import dataclasses

import pytest

from sandbox.api import documentation
from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.tenant import routes as table
from sandbox.tenant.assumptions import Assumptions
from sandbox.tenant.operation import REPLAYED
from tests.sandbox.api import recording


def test_the_tables_in_the_file_are_those_of_the_code() -> None:
    text = documentation.FILE.read_text(encoding="utf-8")
    assert documentation.updated(text) == text, "run: python -m sandbox.api.documentation"


def test_what_is_said_to_be_replayed_is_in_a_recording_and_nothing_else_is() -> None:
    recorded: set[tuple[str, str]] = set()
    for name in recording.names():
        for one in recording.load(name):
            found = table.find(one.method, f"/api/v2{one.path.partition('?')[0]}")
            if found is not None and one.status < 300:
                recorded.add((one.method, found[0].path))
    # Its one recording is the exception of the replay: an older catalogue.
    recorded.discard(("GET", "/actions/triggers"))
    assert {(one.method, one.path) for one in table.OPERATIONS if one.known is REPLAYED} == recorded


@pytest.mark.parametrize("switches", [Assumptions, NotificationAssumptions])
def test_every_switch_says_what_and_why(switches: type) -> None:
    explained = documentation.field_docstrings(switches)
    assert set(explained) == {one.name for one in dataclasses.fields(switches)}
    assert all(len(one) > 20 for one in explained.values())


def test_a_file_without_a_place_for_a_table_is_told() -> None:
    with pytest.raises(ValueError, match="no place for the table 'operations'"):
        documentation.updated("# Sandbox\n")
