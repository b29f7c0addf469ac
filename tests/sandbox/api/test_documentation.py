"""docs/reference/sandbox.md says of each operation and assumption what the code says."""

import dataclasses

import pytest

from sandbox.login.assumptions import LoginAssumptions
from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.tenant import routes as table
from sandbox.tenant.assumptions import Assumptions
from sandbox.tenant.operation import REPLAYED
from tests.sandbox.api import recording
from tools.reference import tables


def test_the_page_has_every_operation_and_every_switch() -> None:
    page = tables.sandbox()
    assert all(f"| `{one.method} {one.path}` |" in page for one in table.OPERATIONS)
    for switches in (Assumptions, NotificationAssumptions, LoginAssumptions):
        assert all(f"| `{one.name}` |" in page for one in dataclasses.fields(switches))


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


@pytest.mark.parametrize("switches", [Assumptions, NotificationAssumptions, LoginAssumptions])
def test_every_switch_says_what_and_why(switches: type) -> None:
    explained = tables.field_docstrings(switches)
    assert set(explained) == {one.name for one in dataclasses.fields(switches)}
    assert all(len(one) > 20 for one in explained.values())
