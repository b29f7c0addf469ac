"""What is made from the code is what is committed, and shows what is there."""

import json
import re

import pytest
import typer
import yaml

import phonemfa.cli
import sandbox.cli.main
from components.settings.model import StackSettings
from components.vocabulary import Experience
from tests.components.declared import Declared
from tests.components.test_phone_mfa import declare_transition
from tests.stacks import stack_settings
from tools.reference.__main__ import PROJECT, made
from tools.reference.picture import components, description, picture
from tools.reference.settings import EXAMPLES, project_file, settings, topics


def test_what_is_made_from_the_code_is_current() -> None:
    stale = [name for name, text in made().items() if (PROJECT / name).read_text("utf-8") != text]
    assert stale == [], "not what the code says. Fix: make reference"


def test_the_project_file_has_the_models_defaults_and_no_types() -> None:
    declared = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text("utf-8"))["config"]
    fields = {field.alias or name: field for name, field in StackSettings.model_fields.items()}
    plain = stack_settings()
    for key, one in declared.items():
        # A type would make the engine answer before the program; docs/decisions/config.md.
        assert set(one) == {"description", "default"}, key
        given = stack_settings(**{key: one["default"]})
        assert given == plain, f"{key}: the default of Pulumi.yaml is not the model's"
        assert one["description"] == fields[key].description
    # The engine can be given no default where there is none, or where it means "not set".
    optional = {
        key for key, one in fields.items() if not one.is_required() and one.default is not None
    }
    assert set(declared) == optional
    with pytest.raises(ValueError, match="begin settings"):
        project_file("name: phonemfa\n")


def test_every_setting_has_a_section_and_an_example() -> None:
    page = (PROJECT / "docs" / "reference" / "settings.md").read_text("utf-8")
    keys = {field.alias or name for name, field in StackSettings.model_fields.items()}
    assert set(re.findall(r"^### `(\w+)`$", page, re.MULTILINE)) == keys | {"cpaasApiKey"}
    assert set(EXAMPLES) == keys
    for one in settings():
        assert f"phonemfa:{one.key}: {json.dumps(one.example, ensure_ascii=False)}\n" in page
    under = [one.key for _, topic in topics() for one in topic]
    assert sorted(under) == sorted(one.key for one in settings()), "each under one topic"
    # Eight are for everybody.
    _, _, table = page.partition("| Setting | What it is |\n|---|---|\n")
    assert len(table.partition("\n\n")[0].splitlines()) == 8


@pytest.mark.parametrize(
    ("app", "name"), [(phonemfa.cli.app, "phonemfa"), (sandbox.cli.main.app, "python -m sandbox")]
)
def test_every_command_and_option_is_in_the_reference(app: typer.Typer, name: str) -> None:
    page = (PROJECT / "docs" / "reference" / "commands.md").read_text("utf-8")
    assert str(PROJECT) not in page
    commands = typer.main.get_group(app).commands
    for command, one in commands.items():
        _, heading, rest = page.partition(f"\n### `{name} {command}`\n")
        assert heading, command
        section = rest.partition("\n### ")[0]
        for option in one.params:
            assert max(option.opts, key=len) in section or option.name == "context"


# --- The picture of the architecture. -----------------------------------------------------------


def edges(kind: str) -> set[tuple[str, str]]:
    edge = re.compile(r'^"([^"]+)" -> "([^"]+)" \[class="(\w+)"', re.MULTILINE)
    return {(one, other) for one, other, found in edge.findall(description()) if found == kind}


def test_nothing_of_the_product_points_at_the_sandbox() -> None:
    imports = edges("imports")
    assert ("__main__", "components") in imports
    assert ("sandbox.cli", "components") in imports
    into = {one for one, other in imports if "sandbox" in other}
    assert [one for one in into if not one.startswith("sandbox.")] == []


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
