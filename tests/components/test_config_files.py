"""Config is read as the engine reads it, and what YAML would turn into something else is seen.

That the engine agrees is tests/end_to_end/test_config.py's matter.
"""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import config_files
from components.config_files import StackFileError, is_text, read_config, stack_names
from components.settings.faults import SettingsError
from tests.components.test_stack_config import STACK, loaded

TURNED = {
    "0120987654": "120987654",
    "0005212345": "1381605",
    "+815012345678": "815012345678",
    "0x1F": "31",
    "0XaB": "171",
    "0o17": "15",
    "-0o17": "-15",
    "0b11": "3",
    "1_000": "1000",
    "1e5": "",
    "+_0": "0",
    "0_x1F": "31",
    "1_e5": "",
    "1E+5": "",
    "1.0": "",
    ".5": "",
    "6.02e23": "",
    "00": "0",
    "08": "8",
    "-0": "0",
    "2020-01-02": "",
    "2020-1-2 10:00:00": "",
    "2001-12-14t21:59:43.10-05:00": "",
    "12345678901234567890123": "12345678901234567890123",
    "18446744073709551616": "18446744073709551616",
}
KEPT = {
    "yes": "yes",
    "off": "off",
    "Y": "Y",
    "12:30:45": "12:30:45",
    "190:20:30": "190:20:30",
    "1,000": "1,000",
    "0x": "0x",
    "v1.0": "v1.0",
    "14": "14",
    "-5": "-5",
    "0": "0",
    "815012345678": "815012345678",
    "true": True,
    "FALSE": False,
    "~": "",
    "null": "",
    "": "",
    '"0120987654"': "0120987654",
    "'1e5'": "1e5",
    "!!str 012": "012",
    "|-\n    0120": "0120",
    "'[\"text\"]'": ["text"],
    "[0, true, ~, x, 12]": [0, True, None, "x", 12],
}


def config(folder: Path, stack: str = "", project: str = "", name: str = "dev") -> Any:
    (folder / "Pulumi.yaml").write_text(f"name: phonemfa\nruntime: python\n{project}", "utf-8")
    (folder / "Pulumi.dev.yaml").write_text(stack, "utf-8")
    return read_config(folder, name)


@pytest.mark.parametrize("written", TURNED)
def test_what_yaml_takes_for_another_value_is_seen(tmp_path: Path, written: str) -> None:
    found = config(tmp_path, f"config:\n  phonemfa:x: {written}\n")
    (one,) = found.turned
    assert (one.key, one.path, one.written) == ("phonemfa:x", (), written)
    assert one.read == TURNED[written]


@pytest.mark.parametrize("written", KEPT)
def test_what_it_takes_for_itself_is_handed_over(tmp_path: Path, written: str) -> None:
    found = config(tmp_path, f"config:\n  phonemfa:x: {written}\n")
    assert (found.values["phonemfa:x"], found.turned) == (KEPT[written], ())


WHERE = {
    "a list": ("config:\n  phonemfa:x: [a, 010]\n", "", (1,)),
    "a block": ("config:\n  phonemfa:x:\n    a:\n      b: 010\n", "", ("a", "b")),
    "an alias": ("a: &a [010]\nconfig:\n  phonemfa:x: *a\n", "", (0,)),
    "a merged block": ("a: &a {b: 010}\nconfig:\n  phonemfa:x: {<<: *a}\n", "", ("b",)),
    "a key without its namespace": ("config:\n  x: 010\n", "", ()),
    "a key of the old form": ("config:\n  phonemfa:config:x: 010\n", "", ()),
    "the project, shortly": ("", "config:\n  x: 010\n", ()),
    "the project's default": ("", "config:\n  x: {default: 010}\n", ()),
    "the project's value": ("", "config:\n  phonemfa:x: {value: [010]}\n", (0,)),
}


@pytest.mark.parametrize("place", WHERE)
def test_it_is_seen_wherever_it_stands(tmp_path: Path, place: str) -> None:
    stack, project, path = WHERE[place]
    (one,) = config(tmp_path, stack, project).turned
    assert (one.key, one.path, one.written) == ("phonemfa:x", path, "010")
    assert one.file == ("Pulumi.dev.yaml" if stack else "Pulumi.yaml")


def test_what_is_not_in_force_and_what_is_not_ours_is_left(tmp_path: Path) -> None:
    project = "config:\n  x: 010\n  aws:account: {value: 0120}\n"
    stack = "a: &a {b: 010}\nconfig:\n  phonemfa:x: a\n  aws:other: 010\n"
    stack += "  phonemfa:y: {<<: *a, b: c}\n"
    found = config(tmp_path, stack, project)
    assert (found.turned, found.values["phonemfa:y"]) == ((), {"b": "c"})


@given(st.text("0123456789_+-.eExXoObB", min_size=1, max_size=20))
def test_a_number_is_kept_or_seen_and_never_another(text: str) -> None:
    try:
        number: float | None = float(text.replace("_", ""))
    except ValueError:
        number = None
    if text[0] != "_" and number is not None and abs(number) < 1e300 and str(int(number)) != text:
        assert not is_text(text), "Python reads it as another number, and so may the engine"


def test_stacks_are_found_as_the_engine_finds_them(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "Pulumi.yml").write_text("name: own\nstackConfigDir: stacks\nconfig: {}\n", "utf-8")
    file = tmp_path / "stacks" / "Pulumi.dev.yml"
    file.write_text("config: {phonemfa:x: a, x: b}\n", "utf-8")
    for folder in (tmp_path, tmp_path / "deep" / "er"):
        for name in ("dev", "acme/dev", "acme/own/dev"):
            found = read_config(folder, name)
            assert (found.stack, found.file, found.folder) == ("dev", file, tmp_path)
            assert found.values == {"phonemfa:x": "a", "own:x": "b"}
        assert stack_names(folder) == ["dev"]
    # What stackConfigDir was called once.
    (tmp_path / "Pulumi.yml").write_text("name: own\nconfig: stacks\n", "utf-8")
    assert read_config(tmp_path, "dev").values == {"phonemfa:x": "a", "own:x": "b"}
    other = tmp_path / "other.yaml"
    other.write_text("config: {phonemfa:x: other}\n", "utf-8")
    assert read_config(tmp_path, "dev", file=other).values == {"phonemfa:x": "other"}


@pytest.mark.parametrize("name", ["acme/theirs/dev", "a/b/c/d", "", "/dev", "dev/", "a//b"])
def test_what_is_no_stack_of_the_project_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StackFileError, match=r"another project|is no stack"):
        config(tmp_path, "config: {}\n", name=name)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8-sig", "config:\r\n  phonemfa:x: 日本\r\n"),
        ("utf-16", "config:\n  phonemfa:x: 日本\n"),
    ],
)
def test_a_byte_order_mark_is_no_fault(tmp_path: Path, encoding: str, text: str) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_bytes(text.encode(encoding))
    assert read_config(tmp_path, "dev").values == {"phonemfa:x": "日本"}


@pytest.mark.parametrize(
    ("engine", "stack", "told"),
    [
        ({"phonemfa:smsSender": "1381605"}, "phonemfa:smsSender: 0005212345", '"0005212345"'),
        ({"phonemfa:smsSender": "120987654"}, "phonemfa:smsSender: 0120987654", "120987654"),
        ({"phonemfa:allowedPrefixes": "[81]"}, "phonemfa:allowedPrefixes: [+81]", '"+81"'),
        ({"phonemfa:actionName": "100000"}, "phonemfa:actionName: 1e5", '"1e5"'),
        ({"auth0:clientId": "1381605"}, "auth0:clientId: 0005212345", '"0005212345"'),
        pytest.param(
            *({}, "phonemfa:smsSender: 0005212345\n  phonemfa:actionName: 010", ""),
            id="a file that the engine did not take",
        ),
    ],
)
def test_the_program_refuses_what_the_engine_took_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: dict[str, str], stack: str, told: str
) -> None:
    config(tmp_path, f"config:\n  {stack}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pulumi, "get_root_directory", lambda: str(tmp_path))
    with pytest.raises(SettingsError, match=r"\A1 fault") if told else nullcontext() as refused:
        loaded(STACK | engine)
    assert told in str(refused and refused.value)


NO_KEY = "it has a key that is no text; put it in quotes."
NO_YAML = "Pulumi.dev.yaml is not YAML: "
NO_TEXT = (
    "Pulumi.dev.yaml is no text that YAML takes: save it as UTF-8, without control characters "
    "(unacceptable character #x0000: special characters are not allowed)."
)
TOO_MUCH = f"{NO_YAML}it has too many entries, or is nested too deep."
MERGES = f"{NO_YAML}it merges (<<) what is no block of keys."


@pytest.mark.parametrize(
    ("stack", "told"),
    [
        (
            "config:\n  a: [1\n  b: 2",
            f"{NO_YAML}expected ',' or ']', but got ':' in line 3, column 4.",
        ),
        ("config:\0", NO_TEXT),
        ("[1, 2]", "Pulumi.dev.yaml is no block of keys."),
        ("config: []", "Pulumi.dev.yaml: its `config:` is no block of keys."),
        (
            "config: {a: !!binary x}",
            f"{NO_YAML}it has the tag tag:yaml.org,2002:binary; write the value without one.",
        ),
        pytest.param(f"config: {{a: [{'x,' * 98}]}}", "", id="as many entries as may be"),
        pytest.param(f"config: {{a: [{'x,' * 99}]}}", TOO_MUCH, id="one entry more"),
        pytest.param(f"config: {{a: {'[' * 63}{']' * 63}}}", "", id="as deep as may be"),
        pytest.param(f"config: {{a: {'[' * 64}{']' * 64}}}", TOO_MUCH, id="one deeper"),
        pytest.param(
            f"config: {{a: {'[' * 3000}{']' * 3000}}}",
            "Pulumi.dev.yaml is not usable: it is nested too deep.",
            id="deeper than Python goes",
        ),
        pytest.param("x: " + "y" * (2**20 - 3), "", id="as large as may be"),
        pytest.param(
            "x: " + "y" * (2**20 - 2),
            "Pulumi.dev.yaml is larger than any of its kind: over 1 MiB.",
            id="one byte more",
        ),
        ("config: {1: 2}", NO_YAML + NO_KEY),
        ("config: {? [1] : 2}", NO_YAML + NO_KEY),
        ("config: {a: 1, a: 2}", f"{NO_YAML}it has a twice."),
        ("x: &x {}\nconfig: {<<: *x, <<: *x}", f"{NO_YAML}it has << twice."),
        ("config: {<<: 5}", MERGES),
        ("config: &x {<<: *x}", MERGES),
    ],
)
def test_what_cannot_be_used_is_told_with_file_and_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stack: str, told: str
) -> None:
    monkeypatch.setattr(config_files, "_MOST_NODES", 101)
    (tmp_path / "Pulumi.dev.yaml").write_text(stack, "utf-8")
    with pytest.raises(StackFileError) if told else nullcontext() as refused:
        assert read_config(tmp_path, "dev").project_name == "phonemfa", "without Pulumi.yaml"
    assert str(refused.value if refused else "") == told


@pytest.mark.parametrize(
    ("config", "values"),
    [
        ("{<<: [*x, *y]}", {"phonemfa:a": "1", "phonemfa:b": "2"}),
        ('{"<<": {a: b}}', {"phonemfa:<<": {"a": "b"}}),
        ('{"1": 2}', {"phonemfa:1": "2"}),
    ],
)
def test_what_yaml_merges_and_what_only_looks_so(
    tmp_path: Path, config: str, values: dict[str, Any]
) -> None:
    text = f"x: &x {{a: 1}}\ny: &y {{a: 3, b: 2}}\nconfig: {config}\n"
    (tmp_path / "Pulumi.dev.yaml").write_text(text, "utf-8")
    assert read_config(tmp_path, "dev").values == values


@pytest.mark.parametrize(
    "project", ["runtime: python", "name: a\nstackConfigDir: [1]", "name: [a]"]
)
def test_a_project_without_a_usable_name_is_told(tmp_path: Path, project: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(project, "utf-8")
    with pytest.raises(StackFileError) as refused:
        read_config(tmp_path, "dev")
    assert str(refused.value) == "Pulumi.yaml has no text as `name`, or as `stackConfigDir`."


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").mkdir()
    with pytest.raises(
        StackFileError, match=r"/Pulumi\.dev\.yaml cannot be read: Is a directory\.$"
    ):
        read_config(tmp_path, "dev")
    with pytest.raises(StackFileError, match=r"^a\\x00b cannot be read: .*embedded null"):
        read_config(Path("a\0b"), "dev")
