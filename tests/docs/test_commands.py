"""Every command that a document shows is run by a test, or says why it is not."""

import ast
import os
import re
import shlex

import pytest
import typer

import phonemfa.cli
import sandbox.cli.main
from components.action_code import assemble
from tests.contract import PROJECT
from tests.docs import claims
from tests.docs.shown import Shown, commands_in, same, shown
from tests.processes import run

SHOWN = shown()
GUIDES = (PROJECT / "tests" / "end_to_end" / "test_guides.py").read_text("utf-8")
TYPED = set(re.findall(r'"(README\.md|docs/[\w/-]+\.md)"', GUIDES))
"""Pages whose blocks it types line by line, whatever is in them (`make thorough`)."""
KNOWN = {
    *(same(one) for one in claims.IN_THE_SANDBOX),
    *(same(one) for one in claims.ASIDES),
    *claims.BY_TEST,
    *claims.NOT_HERE,
}


def typed() -> set[str]:
    """What the scenarios type, line by line and part by part."""
    lines = [one.text for one in SHOWN if one.fenced and one.page in TYPED]
    return {same(part) for line in lines for part in [line, *line.split(" && ")]}


def test_every_command_is_run_by_a_test_or_says_why_not() -> None:
    accounted = KNOWN | typed()
    unknown = [f"{one.page}: {one.text}" for one in SHOWN if same(one.text) not in accounted]
    assert len(TYPED) > 10
    assert unknown == [], (
        "no test runs these. Write a scenario of the page in test_guides.py, or add the command to "
        "one of claims.IN_THE_SANDBOX, ASIDES, BY_TEST, NOT_HERE"
    )


def test_no_claim_is_about_a_command_that_no_page_shows() -> None:
    there = {same(one.text) for one in SHOWN}
    assert KNOWN - there == set()
    assert {one.page for one in SHOWN if one.fenced} >= TYPED


@pytest.mark.parametrize("node", sorted(set(claims.BY_TEST.values())))
def test_a_test_that_a_claim_names_is_there(node: str) -> None:
    path, _, name = node.partition("::")
    functions = {
        one.name
        for one in ast.parse((PROJECT / path).read_text("utf-8")).body
        if isinstance(one, ast.FunctionDef)
    }
    assert name in functions


APPS = {"phonemfa": phonemfa.cli.app, "sandbox": sandbox.cli.main.app}


def ours() -> list[Shown]:
    """The commands of our own two command lines, patterns left out."""
    return [
        one
        for one in SHOWN
        if re.match(r"(?:python -m )?(?:phonemfa|sandbox) [a-z-]+", one.text)
        and same(one.text) not in claims.NOT_HERE
    ]


@pytest.mark.parametrize("one", ours(), ids=lambda one: f"{one.page}: {one.text}")
def test_commands_and_options_of_ours_are_there(one: Shown) -> None:
    words = shlex.split(re.split(" [<>] ", one.text)[0].removeprefix("python -m "))
    group = typer.main.get_group(APPS[words[0]])
    assert words[1] in group.commands, f"there is no command {words[1]}"
    if one.fenced:
        # Parsed as typed, down to missing values. What a sentence names may be a part.
        group.commands[words[1]].make_context(words[1], words[2:])
        return
    options = {flag for param in group.commands[words[1]].params for flag in param.opts}
    # What is behind "--" is another program's.
    own = words[2 : words.index("--")] if "--" in words else words[2:]
    assert {word for word in own if word.startswith("--")} <= options


def test_what_is_no_command_in_a_shell_block_is_refused() -> None:
    with pytest.raises(ValueError, match="terraform"):
        commands_in("make up\nterraform apply\n", where="page")
    both = "make up   # why\n# alone\ngit a \\\n  b\n"
    assert commands_in(both, where="p") == ["make up", "git a b"]
    assert commands_in("$ make up\nengine: x\n", where="p") == ["make up"]


def test_every_make_target_is_one_and_says_what_it_does() -> None:
    targets = {target for one in SHOWN for target in made_by(one.text)}
    assert len(targets) > 8
    said = run("make", "help", cwd=PROJECT, env=os.environ).stdout
    assert targets <= set(re.findall(r"^  make ([a-z-]+) +\S", said, re.MULTILINE))
    first, *rest = said.split("\n\n")
    needed_first = ["up", "status", "show-action", "down", "clean"]
    assert re.findall(r"^  make ([a-z-]+)", first, re.MULTILINE) == needed_first
    assert len(rest) >= 3
    assert all(re.match(r"[A-Z][^\n]+\n  make ", group) for group in rest)


def made_by(command: str) -> list[str]:
    words = command.split()
    return [one for one in words[1:] if "=" not in one] if words[0] == "make" else []


def test_make_show_action_prints_the_deployed_code() -> None:
    # As a person types it: the make that runs the tests would hand its own variables down.
    own = {name: one for name, one in os.environ.items() if not name.startswith(("MAKE", "ARGS"))}
    ran = run("make", "--no-print-directory", "show-action", cwd=PROJECT, env=own)
    assert ran.stdout.endswith(assemble("custom-phone-provider")), ran.stderr
