"""Texts that stand in files are the stack's texts, or a fault that says which file."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.settings.text_files import with_text_files


def written(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name.replace('__', '.')}.liquid").write_bytes(text.encode())
    return tmp_path


def test_each_file_is_the_text_of_its_name_without_the_editors_line_break(tmp_path: Path) -> None:
    project = written(
        tmp_path, otp_verify__text="a\n", otp_verify__voice="b\r\n", otp_enroll__text="c\n\n"
    )
    values, faults = with_text_files({"textFiles": "texts"}, project)
    assert faults == []
    assert values["texts"] == {
        "otp_enroll": {"text": "c\n"},
        "otp_verify": {"text": "a", "voice": "b"},
    }


def test_a_text_of_the_stacks_file_stays_beside_them(tmp_path: Path) -> None:
    project = written(tmp_path, otp_verify__text="a")
    given = {"textFiles": "texts", "texts": {"otp_verify": {"voice": "v"}}}
    values, faults = with_text_files(given, project)
    assert (values["texts"], faults) == ({"otp_verify": {"text": "a", "voice": "v"}}, [])
    assert given["texts"] == {"otp_verify": {"voice": "v"}}, "the given values are left alone"


def test_without_the_setting_nothing_is_read(tmp_path: Path) -> None:
    assert with_text_files({"a": 1}, tmp_path / "nowhere") == ({"a": 1}, [])


@pytest.mark.parametrize(
    "named", ["..", "/etc", "texts/../..", "nowhere", "texts/otp_verify.text.liquid"]
)
def test_a_folder_that_is_none_of_the_project_is_a_fault(tmp_path: Path, named: str) -> None:
    project = written(tmp_path, otp_verify__text="a")
    (fault,) = with_text_files({"textFiles": named}, project)[1]
    assert fault.key == "phonemfa:textFiles"


def test_every_file_that_would_be_ignored_or_cannot_be_read_is_told(tmp_path: Path) -> None:
    project = written(tmp_path, otp_verfy__text="a", otp_enroll__voice="v" * 70_000)
    folder = project / "texts"
    (folder / "README.md").write_text("for people")
    (folder / "otp_verify.voice.liquid").write_bytes(b"\xff")
    (folder / "otp_enroll.text.liquid").symlink_to("/etc/hostname")
    (folder / "change_password.text.liquid").write_text("twice")
    faults = with_text_files(
        {"textFiles": "texts", "texts": {"change_password": {"text": "twice"}}}, project
    )[1]
    assert {fault.value.strip('"').removeprefix("texts/") for fault in faults} == {
        "change_password.text.liquid",
        "otp_enroll.text.liquid",
        "otp_enroll.voice.liquid",
        "otp_verfy.text.liquid",
        "otp_verify.voice.liquid",
    }
