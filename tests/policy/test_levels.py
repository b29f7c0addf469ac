"""A stack's file of levels: Pulumi's own format, read strictly."""

import json
from pathlib import Path

import pytest

from policy import levels
from policy.model import Level
from policy.rules import RULES, Setting
from tests.contract import PROJECT


def project(tmp_path: Path, **files: object) -> Path:
    """A project in which these stacks have a file; a text as it is, else as JSON."""
    folder = tmp_path / levels.FOLDER
    folder.mkdir(parents=True)
    for stack, says in files.items():
        text = says if isinstance(says, str) else json.dumps(says)
        (folder / f"{stack}.json").write_text(text, encoding="utf-8")
    return tmp_path


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
    assert found == {rule.name: Setting(level=Level.ADVISORY) for rule in RULES} | {
        "no-dependency": Setting(level=Level.DISABLED),
        "country-allow-list": Setting(level=Level.ADVISORY, options={"allowed": ["+81", "+82"]}),
        "always-in-production": Setting(level=Level.MANDATORY, options={"production": ["live"]}),
    }


NAMES = ", ".join(sorted(rule.name for rule in RULES))
ALLOWED, OPTION = "country-allow-list", "allowed (a list of strings)"
USE = "use one of mandatory, advisory, disabled"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "expected an object of rules, such as {}"),
        ({"no-such-rule": "advisory"}, f"there is no rule no-such-rule; the rules are {NAMES}"),
        ({"no-dependency": "strict"}, f"no-dependency: there is no level 'strict'; {USE}"),
        ({"all": "strict"}, f"{RULES[0].name}: there is no level 'strict'; {USE}"),
        ({"all": 1}, "all: expected a level, or an object with enforcementLevel and options"),
        (
            {"no-dependency": 1},
            "no-dependency: expected a level, or an object with enforcementLevel and options",
        ),
        (
            {"no-dependency": {"allowed": ["x"]}},
            "no-dependency: allowed cannot be set so; beside the level, set nothing",
        ),
        (
            {"country-allow-list": {"allowed": "+81"}},
            f"{ALLOWED}: allowed cannot be set so; beside the level, set {OPTION}",
        ),
    ],
)
def test_what_is_impossible_is_refused_with_file_entry_and_all_that_may_be_written(
    tmp_path: Path, content: object, says: str
) -> None:
    with pytest.raises(levels.LevelsError) as refused:
        levels.settings_of("t1", project(tmp_path, t1=content))
    assert str(refused.value) == f"policy/stacks/t1.json: {says}"


def test_a_file_that_is_not_json_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(levels.LevelsError, match=r"policy/stacks/t1\.json is not JSON"):
        levels.settings_of("t1", project(tmp_path, t1="{"))


def test_a_stacks_name_leads_to_no_file_elsewhere(tmp_path: Path) -> None:
    folder = project(tmp_path) / levels.FOLDER
    folder.with_name("t1.json").write_text('{"all": "disabled"}', "utf-8")
    assert levels.settings_of("../t1", tmp_path) == levels.settings_of("t1", tmp_path)


def test_every_committed_file_can_be_used_and_leaves_production_what_is_mandatory() -> None:
    names = {path.stem for path in (PROJECT / levels.FOLDER).glob("*.json")}
    assert "dev" in names
    settings = {name: levels.settings_of(name, PROJECT) for name in {*names, "prod"}}
    # But for what the hook in front of the policy holds, and what a tenant may not be entitled to.
    lower = {key for key, one in settings["prod"].items() if one.level is not Level.MANDATORY}
    assert lower == {"always-in-production", "always-means-always"}


@pytest.mark.parametrize(
    ("stack", "production"),
    [
        *((one, True) for one in ("prod", "prod-eu", "shop-prod", "Shop_Production.jp", "a.prod")),
        *((one, False) for one in ("dev", "product", "preprod", "reproduction-lab", "live")),
        pytest.param("said", True, id="by its own file"),
        pytest.param("broken", True, id="the careful answer where that cannot be read"),
    ],
)
def test_production_is_a_word_of_the_stacks_name_or_what_its_file_says(
    tmp_path: Path, stack: str, production: bool
) -> None:
    says = {"always-in-production": {"production": ["said"]}}
    folder = project(tmp_path, said=says, broken="{")
    assert levels.is_production(stack, folder) is production
