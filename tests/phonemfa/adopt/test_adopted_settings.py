"""What a stack may leave out, and may not do, while it declares a tenant as it was found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.resources.sender import Sender
from components.settings.faults import SettingsError
from components.settings.model import StackSettings
from components.tenant import snapshot
from components.tenant.model import seen
from tests.components.declared import declare

FOUND: dict[str, Any] = {
    "experience": "unified",
    "deliveryMethods": ["text", "voice"],
    "policy": "never",
    "adopted": {"phone": {"enabled": False}},
}
ACTION = {"name": "a", "code": "adopted/t1/action.js", "runtime": "node18", "triggerVersion": "v1"}


def faults_in(values: dict[str, Any]) -> set[str]:
    with pytest.raises(SettingsError) as caught:
        StackSettings.check("t1", values)
    return {fault.key for fault in caught.value.faults}


def with_action(**changes: Any) -> dict[str, Any]:
    return FOUND | {"adopted": {"phone": {"enabled": False}, "action": ACTION | changes}}


def test_host_and_senders_are_needed_only_once_our_own_action_sends() -> None:
    assert StackSettings.check("t1", FOUND).cpaas_base_host is None
    ours = {key: value for key, value in FOUND.items() if key != "adopted"}
    assert faults_in(ours) == {
        "phonemfa:cpaasBaseHost",
        "phonemfa:smsSender",
        "phonemfa:voiceSender",
    }


def test_what_is_declared_as_found_cannot_be_moved() -> None:
    assert faults_in(FOUND | {"transition": True}) == {"phonemfa:transition"}


@pytest.mark.parametrize("path", ["/etc/code.js", "../code.js", "a/../../code.js", "Pulumi.yaml"])
def test_code_comes_from_the_project_alone(path: str) -> None:
    assert faults_in(with_action(code=path)) == {"phonemfa:adopted.action.code"}


def test_code_that_is_not_there_is_named(tmp_path: Path) -> None:
    settings = StackSettings.check("t1", with_action())
    with pytest.raises(pulumi.RunError, match=r"adopted/t1/action\.js, which is not there"):
        snapshot.declared(settings, tmp_path)


def test_an_adopted_action_is_never_deployed_and_its_secrets_are_not_declared(
    tmp_path: Path,
) -> None:
    (tmp_path / "code.js").write_bytes(b"line\r\n")
    settings = StackSettings.check("t1", with_action(code="code.js"))
    (found,) = seen(snapshot.declared(settings, tmp_path).actions)

    def program() -> None:
        Sender("s", found, None, "unused")

    action = declare(program).only("auth0:index/action:Action")
    assert action.inputs == {
        "name": "a",
        "code": "line\r\n",
        "runtime": "node18",
        "supportedTriggers": {"id": "custom-phone-provider", "version": "v1"},
    }
    assert list(action.options.ignoreChanges) == ["deploy"]
