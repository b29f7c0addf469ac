"""Every locked package has a licence that is known and accepted, or an exception with a reason."""

from __future__ import annotations

import pytest

from supply_chain.licences import (
    EXCEPTIONS,
    UNKNOWN,
    accepted,
    faults,
    key_of,
    look_up,
    of_text,
    read_list,
)
from supply_chain.packages import Package, all_packages, python_packages
from tests.contract import PROJECT

TWO_CLAUSES = "Redistribution and use in source and binary forms, with or without modification"
THIRD_CLAUSE = "endorse or promote products derived from this software"


def package(name: str = "left", licence: str = "") -> Package:
    return Package(ecosystem="npm", name=name, version="1.0.0", licence=licence)


def test_the_committed_list_has_every_locked_package_and_is_accepted() -> None:
    assert faults(all_packages(), read_list()) == []


def test_every_exception_is_for_a_locked_package() -> None:
    assert set(EXCEPTIONS) <= {key_of(one) for one in all_packages()}


def test_the_list_says_what_the_installed_packages_say() -> None:
    """Of Python; Go's would need the module cache."""
    known = read_list()
    python = list(python_packages())
    assert {purl: known[purl] for purl in (one.purl for one in python)} == look_up(python, {})


@pytest.mark.parametrize(
    ("licence", "told"),
    [
        ("", "not in the list"),
        (UNKNOWN, "nobody could read"),
        ("GPL-3.0-only", "GPL-3.0-only is not accepted"),
        ("SEE LICENSE IN file", "is not accepted"),
    ],
)
def test_a_licence_that_is_unknown_or_not_accepted_is_named(licence: str, told: str) -> None:
    one = package()
    (fault,) = faults([one], {one.purl: licence} if licence else {})
    assert one.purl in fault
    assert told in fault


def test_a_package_that_is_gone_is_named() -> None:
    (fault,) = faults([], {"pkg:npm/left@1.0.0": "MIT"})
    assert "in no lock" in fault


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("MIT", True),
        ("(WTFPL OR MIT)", True),
        ("GPL-2.0-only OR MIT", True),
        ("GPL-2.0-only AND MIT", False),
        ("LGPL-2.1-or-later", False),
        ("Custom", False),
        ("", False),
    ],
)
def test_an_expression_is_accepted_when_accepted_licences_meet_it(
    expression: str, answer: bool
) -> None:
    assert accepted(expression) is answer


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("                Apache License\n         Version 2.0, January 2004", "Apache-2.0"),
        ("Permission is hereby granted, free of charge,\nto any person obtaining a copy", "MIT"),
        (TWO_CLAUSES, "BSD-2-Clause"),
        (f"{TWO_CLAUSES} … may be used\nto {THIRD_CLAUSE}", "BSD-3-Clause"),
        ("All rights reserved.", ""),
    ],
)
def test_a_text_is_known_by_its_own_sentence(text: str, licence: str) -> None:
    assert of_text(text) == licence


def test_the_action_s_own_code_is_nobody_else_s() -> None:
    for source in (PROJECT / "actions" / "src").glob("*.js"):
        assert "@license" not in source.read_text(encoding="utf-8")
