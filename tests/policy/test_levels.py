"""A stack's file of levels: Pulumi's own format, read strictly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policy import levels
from policy.model import Level
from policy.rules import RULES
from tests.contract import PROJECT


def test_a_stack_without_a_file_has_every_rule_at_its_own_level() -> None:
    found = levels.settings_of("a-stack-of-nobody", PROJECT)

    assert {name: one.level for name, one in found.items()} == {
        rule.name: rule.level for rule in RULES
    }


def test_a_file_sets_levels_and_options_of_the_rules_it_names() -> None:
    content = {
        "all": "advisory",
        "no-dependency": "disabled",
        "country-allow-list": {"allowed": ["+81", "+82"]},
        "always-in-production": {"enforcementLevel": "mandatory", "production": ["live"]},
    }

    found = levels.parse(content, source="test")

    assert found["pinned-runtime"].level is Level.ADVISORY
    assert found["no-dependency"].level is Level.DISABLED
    assert found["country-allow-list"].level is Level.ADVISORY
    assert found["country-allow-list"].options == {"allowed": ["+81", "+82"]}
    assert found["always-in-production"].level is Level.MANDATORY
    assert found["always-in-production"].options == {"production": ["live"]}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "expected an object of rules"),
        ({"no-such-rule": "advisory"}, "there is no rule no-such-rule; the rules are"),
        ({"no-dependency": "strict"}, "there is no level 'strict'; use one of mandatory, advisory"),
        ({"no-dependency": 1}, "expected a level, or an object"),
        ({"no-dependency": {"allowed": ["x"]}}, "allowed cannot be set so"),
        ({"country-allow-list": {"allowed": "+81"}}, "allowed (a list of strings)"),
    ],
)
def test_a_file_that_says_something_impossible_is_refused(content: object, says: str) -> None:
    with pytest.raises(levels.LevelsError) as refused:
        levels.parse(content, source="test")

    assert says in str(refused.value)


def test_a_file_that_is_not_json_is_refused_by_name(
    tmp_path: Path,
) -> None:
    folder = tmp_path / levels.FOLDER
    folder.mkdir(parents=True)
    (folder / "t1.json").write_text("{", encoding="utf-8")

    with pytest.raises(levels.LevelsError, match=r"policy/stacks/t1\.json is not JSON"):
        levels.settings_of("t1", tmp_path)


def test_a_stacks_name_leads_to_no_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / levels.FOLDER).mkdir(parents=True)
    (tmp_path / levels.FOLDER).with_name("t1.json").write_text('{"all": "disabled"}', "utf-8")
    assert levels.settings_of("../t1", tmp_path) == levels.settings_of("t1", tmp_path)


def test_every_committed_file_can_be_used_and_leaves_production_what_is_mandatory() -> None:
    folder = PROJECT / levels.FOLDER
    names = {path.stem for path in folder.glob("*.json")}

    assert "dev" in names
    for name in names:
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        levels.settings_of(name, PROJECT)
    # But for what the hook in front of the policy holds, and what a tenant may not be entitled to.
    lower = {
        name
        for name, one in levels.settings_of("prod", PROJECT).items()
        if one.level is not Level.MANDATORY
    }
    assert lower == {"always-in-production", "always-means-always"}


def test_an_error_names_the_file_the_entry_and_everything_that_may_be_written() -> None:
    with pytest.raises(levels.LevelsError) as unknown:
        levels.parse({"no-such-rule": "advisory"}, source="here")
    names = ", ".join(sorted(rule.name for rule in RULES))
    assert str(unknown.value) == f"here: there is no rule no-such-rule; the rules are {names}"
    with pytest.raises(levels.LevelsError, match=r"^here: [a-z-]+: there is no level 'strict'"):
        levels.parse({"all": "strict"}, source="here")
    with pytest.raises(levels.LevelsError, match=r"^here: all: expected a level"):
        levels.parse({"all": 1}, source="here")
    with pytest.raises(levels.LevelsError, match=r"beside the level, set nothing$"):
        levels.parse({"no-dependency": {"allowed": ["x"]}}, source="here")


def test_a_stacks_own_file_is_named_in_what_is_wrong_with_it(tmp_path: Path) -> None:
    folder = tmp_path / levels.FOLDER
    folder.mkdir(parents=True)
    (folder / "t1.json").write_text('{"no-such-rule": "advisory"}', encoding="utf-8")

    with pytest.raises(levels.LevelsError, match=r"^policy/stacks/t1\.json: there is no rule"):
        levels.settings_of("t1", tmp_path)


@pytest.mark.parametrize(
    ("stack", "production"),
    [
        *((one, True) for one in ("prod", "prod-eu", "shop-prod", "Shop_Production.jp", "a.prod")),
        *((one, False) for one in ("dev", "product", "preprod", "reproduction-lab", "live")),
    ],
)
def test_production_is_a_word_of_the_stacks_name(
    tmp_path: Path, stack: str, production: bool
) -> None:
    assert levels.is_production(stack, tmp_path) is production


def test_production_is_what_the_stacks_file_says_and_where_it_cannot_be_read_the_careful_answer(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "policy" / "stacks"
    folder.mkdir(parents=True)
    says = {"always-in-production": {"production": ["live"]}}
    (folder / "live.json").write_text(json.dumps(says), encoding="utf-8")
    assert levels.is_production("live", tmp_path)
    (folder / "dev.json").write_text("{", encoding="utf-8")
    assert levels.is_production("dev", tmp_path)
