"""The first page: short, with an input that a stack takes, and pictures that are there."""

from __future__ import annotations

import re

import yaml

from components.settings.model import StackSettings
from tests.contract import PROJECT
from tests.stacks import stack_settings
from tools.reference.settings import topics

README = (PROJECT / "README.md").read_text("utf-8")
KEY = "phonemfa:cpaasApiKey"


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 110


def test_its_input_is_nine_lines_that_a_stack_takes_whole() -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert len(block.splitlines()) == 9
    config = yaml.safe_load(block)["config"]
    assert set(config[KEY]) == {"secure"}
    settings = {
        key.partition(":")[2]: value
        for key, value in config.items()
        if key.startswith("phonemfa:") and key != KEY
    }
    assert stack_settings(**settings).policy == "always"
    # Nothing that a stack must say is left out, and nothing with a default is said.
    required = {one.key for one in topics()[0][1]}
    assert set(settings) == required
    assert {field.alias or name for name, field in StackSettings.model_fields.items()} > required


def test_it_shows_what_a_reviewer_and_a_user_see() -> None:
    pictures = re.findall(r"^!\[[^]]+\]\((docs/images/[^)]+)\)$", README, re.MULTILINE)
    assert len(pictures) == 2
    assert all((PROJECT / one).exists() for one in pictures)


def test_the_benefit_stands_before_what_is_a_stand_in() -> None:
    benefit, _, rest = README.partition("## Try it")
    assert "stand-in" not in benefit.lower()
    assert "Stand-ins" in rest
