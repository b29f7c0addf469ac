"""The picture of the architecture shows what is there, and nothing else."""

from __future__ import annotations

import re

from components.vocabulary import Experience
from tests.components.declared import Declared
from tests.components.test_phone_mfa import declare_transition
from tools.reference.picture import components, description, picture

EDGE = re.compile(r'^"([^"]+)" -> "([^"]+)" \[class="(\w+)"', re.MULTILINE)


def edges(kind: str) -> set[tuple[str, str]]:
    return {(one, other) for one, other, found in EDGE.findall(description()) if found == kind}


def test_nothing_of_the_product_points_at_the_sandbox() -> None:
    imports = edges("imports")
    assert ("__main__", "components") in imports
    assert ("sandbox.cli", "components") in imports
    wrong = [
        pair for pair in imports if not pair[0].startswith("sandbox.") and "sandbox" in pair[1]
    ]
    assert wrong == []


def test_the_tree_is_what_a_program_declares() -> None:
    # In a move, both generations are declared: every component and every type of resource.
    declared = declare_transition(Experience.UNIFIED)
    by_urn = {one.urn: one for one in declared.values()}

    def shown(one: Declared) -> str:
        name = one.type.rpartition(":")[2]
        return f"auth0.{name}" if one.type.startswith("auth0:") else name

    tree = {
        (shown(by_urn[one.request.parent]), shown(one))
        for one in declared.values()
        if one.request.parent in by_urn
    }
    assert {(one.name, made) for one in components() for made in one.makes} == tree
    assert tree <= edges("child")


def test_components_are_shown_in_the_order_in_which_they_wait() -> None:
    declared = declare_transition(Experience.UNIFIED)
    (whole,) = [one for one in components() if one.name == "PhoneMfa"]
    first = {
        name: min(
            number
            for number, one in enumerate(declared.values())
            if one.type == f"phonemfa:index:{name}"
        )
        for name in whole.makes
    }
    assert list(whole.makes) == sorted(first, key=lambda name: first[name])


def test_colours_come_from_a_style_that_knows_dark_and_light() -> None:
    drawn = picture()
    assert "prefers-color-scheme: dark" in drawn
    assert not re.search(r'\b(?:fill|stroke)="', drawn)
