"""Files in other encodings, a locale that is none of ours, cut-off locks: a sentence each."""

import csv
import json
import subprocess
import sys
from itertools import product
from pathlib import Path

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from components.config_files import StackFileError
from components.settings import stack_config
from components.settings.faults import SettingsError
from components.tenant.bounded_http import BoundedClient
from components.vocabulary import Policy, policy_word
from phonemfa import __version__
from phonemfa.adopt.command import stack_text
from phonemfa.answered import RefusedError
from phonemfa.cli import COMMANDS, app
from phonemfa.fleet.selection import listed, read_member
from phonemfa.fleet.work import _in_a_list
from phonemfa.pulumi.stack_file import read_stack_file
from tests.contract import PROJECT
from tests.phonemfa.pulumi.test_stack_file import GOOD
from tests.phonemfa.test_hostile_files import PREVIEW, reported

ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "latin-1", "shift_jis", "cp932")
MARKED = ("utf-8", "utf-8-sig")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_stack_file_in_another_encoding_is_told(tmp_path: Path, encoding: str) -> None:
    # UTF-16 with its mark is read, as the engine reads it: its number is the fault then.
    text = GOOD.replace("'0005212345'", "0005212345") + "# é ﾃ"
    data = text.encode("cp1252" if encoding == "latin-1" else encoding, "replace")
    data += b"\xe9" if encoding in {"latin-1", "shift_jis", "cp932"} else b""
    (tmp_path / "Pulumi.dev.yaml").write_bytes(data)
    with pytest.raises((StackFileError, SettingsError), match=r"UTF-8|put it in quotes"):
        read_stack_file(tmp_path, "dev")


def test_adopting_changes_no_file_that_it_would_write_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_bytes("config: {}".encode("utf-16"))
    with pytest.raises(StackFileError, match="save it as UTF-8 first"):
        stack_text(file)


@pytest.mark.parametrize("encoding", MARKED)
def test_a_list_and_variables_may_have_a_mark_and_other_line_endings(
    tmp_path: Path, encoding: str
) -> None:
    (tmp_path / "list").write_bytes("dev\r\n# x\r\nprod\r\n".encode(encoding))
    assert listed(tmp_path / "list") == ["dev", "prod"]
    (tmp_path / "Pulumi.dev.yaml").write_text(GOOD, "utf-8")
    (tmp_path / "dev.env").write_bytes("AUTH0_CLIENT_ID=日本\r\nB=c\r\n".encode(encoding))
    member = read_member(tmp_path, "dev", env_dir=tmp_path)
    assert (member.variables, member.fault) == ({"AUTH0_CLIENT_ID": "日本", "B": "c"}, "")


@pytest.mark.parametrize("data", ["é=a".encode("utf-16"), b"A=\xe9", b"A=a\0b", b"\xff\xfe"])
def test_variables_that_are_no_text_are_their_stacks_own_fault(tmp_path: Path, data: bytes) -> None:
    for stack in ("dev", "prod"):
        (tmp_path / f"Pulumi.{stack}.yaml").write_text(GOOD, "utf-8")
    (tmp_path / "dev.env").write_bytes(data)
    assert "dev.env" in read_member(tmp_path, "dev", env_dir=tmp_path).fault
    assert read_member(tmp_path, "prod", env_dir=tmp_path).fault == ""
    (tmp_path / "list").write_bytes(data)
    if b"\0b" not in data:
        with pytest.raises(RefusedError, match="cannot be read"):
            listed(tmp_path / "list")


@pytest.mark.parametrize("encoding", [*MARKED, "utf-16", "utf-32-be"])
def test_a_preview_is_read_as_a_shell_wrote_it(tmp_path: Path, encoding: str) -> None:
    content = json.dumps(PREVIEW, ensure_ascii=False).encode(encoding)
    reported(tmp_path / "x.json", content)
    said = CliRunner().invoke(app, ["report", "--preview-json", str(tmp_path / "x.json")])
    assert "cannot be read" not in said.output


def in_another_locale(*arguments: str | bytes) -> tuple[int, bytes]:
    ended = subprocess.run(
        [sys.executable, "-m", "phonemfa", *arguments],
        cwd=PROJECT,
        env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        check=False,
    )
    return ended.returncode, ended.stderr


def test_a_locale_that_would_make_garbage_of_texts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(GOOD, "utf-8")
    status, said = in_another_locale("rotate", "--stack", "dev", "--project", str(tmp_path))
    assert status == 2
    assert b"The locale here is not UTF-8 (ascii)" in said
    assert b"Traceback" not in said
    _, said = in_another_locale("break-glass", "--reason", "日本".encode())
    assert b"Not set: AUTH0_DOMAIN" in said, "it keeps nobody locked out"


@pytest.mark.parametrize(
    ("command", "encoding"),
    [
        ("drift", "utf-16"),
        *(
            pytest.param(*case, marks=pytest.mark.thorough)
            for case in product(COMMANDS, ("utf-16", "ascii"))
        ),
    ],
)
def test_a_command_ends_in_words_in_whatever_encoding_they_are_printed(
    tmp_path: Path, command: str, encoding: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "phonemfa", command, "--stack", "日本"],
        cwd=PROJECT,
        env={"PYTHONIOENCODING": encoding, "PHONEMFA_PROJECT": str(tmp_path), "PATH": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    said = (ended.stdout + ended.stderr).decode(encoding, "replace")
    assert ended.returncode == 2
    assert said.strip()
    assert "Traceback" not in said


def test_a_key_of_bytes_that_are_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(GOOD, "utf-8")
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "phonemfa", "doctor", "--key-stdin", "--stack", "dev"),
            *("--project", str(tmp_path)),
        ],
        cwd=PROJECT,
        env={"PYTHONIOENCODING": "utf-8:strict"},
        input=b"\xff\xfe\n",
        capture_output=True,
        check=False,
    )
    assert b"a non-ASCII character, and the CPaaS would refuse it" in ended.stdout + ended.stderr
    assert b"Traceback" not in ended.stderr


def test_the_program_refuses_such_a_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "iso8859-1")
    with pytest.raises(pulumi.RunError, match=r"not UTF-8 \(iso8859-1\).*Nothing was written"):
        stack_config.load()


@given(st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]), min_size=1))
def test_a_path_with_commas_and_quotes_stays_one(path: str) -> None:
    assert next(csv.reader([f"{_in_a_list(path)},other"])) == [path, "other"]


@pytest.mark.parametrize("name", ["a,b", "it's", 'say "x"', "スタック", "a b;c"])
def test_a_project_in_a_folder_with_any_name_from_anywhere(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / name
    (folder / "below").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: phonemfa\n", "utf-8")
    (folder / "Pulumi.dev.yaml").write_text(GOOD.replace("never", "sometimes"), "utf-8")
    for cwd, project in ((tmp_path, name), (folder / "below", "."), (folder, str(folder))):
        monkeypatch.chdir(cwd)
        ended = CliRunner().invoke(app, ["doctor", "--stack", "dev", "--project", project])
        assert 'phonemfa:policy = "sometimes"' in ended.output


def test_the_version_is_said_and_policies_are_told_in_the_settings_words() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"phonemfa {__version__}\n"
    told = [policy_word([one.guardian_policy] if one is not Policy.NEVER else []) for one in Policy]
    assert told == ["always", "adaptive", "never"]
    assert policy_word(["confidence-score", "new"]) == "adaptive, new"


@pytest.mark.parametrize("proxy", ["socks5://u:canary@127.0.0.1:1", "ftp://canary:1"])
def test_a_proxy_that_no_client_can_use_is_told_by_its_variables(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(OSError, match="ALL_PROXY names a proxy") as told:
        BoundedClient(total=1)
    assert "canary" not in str(told.value)


def test_a_header_that_cannot_be_sent_is_no_proxys_fault() -> None:
    with pytest.raises(UnicodeError):
        BoundedClient(total=1, headers={"PRIVATE-TOKEN": "鍵"})
