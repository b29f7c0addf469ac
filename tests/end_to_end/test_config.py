"""The engine and the commands see the same config; `up` refuses what YAML turned, as they do."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.config_files import StackFileError, config_in, decoded, read_config
from phonemfa.pulumi.engine import PulumiCli
from phonemfa.pulumi.stack_file import find_stack, read_stack_file
from sandbox.engine.ensure import Engine
from tests.components.test_config_files import KEPT, TURNED, WHERE
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end

EXACT = 18
"""Digits of a number that the engine does not round."""


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> dict[str, str]:
    """An engine with a backend of its own, in which the project has the stack `dev`."""
    home = tmp_path_factory.mktemp("engine")
    (home / "state").mkdir()
    made = {
        "PATH": os.pathsep.join([str(engine.pulumi.parent), os.environ["PATH"]]),
        "HOME": str(home),
        "PULUMI_HOME": str(home / "home"),
        "PULUMI_BACKEND_URL": f"file://{home / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "x",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    project(home)
    pulumi(home, made, "stack", "init", "dev")
    return made


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A project with that stack."""
    project(tmp_path)
    return tmp_path


def project(folder: Path, more: str = "", name: str = "phonemfa") -> None:
    (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n{more}", "utf-8")


def pulumi(
    folder: Path, variables: dict[str, str], *words: str, ok: int | None = 0
) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        ["pulumi", *words, "--non-interactive"],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ok is None or ended.returncode == ok, ended.stderr
    return ended


def of_engine(folder: Path, variables: dict[str, str], stack: str = "dev") -> dict[str, Any]:
    """What the engine would hand to the program, decoded; None for a secret."""
    said = json.loads(pulumi(folder, variables, "config", "--json", "--stack", stack).stdout)
    return {
        key: None if one["secret"] else decoded(one.get("value", "")) for key, one in said.items()
    }


def agree(folder: Path, variables: dict[str, str], stack: str = "dev") -> None:
    """Each value is the engine's, or is seen as one that the engine takes for another."""
    engine = of_engine(folder, variables, stack)
    ours = read_config(folder, stack)
    turned = {one.key for one in ours.turned}
    assert set(engine) == set(ours.values)
    for key, value in engine.items():
        if value is None:
            assert "secure" in json.dumps(ours.values[key])
        elif key.startswith("phonemfa:") and key not in turned:
            assert ours.values[key] == value, key
    for one in ours.turned:
        if not one.path and one.read and len(one.read) <= EXACT:
            assert str(engine[one.key]) == one.read


def test_every_form_of_a_value(made: Path, variables: dict[str, str]) -> None:
    forms = [*TURNED, *KEPT]
    lines = [f"  phonemfa:k{number}: {form}" for number, form in enumerate(forms)]
    (made / "Pulumi.dev.yaml").write_text("\n".join(["config:", *lines, ""]), "utf-8")
    agree(made, variables)
    engine, ours = of_engine(made, variables), read_config(made, "dev")
    changed = {f"phonemfa:k{number}" for number, form in enumerate(forms) if form in TURNED}
    assert {one.key for one in ours.turned} == changed
    assert all(engine[one.key] != one.written for one in ours.turned), "refused for nothing"


@pytest.mark.parametrize("place", WHERE)
def test_every_place_of_a_value(made: Path, variables: dict[str, str], place: str) -> None:
    stack, more, _ = WHERE[place]
    (made / "Pulumi.dev.yaml").write_text(stack, "utf-8")
    project(made, more)
    agree(made, variables)


PROJECTS = {
    "another name": ("own", "config: {phonemfa:x: {value: a}, x: {default: 1}}\n", "y: b"),
    "stackConfigDir": ("phonemfa", "stackConfigDir: stacks\n", "phonemfa:x: a"),
    "its old name": ("phonemfa", "config: stacks\n", "phonemfa:x: a"),
    "lists, blocks, words": (
        "phonemfa",
        "config: {a: [x, 1], b: {default: {c: [true]}}, d: true, e: {value: 5}, f: {default: ~}}\n",
        "f: g",
    ),
    "the stack goes first": ("phonemfa", "config: {a: {default: 1}, b: {default: 2}}\n", "a:"),
}


@pytest.mark.parametrize("case", PROJECTS)
def test_every_form_of_a_project(tmp_path: Path, variables: dict[str, str], case: str) -> None:
    name, more, config = PROJECTS[case]
    project(tmp_path, more, name)
    if name != "phonemfa":
        pulumi(tmp_path, variables, "stack", "init", "dev")
    file = read_config(tmp_path, "dev").file
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(f"\ufeffconfig:\r\n  {config}\r\n  phonemfa:s: {{secure: x}}\r\n".encode())
    for stack in ("dev", f"organization/{name}/dev"):
        agree(tmp_path, variables, stack)


def test_the_selected_stack_and_one_of_another_project(
    made: Path, variables: dict[str, str]
) -> None:
    (made / "Pulumi.dev.yaml").write_text("config: {phonemfa:x: a}\n", "utf-8")
    pulumi(made, variables, "stack", "select", "dev")
    assert PulumiCli(made, None, environ=variables).selected() == "dev"
    refused = pulumi(made, variables, "config", "--stack", "organization/other/dev", ok=None)
    assert refused.returncode != 0
    with pytest.raises(StackFileError, match="another project"):
        find_stack(made, "organization/other/dev")


def is_one_scalar(text: str) -> bool:
    try:
        found = config_in("x", f"config:\n  k: {text}\n")
    except StackFileError:
        return False
    # The engine takes no config at all with one of these.
    infinite = text.lower().lstrip("+-") in {".inf", ".nan"}
    return not isinstance(found.get("k"), dict | list) and "k" in found and not infinite


PLAIN = st.text("0123456789+-._eExXoObBtTzZ:aAfFnNyY~/", min_size=1, max_size=24).filter(
    is_one_scalar
)


@pytest.mark.parametrize("many", [3, pytest.param(40, marks=pytest.mark.thorough)])
def test_any_value_is_the_engines_or_is_refused(
    made: Path, variables: dict[str, str], many: int
) -> None:
    @settings(max_examples=many, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(PLAIN, min_size=30, max_size=150))
    def ask(values: list[str]) -> None:
        lines = [f"  phonemfa:k{number}: {value}" for number, value in enumerate(values)]
        (made / "Pulumi.dev.yaml").write_text("\n".join(["config:", *lines, ""]), "utf-8")
        engine, ours = of_engine(made, variables), read_config(made, "dev")
        turned = {one.key for one in ours.turned}
        for number, value in enumerate(values):
            key = f"phonemfa:k{number}"
            assert key in turned or ours.values[key] == engine[key], value

    ask()


# In every place and form: components/test_config_files.py.
def test_up_refuses_what_the_commands_refuse(package: PulumiProject) -> None:
    lines = package.config.read_text("utf-8").splitlines(keepends=True)
    text = "".join(one for one in lines if "smsSender" not in one)
    text = text.replace("config:\n", "config:\n  phonemfa:smsSender: 0120987654\n")
    package.config.write_text(text, "utf-8")
    said = package.run("preview", expect=None).text
    told = "phonemfa:smsSender = 0120987654, without quotes in Pulumi.t1.yaml"
    assert told in said
    with pytest.raises(Exception, match="put it in quotes") as refused:
        read_stack_file(package.folder, package.stack)
    assert told in str(refused.value)
