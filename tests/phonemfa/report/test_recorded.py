"""Previews that the official plugin made (contract, official/): each is read, in every format.

Their programs have no component of this package, so nothing is said of settings.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from phonemfa.pulumi.preview import Operation, read_preview
from phonemfa.report.settings import Known
from phonemfa.report.summary import Environment, environment
from tests.contract import contract_file, load_json
from tests.phonemfa.report.previews import in_every_format


def _recorded() -> Iterator[tuple[str, Any]]:
    """(file and step, what the engine printed) of each recorded preview."""
    folder = contract_file("official")
    for path in sorted(folder.rglob("*.json")):
        name = str(path.relative_to(folder.parent))
        for number, step in enumerate(load_json(name)):
            printed = step.get("preview")
            if printed:
                # Of the failures the steps alone were kept.
                whole = printed if isinstance(printed, dict) else {"steps": printed}
                yield f"{path.stem} {number} {step['step']}", whole


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    return dict(_recorded())


def only(recorded: dict[str, Any], start: str, step: str) -> Environment:
    (found,) = [
        environment(read_preview(printed))
        for name, printed in recorded.items()
        if name.startswith(start) and name.endswith(step)
    ]
    return found


def test_every_recorded_preview_is_read_in_every_format(recorded: dict[str, Any]) -> None:
    assert len(recorded) > 40
    for name, printed in recorded.items():
        found = environment(read_preview(printed))
        for shown in in_every_format(found):
            assert "ettings are not told in this preview" in shown, name
        assert not {"country-allow-list"} & {one.rule for one in found.violations}


@pytest.mark.parametrize("life", ["unified", "legacy"])
def test_a_rotated_key_is_a_change_of_secrets_of_which_no_more_is_told(
    recorded: dict[str, Any], life: str
) -> None:
    found = only(recorded, life, "rotate secret")
    assert [one.known for one in found.secrets] == [Known.UNTOLD]
    assert [one.operation for one in found.planned] == [Operation.UPDATE]


def test_what_is_plain_in_resources_is_told_without_settings(recorded: dict[str, Any]) -> None:
    for step, subject in (("policy never", "policy"), ("drop voice", "channels")):
        assert subject in {one.subject for one in only(recorded, "unified", step).differences}


def test_a_write_that_failed_before_is_told_to_be_made_again(recorded: dict[str, Any]) -> None:
    (again,) = only(recorded, "failed-guardian", "the same again, the tenant is well").planned
    assert again.parts == ("nothing differs: written once more",)
