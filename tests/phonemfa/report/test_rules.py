"""The policy pack's rules over a preview, with the stack's levels, and what a change relaxes."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.tenant.tenants_file import NAME
from phonemfa.report.document import as_comment
from phonemfa.report.summary import Environment, declared, environment
from policy import levels
from policy.model import Level, Violation
from tests.phonemfa.report.previews import ACTION, COMPONENT, GUARDIAN, Change

PRODUCTION = (
    '[prod]\ntenant = "prod.example.com"\ncpaasBaseHost = "a.example.com"\nproduction = true\n'
)
PINNED = "tenants.toml, addresses that get secrets: prod.example.com, a.example.com → "


def project(folder: Path, content: Any = None, *, stack: str = "prod") -> Path:
    """A project with levels of a stack, or (a text) the addresses of its tenants."""
    (folder / levels.FOLDER).mkdir(parents=True)
    if isinstance(content, str) and content:
        (folder / NAME).write_text(content)
    elif content is not None:
        (folder / levels.FOLDER / f"{stack}.json").write_text(json.dumps(content or {}))
    return folder


def test_levels_of_the_stack_go_into_each_violation(tmp_path: Path) -> None:
    set_so = {"pinned-runtime": "advisory", "one-sender-per-channel": "disabled"}
    preview = Change().sets(ACTION, runtime="node18").preview()
    (found,) = environment(preview, project(tmp_path, set_so, stack="t1")).violations
    assert (found.rule, found.enforcement) == ("pinned-runtime", Level.ADVISORY)
    assert found.urn.endswith(f"::{ACTION}")
    assert found.message
    assert found.fix


def test_rules_are_judged_as_the_change_leaves_them(tmp_path: Path) -> None:
    set_so = {"always-in-production": {"production": ["t1"]}}
    never = Change().sets(GUARDIAN, policy="never").preview()
    (found,) = environment(never, project(tmp_path, set_so, stack="t1")).violations
    assert found.rule == "always-in-production"


def test_what_a_change_deletes_is_no_longer_declared_and_a_replacement_is_declared_once() -> None:
    names = [one.urn.rpartition("::")[2] for one in declared(Change().delete(ACTION).preview())]
    assert ACTION not in names
    assert GUARDIAN in names
    change = Change().replace(ACTION)
    step = change.step(ACTION)
    change.answer["steps"] += [
        {**step, "op": "create-replacement"},
        {**step, "op": "delete-replaced"},
    ]
    names = [one.urn.rpartition("::")[2] for one in declared(change.preview())]
    assert names.count(ACTION) == 1


@pytest.mark.parametrize("odd", [None, [], {"settings": "[secret]"}, {"settings": [1]}])
def test_a_component_that_tells_no_settings_breaks_no_rule(odd: Any) -> None:
    change = Change()
    change.step(COMPONENT)["newState"]["inputs"] = odd
    assert change.environment().violations == ()


def test_a_rule_that_several_resources_break_is_told_once_with_the_stacks() -> None:
    a, b, c = (
        Violation(rule="a-rule", urn=urn, message="So it is.", fix="", enforcement=Level.MANDATORY)
        for urn in "abc"
    )
    dev, prod = Environment(stack="dev", violations=(a, b)), Environment(stack="x", violations=(c,))
    told = as_comment([dev, prod], whole=("the page",))
    assert told.count("So it is.") == 1
    assert "`dev`, `x`: So it is." in told


ALLOWED = {"country-allow-list": {"allowed": ["+81"]}}
MORE = {"country-allow-list": {"allowed": ["+81", "+1"]}}
RELAXED: dict[str, tuple[Any, Any, str]] = {
    "level": ({}, {"no-dependency": "advisory"}, "no-dependency: mandatory → advisory"),
    "switched off": ({}, {"no-dependency": "disabled"}, "no-dependency: mandatory → disabled"),
    "every level": ({}, {"all": "disabled"}, "code-in-texts: mandatory → disabled"),
    "more countries": (ALLOWED, MORE, "country-allow-list, allowed: +81 → +81, +1"),
    "a file that is gone": (
        {"always-means-always": "mandatory"},
        None,
        "always-means-always: mandatory → advisory",
    ),
    "production no more": (
        {"always-in-production": {"production": ["prod"]}},
        {"always-in-production": {"production": ["live"]}},
        "always-in-production: prod is production no more",
    ),
    "no address": (PRODUCTION, "", "tenants.toml is gone: no address is pinned"),
    "tenant": (
        PRODUCTION,
        PRODUCTION.replace("prod.ex", "b.ex"),
        f"{PINNED}b.example.com, a.example.com",
    ),
    "CPaaS": (
        PRODUCTION,
        PRODUCTION.replace("a.ex", "b.ex"),
        f"{PINNED}prod.example.com, b.example.com",
    ),
    "an address of production no more": (
        PRODUCTION,
        PRODUCTION.replace("true", "false"),
        "always-in-production: prod is production no more",
    ),
}


@pytest.mark.parametrize(("was", "will_be", "told"), RELAXED.values(), ids=RELAXED)
def test_what_a_change_relaxes_is_named(tmp_path: Path, was: Any, will_be: Any, told: str) -> None:
    base, head = project(tmp_path / "base", was), project(tmp_path / "head", will_be)
    unchanged = Change(stack="prod").protect(was=True, will_be=True).preview()
    found = environment(unchanged, head, base=base)
    assert told in found.relaxed
    assert not found.quiet, "although nothing changes in the tenant"
    assert f"`prod`: `{told}`" in as_comment([found], whole=("x",))
    assert told not in environment(unchanged, base, base=head).relaxed, "stricter is no news"
    assert environment(unchanged, head, base=head).relaxed == ()
