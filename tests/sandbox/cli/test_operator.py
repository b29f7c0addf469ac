"""An operator's command on the sandbox's own stack: drift made by a button, found and repaired."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest

from sandbox.server import daemon
from sandbox.server.record import running_record
from tests.contract import PROJECT
from tests.end_to_end.conftest import checkout
from tests.sandbox.cli.test_up import Person

pytestmark = [pytest.mark.end_to_end, pytest.mark.thorough]


def press(person: Person, deed: str) -> None:
    """Press a button of the tenant page."""
    record = running_record(person.state)
    assert record is not None
    address = f"http://localhost:{record.pages_port}"
    own = {"origin": address}
    with httpx.Client(base_url=address, headers=own, trust_env=False) as pages:
        assert pages.post("/tenant/deed", data={"deed": deed}).status_code == 303


def test_drift_that_a_button_made_is_found_and_repaired(tmp_path: Path) -> None:
    person = Person.at(tmp_path)
    shutil.rmtree(person.project)
    checkout(tmp_path).rename(person.project)
    shutil.copy(PROJECT / "Pulumi.sandbox.yaml", person.project)
    try:
        person.types("up")
        assert "no drift" in person.types("phonemfa", "--", "drift")
        before = person.applied()["at"]
        press(person, "policy-switched")
        press(person, "action-undeployed")
        things = {one["thing"] for one in person.applied()["differences"]}
        assert things == {"Policy", "Action of custom-phone-provider"}
        found = person.types("phonemfa", "--", "drift", expect=7)
        assert "policy" in found
        assert "action-undeployed" in found
        person.types("phonemfa", "--", "drift", "--repair", "--yes")
        told = person.applied()
        assert (told["at"] > before, told["differences"]) == (True, [])
        press(person, "policy-switched")
        person.types("pulumi", "--", "up", "--yes", "--skip-preview", "--refresh")
        assert person.applied()["differences"] == []
    finally:
        daemon.end(person.state)
