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


def test_the_tree_is_what_a_program_declares_in_the_order_in_which_it_waits() -> None:
    # In a move, both generations are declared: every component and every type of resource.
    declared = declare_transition(Experience.UNIFIED)
    by_urn = {one.urn: one for one in declared.values()}

    def shown(one: Declared) -> str:
        name = one.type.rpartition(":")[2]
        return f"auth0.{name}" if one.type.startswith("auth0:") else name

    made = [
        (shown(by_urn[one.request.parent]), shown(one))
        for one in declared.values()
        if one.request.parent in by_urn
    ]
    found = {(name, child) for name, makes in components().items() for child in makes}
    assert found == set(made)
    assert found <= edges("child")
    children = [child for parent, child in made if parent == "PhoneMfa"]
    assert components()["PhoneMfa"] == list(dict.fromkeys(children))


def test_colours_come_from_a_style_that_knows_dark_and_light() -> None:
    drawn = picture()
    assert "prefers-color-scheme: dark" in drawn
    assert not re.search(r'\b(?:fill|stroke)="', drawn)
