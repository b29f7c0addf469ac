"""Which version is gone back to, and when that would bring other secrets along."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.tenant.action import Version, declared, name_of
from phonemfa.rollback.command import next_steps
from phonemfa.rollback.history import Commit
from phonemfa.rollback.versions import (
    Installed,
    NoSuchVersionError,
    choose,
    older_secrets,
)
from tests.stacks import stack_settings

KEY = "CPAAS_API_KEY"


def version(number: int, code: str, *, key: str = "t1") -> Version:
    return Version(
        id=f"v{number}",
        number=number,
        created_at="2026-11-23T00:00:00Z",
        code=code,
        runtime="node22",
        api_runtime="node22",
        dependencies=(),
        secrets={KEY: key},
        status="built",
    )


def installed(*versions: Version, running: int = 0) -> Installed:
    return Installed(
        id="a",
        name="ours",
        trigger="custom-phone-provider",
        versions=tuple(sorted(versions, key=lambda one: -one.number)),
        running_id=f"v{running}",
        declared=None,
    )


def test_a_rotation_in_between_is_passed_over() -> None:
    found = installed(
        version(1, "older"),
        version(2, "good"),
        version(3, "bad"),
        version(4, "bad", key="t2"),
        running=4,
    )
    assert choose(found, None).number == 2
    assert choose(found, 1).number == 1


def test_it_goes_back_from_what_runs_not_from_what_is_newest() -> None:
    found = installed(version(1, "good"), version(2, "bad"), version(3, "worse"), running=2)
    assert choose(found, None).number == 1


@pytest.mark.parametrize("wanted", [None, 9])
def test_where_there_is_nothing_to_go_back_to_it_says_what_there_is(wanted: int | None) -> None:
    found = installed(version(1, "same"), version(2, "same", key="t2"), running=2)
    with pytest.raises(NoSuchVersionError, match=r"2, 1|secrets"):
        choose(found, wanted)
    with pytest.raises(NoSuchVersionError, match="deployed"):
        choose(installed(version(1, "x")), None)


def test_secrets_that_are_not_the_same_ones_are_named() -> None:
    now, before = version(2, "bad", key="t2"), version(1, "good", key="t1")
    assert older_secrets(now, before) == [KEY]
    assert older_secrets(now, version(1, "good", key="t2")) == []


def test_until_the_repository_follows_pulumi_would_undo_it() -> None:
    commit = Commit(id="0123456789abcdef", date="2026-11-01", subject="Good")
    told = "\n".join(next_steps(commit, declared=False, stack="prod"))
    assert "git checkout 0123456789ab -- actions/src" in told
    assert "hold back" in told
    assert "No commit here" in "\n".join(next_steps(None, declared=False, stack="prod"))
    same = "\n".join(next_steps(None, declared=True, stack="prod"))
    assert "hold back" not in same
    assert "pulumi up --refresh --stack prod" in same


def test_each_generation_has_an_action_of_its_own() -> None:
    legacy = stack_settings(experience="legacy", actionName="ours")
    assert name_of(legacy, legacy.experience) == "ours-legacy"
    assert "onExecuteSendPhoneMessage" in str(declared(legacy)[0].code)
    moving = stack_settings(actionName="ours", transition=True)
    assert [name_of(moving, one) for one in moving.experiences] == ["ours", "ours-legacy"]


@pytest.mark.parametrize("action", [None, {"name": "theirs", "code": "theirs.js"}])
def test_an_adopted_tenant_has_the_action_that_was_found_or_none(
    tmp_path: Path, action: dict[str, str] | None
) -> None:
    (tmp_path / "theirs.js").write_text("exports.theirs = 1;", encoding="utf-8")
    more = {"runtime": "node22", "triggerVersion": "v1", "binding": "SMS"} if action else {}
    found_action = {"action": action | more} if action else {}
    adopted = {"phone": {"enabled": False}, **found_action}
    settings = stack_settings(adopted=adopted, cpaasBaseHost=None, smsSender=None)
    assert name_of(settings, settings.experience) == ("theirs" if action else None)
    found = [(one.name, one.code) for one in declared(settings, tmp_path)]
    assert found == ([("theirs", "exports.theirs = 1;")] if action else [])
