"""An operator's command on the sandbox's own stack: drift made by hand, found and repaired."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sandbox.server import daemon
from tests.contract import PROJECT
from tests.end_to_end.conftest import checkout
from tests.sandbox.cli.test_up import Person

pytestmark = [pytest.mark.end_to_end, pytest.mark.thorough]


def test_drift_that_was_made_by_hand_is_found_and_repaired(tmp_path: Path) -> None:
    person = Person.at(tmp_path)
    shutil.rmtree(person.project)
    checkout(tmp_path).rename(person.project)
    shutil.copy(PROJECT / "Pulumi.sandbox.yaml", person.project)
    try:
        person.types("up")
        assert "no drift" in person.types("phonemfa", "--", "drift")
        before = person.applied()["at"]
        person.types("drift", "policy-switched")
        person.types("drift", "action-undeployed")
        things = {one["thing"] for one in person.applied()["differences"]}
        assert things == {"Policy", "Action of custom-phone-provider"}
        found = person.types("phonemfa", "--", "drift", expect=7)
        assert "policy" in found
        assert "action-undeployed" in found
        person.types("phonemfa", "--", "drift", "--repair", "--yes")
        told = person.applied()
        assert (told["at"] > before, told["differences"]) == (True, [])
        person.types("drift", "policy-switched")
        person.types("pulumi", "--", "up", "--yes", "--skip-preview", "--refresh")
        assert person.applied()["differences"] == []
        assert "policy-switched" in person.types("drift")
        person.types("drift", "policy-switched")
        assert person.applied()["differences"]
        person.types("drift", "undo")
        assert person.applied()["differences"] == []
        assert "is not one of ['action-gone'" in person.types("drift", "nonsense", expect=1)
    finally:
        daemon.end(person.state)
