"""Values are set in a stack's file, and the rest of it stays as a person wrote it."""

from __future__ import annotations

import pytest

from components.config_files import StackFileError, config_in
from phonemfa.adopt.stack_text import with_values

NAME = "Pulumi.dev.yaml"

MINE = """# Ours.
encryptionsalt: v1:abc
config:
  auth0:domain: a.example.com
  # why it is so
  phonemfa:texts:
    otp_verify:
      text: "a: b"
  phonemfa:deliveryMethods:
  - text
  phonemfa:policy: never  # for now

other: 1
"""


def test_other_keys_comments_and_order_stay() -> None:
    text = with_values(NAME, MINE, {"phonemfa:texts": {"x": {"text": "y"}}, "phonemfa:new": True})
    assert text == MINE.replace(
        '    otp_verify:\n      text: "a: b"\n', "    x:\n      text: y\n"
    ).replace("# for now\n", "# for now\n  phonemfa:new: true\n")


def test_a_list_that_is_not_indented_is_replaced_whole() -> None:
    text = with_values(NAME, MINE, {"phonemfa:deliveryMethods": ["voice", "text"]})
    assert config_in(NAME, text)["phonemfa:deliveryMethods"] == ["voice", "text"]
    assert text.count("- text") == 1


@pytest.mark.parametrize("before", ["", "encryptionsalt: v1:abc\n", "config:\n"])
def test_a_file_without_config_gets_one(before: str) -> None:
    text = with_values(NAME, before, {"a:b": "日本語 {{ code }}\r\n二行", "a:c": "0120"})
    assert config_in(NAME, text) == {"a:b": "日本語 {{ code }}\r\n二行", "a:c": "0120"}
    assert text.startswith(before)


@pytest.mark.parametrize("text", ["config: {a: 1}\n", "- a\n", "config: [1]\n", "a: [\n"])
def test_what_cannot_be_kept_is_refused(text: str) -> None:
    with pytest.raises(StackFileError):
        with_values(NAME, text, {"a:b": 1})
