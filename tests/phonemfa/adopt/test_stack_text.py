"""Values are set in a stack's file, and the rest of it stays as a person wrote it."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.config_files import StackFileError, config_in, decoded, read_config
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
    new = {"phonemfa:texts": {"x": {"text": "y"}}, "phonemfa:new": True, "phonemfa:a": 1}
    text = with_values(NAME, MINE, new | {"phonemfa:deliveryMethods": ["voice", "sms"]})
    assert text == MINE.replace(
        '    otp_verify:\n      text: "a: b"\n', "    x:\n      text: y\n"
    ).replace("  - text\n", "  - voice\n  - sms\n").replace(
        "# for now\n", "# for now\n  phonemfa:new: true\n  phonemfa:a: 1\n"
    )


@pytest.mark.parametrize("before", ["", "encryptionsalt: v1:abc\n", "config:\n"])
def test_a_file_without_config_gets_one(before: str) -> None:
    text = with_values(NAME, before, {"a:b": "日本語 {{ code }}\r\n二行", "a:c": "0120"})
    assert config_in(NAME, text) == {"a:b": "日本語 {{ code }}\r\n二行", "a:c": "0120"}
    assert text.startswith(before)


@pytest.mark.parametrize("text", ["- a\n", "config: [1]\n", "a: [\n"])
def test_what_is_no_stack_file_is_refused(text: str) -> None:
    with pytest.raises(StackFileError):
        with_values(NAME, text, {"a:b": 1})


@pytest.mark.parametrize(
    "text",
    [
        *("config: {a: 1}\n", "config: {}\n", "config: ~\n", "config: null  # yet\n"),
        "x: &c\n  a: 1\nconfig: *c\n",
        "config:\n  a:c: &x 1\n  a:b: *x\n",
    ],
)
def test_what_cannot_be_kept_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(StackFileError, match=r"cannot be kept\. Write it as a block"):
        with_values(NAME, text, {"a:b": 1})


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("text", [MINE, "config:", "# nothing yet", "a: 1\n\nconfig:  # ours\n"])
def test_line_endings_and_the_mark_stay(text: str, mark: str, ending: str) -> None:
    before = mark + text.replace("\n", ending)
    after = with_values(NAME, before, {"phonemfa:new": "a", "phonemfa:texts": {"x": "y\nz"}})
    assert after.startswith(mark)
    assert after.count("\ufeff") == len(mark)
    if "\n" in before:
        assert after.count("\n") == after.count(ending), "one kind, that of the file"
    assert config_in(NAME, after)["phonemfa:texts"] == {"x": "y\nz"}


@given(st.text("0123456789+-._eExXoObBtT:yn~ ", max_size=24) | st.text(max_size=24))
def test_a_text_that_is_written_is_the_text_that_is_read(text: str) -> None:
    try:
        after = with_values(NAME, "config:\n", {"phonemfa:x": text, "phonemfa:y": [{"z": text}]})
    except (StackFileError, ValueError):
        return  # No YAML has it: a surrogate, a control character.
    with TemporaryDirectory() as folder:
        Path(folder, NAME).write_bytes(after.encode())
        found = read_config(Path(folder), "dev")
    assert found.turned == ()
    assert found.values["phonemfa:y"] == [{"z": text}]
    assert found.values["phonemfa:x"] == decoded(text)
