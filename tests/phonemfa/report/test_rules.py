"""The policy pack's rules over a preview, with the stack's levels, and what a change relaxes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.tenant.tenants_file import NAME
from phonemfa.pulumi.preview import read_preview
from phonemfa.report.document import as_comment
from phonemfa.report.summary import declared, environment
from policy import levels
from policy.model import Level
from tests.phonemfa.report.previews import ACTION, GUARDIAN, Change, Inputs, policy

PRODUCTION = (
    '[prod]\ntenant = "prod.example.com"\ncpaasBaseHost = "a.example.com"\nproduction = true\n'
)


def node18(inputs: Inputs) -> None:
    inputs["runtime"] = "node18"


def project(folder: Path, content: Any = None, *, pins: str = "", stack: str = "t1") -> Path:
    """A project with levels of a stack."""
    (folder / levels.FOLDER).mkdir(parents=True)
    if content is not None:
        (folder / levels.FOLDER / f"{stack}.json").write_text(json.dumps(content))
    if pins:
        (folder / NAME).write_text(pins)
    return folder


def test_levels_of_the_stack_go_into_each_violation(tmp_path: Path) -> None:
    set_so = {"pinned-runtime": "advisory", "one-sender-per-channel": "disabled"}
    preview = Change().update(ACTION, node18, "runtime").preview()
    (found,) = environment(preview, project(tmp_path, set_so)).violations
    assert (found.rule, found.enforcement) == ("pinned-runtime", Level.ADVISORY)
    assert found.urn.endswith(f"::{ACTION}")
    assert found.message
    assert found.fix


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
    change.step("phone-mfa")["newState"]["inputs"] = odd
    assert change.environment().violations == ()


RELAXED: dict[str, tuple[Any, Any, str]] = {
    "a level": ({}, {"no-dependency": "advisory"}, "no-dependency: mandatory → advisory"),
    "switched off": (
        {"no-dependency": "advisory"},
        {"no-dependency": "disabled"},
        "no-dependency: advisory → disabled",
    ),
    "every level": ({}, {"all": "disabled"}, "code-in-texts: mandatory → disabled"),
    "more countries": (
        {"country-allow-list": {"allowed": ["+81"]}},
        {"country-allow-list": {"allowed": ["+81", "+1"]}},
        "country-allow-list, allowed: +81 → +81, +1",
    ),
    "a file that is gone": (
        {"always-means-always": "mandatory"},
        None,
        "always-means-always: mandatory → advisory",
    ),
    "production no more": (
        {"always-in-production": {"production": ["t1"]}},
        {},
        "always-in-production: t1 is production no more",
    ),
}


@pytest.mark.parametrize(("was", "will_be", "told"), RELAXED.values(), ids=RELAXED)
def test_a_rule_that_a_change_relaxes_is_named(
    tmp_path: Path, was: Any, will_be: Any, told: str
) -> None:
    base, head = project(tmp_path / "base", was), project(tmp_path / "head", will_be)
    unchanged = Change().preview()
    found = environment(unchanged, head, base=base)
    assert told in found.relaxed
    assert not found.quiet, "although nothing changes in the tenant"
    assert f"`t1`: `{told}`" in as_comment([found], whole=("x",))
    assert environment(unchanged, base, base=head).relaxed == (), "stricter is no news"
    assert environment(unchanged, head, base=head).quiet


@pytest.mark.parametrize(
    ("pins", "told"),
    [
        ("", "tenants.toml is gone: no address is pinned"),
        (PRODUCTION.replace("prod.ex", "other.ex"), "prod.example.com, a.example.com → other.ex"),
        (PRODUCTION.replace("a.ex", "b.ex"), "prod.example.com, a.example.com → prod.example.com"),
        (PRODUCTION.replace("true", "false"), "prod is production no more"),
    ],
)
def test_an_address_that_is_pinned_otherwise_is_named(tmp_path: Path, pins: str, told: str) -> None:
    base = project(tmp_path / "base", pins=PRODUCTION)
    head = project(tmp_path / "head", pins=pins)
    relaxed = environment(Change(stack="prod").preview(), head, base=base).relaxed
    assert told in " ".join(relaxed)


def test_rules_are_judged_as_the_change_leaves_them(tmp_path: Path) -> None:
    head = project(tmp_path / "head", {"always-in-production": {"production": ["t1"]}})
    never = Change().update(GUARDIAN, policy("never"), "policy").done()
    (found,) = environment(read_preview(never), head).violations
    assert found.rule == "always-in-production"
