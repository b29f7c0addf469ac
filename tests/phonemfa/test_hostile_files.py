"""No file and no argument, however strange, ends a command in a traceback."""

import copy
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from components.config_files import StackFileError
from components.settings.faults import SettingsError
from phonemfa.cli import app
from phonemfa.exits import Exit
from phonemfa.pulumi.stack_file import read_stack_file
from policy import levels
from policy.levels import LevelsError
from tests.contract import PROJECT

GOOD = b"""config:
  phonemfa:experience: unified
  phonemfa:policy: never
  phonemfa:deliveryMethods: [text]
  phonemfa:cpaasBaseHost: c.example.com
  phonemfa:smsSender: '0005212345'
"""
ALIASES = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(9)
)
HOSTILE = {
    "not UTF-8": b"config:\n  a: \xff\xfe",
    "UTF-16": "config: {}".encode("utf-16"),
    "NUL": b"config:\0",
    "a Python object": b"config: !!python/object/apply:os.system [ls]",
    "a key twice": GOOD + b"  phonemfa:policy: always\n",
    "a list": b"[1,2]",
    "a text": b"x",
    "a config that is a list": b"config: []",
    "nothing": b"",
    "aliases without number": ALIASES + b"config:\n  phonemfa:texts: *j\n",
    "a loop": b"config: &a {phonemfa:texts: *a, phonemfa:experience: *a}\n",
    "open brackets": b"config: {phonemfa:texts: " + b"[" * 5000,
    "nested too deep": b"config: {phonemfa:texts: " + b"[" * 3000 + b"]" * 3000 + b"}",
    "keys that are no text": b"config: {1: 2, null: 3, 2.5: 4}",
    "a list as a key": b"config: {? [1, 2] : 4}",
    "no date": b"config: {phonemfa:x: 2020-13-45}",
    "a number of 5000 digits": b"config: {phonemfa:recipientLimit: " + b"1" * 5000 + b"}",
    "NaN": GOOD + b"  phonemfa:recipientLimit: .nan\n",
    "a tab": b"config:\n\t- x",
    "a domain that is a list": GOOD + b"  auth0:domain: [1]\n",
    "half a surrogate pair": GOOD + b'  phonemfa:actionName: "\\ud800"\n',
    "no base64": b"config: {phonemfa:actionName: !!binary '@@@'}",
    "3 MB": b"config: {phonemfa:actionName: " + b"x" * 3_000_000 + b"}",
    "escape sequences": GOOD + b'  phonemfa:gate: "\\x1b[2J"\n',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_strange_stack_file_is_refused_in_words_and_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_bytes(HOSTILE[name])
    begun = time.thread_time()
    with pytest.raises((StackFileError, SettingsError)) as refused:
        read_stack_file(tmp_path, "dev")
    # It is a second at most, and more where coverage traces each line of PyYAML; what grows with
    # all that aliases stand for takes hours.
    assert time.thread_time() - begun < 30
    text = str(refused.value)
    assert "dev" in text
    assert all(one.isprintable() or one == "\n" for one in text)
    assert len(text) < 5000


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_a_stack_file_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "Pulumi.fuzz.yaml"
    for head in (b"", GOOD, GOOD + b"  phonemfa:texts: "):
        path.write_bytes(head + tail)
        try:
            read_stack_file(path.parent, "fuzz")
        except (StackFileError, SettingsError) as error:
            str(error).encode()


JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
PREVIEW = json.loads((PROJECT / "tests/phonemfa/report/unified.json").read_text(encoding="utf-8"))
RUNNER = CliRunner()


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Where something stands in a value: in what, and under which key."""
    lists = enumerate(value if isinstance(value, list) else ())
    for key, one in value.items() if isinstance(value, dict) else lists:
        yield value, key
        yield from places(one)


@st.composite
def mangled_previews(draw: st.DrawFn) -> Any:
    """One with a few places taken away, doubled, or replaced by junk."""
    preview = copy.deepcopy(PREVIEW)
    for _ in range(draw(st.integers(1, 3))):
        inside, key = draw(st.sampled_from([*places(preview)]))
        match draw(st.sampled_from(["gone", "doubled", "junk"])):
            case "gone":
                del inside[key]
            case "doubled" if isinstance(inside, list):
                inside.insert(key, inside[key])
            case _:
                inside[key] = draw(JUNK)
    return preview


def reported(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    ended = RUNNER.invoke(
        app, ["report", "--preview-json", str(path), "--html", str(path.with_suffix(".html"))]
    )
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    assert ended.exit_code in {Exit.FINE, Exit.FAULTY, Exit.UNANSWERED}


@pytest.mark.parametrize("many", [15, pytest.param(300, marks=pytest.mark.thorough)])
def test_any_preview_is_reported_or_refused(
    tmp_path_factory: pytest.TempPathFactory, many: int
) -> None:
    path = tmp_path_factory.mktemp("previews") / "preview.json"

    @settings(max_examples=many, suppress_health_check=list(HealthCheck))
    @given(mangled_previews())
    def report(preview: Any) -> None:
        reported(path, json.dumps(preview).encode())

    report()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"[" * 100_000, b"\xff", b'{"steps": [{"op": []}]}'),
        (
            b'{"steps": [{"op": "delete", "urn": "urn:pulumi:a::b::c::d", "oldState": {"type":'
            b' "t"}, "newState": {"inputs": {}}}, {"op": "create", "urn": "urn:pulumi:a::b::c::e",'
            b' "oldState": {"type": "t"}, "newState": {"inputs": {}}}]}'
        ),
        b'{"steps": [{"op": "same", "urn": "urn:pulumi:../../x::b::c::d"}], "changeSummary": 5}',
        b'{"steps": [{"op": "same", "urn": "urn:pulumi:a\\u0000b::b::c::d"}], "diagnostics": [5]}',
        b'{"steps": [{"op": "create", "urn": "urn:pulumi:\\ud800::b::c::d"}]}',
        (
            b'{"steps": [{"op": "create", "urn": "urn:pulumi:a::b::c::d", "newState": {"type":'
            b' "auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate", "custom": true,'
            b' "inputs": {"type": ["otp_verify"]}}}]}'
        ),
    ],
    ids=range(9),
)
def test_a_strange_preview_is_refused_or_reported(tmp_path: Path, content: bytes) -> None:
    reported(tmp_path / "x.json", content)


@settings(max_examples=100)
@given(
    st.dictionaries(
        st.sampled_from(["all", "no-dependency", "country-allow-list", "enforcementLevel"])
        | st.text(max_size=5),
        JUNK | st.fixed_dictionaries({"enforcementLevel": JUNK, "allowed": JUNK}),
        max_size=3,
    )
    | JUNK
)
def test_any_levels_are_taken_or_refused(content: Any) -> None:
    try:
        levels.parse(content, source="policy/stacks/dev.json")
    except LevelsError as error:
        str(error).encode()


@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b"\xff", b'{"all": "\\ud800"}', b"{}x"])
def test_a_file_of_levels_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / levels.FOLDER
    folder.mkdir(parents=True)
    (folder / "dev.json").write_bytes(content)
    with pytest.raises(LevelsError, match=r"policy/stacks/dev\.json"):
        levels.settings_of("dev", tmp_path)


@pytest.mark.parametrize("stack", ["../../x", "a\0b", "x" * 300, "/etc/passwd", "", "\ud800"])
def test_a_stack_with_a_strange_name_has_no_file_of_levels(stack: str, tmp_path: Path) -> None:
    assert levels.file_of(stack, tmp_path) is None


COMMANDS = sorted(str(one.name) for one in typer.main.get_group(app).commands.values())
STRANGE = ("a\0b", "../../../etc/passwd", "x" * 5000, "", " ", "-", "--", "\x1b[2J", "😀")


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a stack, a tenant or an engine."""
    monkeypatch.chdir(tmp_path)
    for name in ("AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "AUTH0_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


def ends_in_words(command: str, strange: str) -> None:
    for arguments in (
        ["--stack", strange],
        ["--stack", "dev", "--config-file", strange],
        ["--stack", "dev", "--project", strange],
        [strange],
        [f"--{strange}"],
        ["--stack", strange, "--yes", "--reason", strange, "--audit-file", strange],
    ):
        ended = RUNNER.invoke(app, [command, *arguments])
        # An OSError is told by `run_app`, which starts the app.
        expected = (SystemExit, OSError, type(None))
        assert isinstance(ended.exception, expected), (arguments, ended.exception)
        assert ended.exit_code in {1, 2}, (arguments, ended.output)


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(("command", "strange"), list(zip(COMMANDS, STRANGE, strict=False)))
def test_a_strange_argument_ends_in_words(command: str, strange: str) -> None:
    ends_in_words(command, strange)


@pytest.mark.thorough
@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_strange_argument_of_every_command_ends_in_words(command: str) -> None:
    for strange in STRANGE:
        ends_in_words(command, strange)
