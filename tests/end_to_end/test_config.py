"""The engine and the commands see the same config; `up` refuses what YAML turned, as they do."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.config_files import StackFileError, config_in, decoded, read_config
from components.vocabulary import COMPONENT
from phonemfa.pulumi.engine import PulumiCli
from phonemfa.pulumi.locks import locks_of
from phonemfa.pulumi.stack_file import read_stack_file
from sandbox.engine.ensure import Engine
from sandbox.engine.environment import engine_environment
from sandbox.engine.plugin import Plugin
from tests.components.test_config_files import KEPT, TURNED, WHERE
from tests.end_to_end.conftest import CONFIG, KEY
from tests.end_to_end.pulumi_cli import PulumiProject
from tests.end_to_end.pulumi_cloud import PulumiCloud

pytestmark = pytest.mark.end_to_end

EXACT = 18
"""Digits of a number that the engine does not round."""


@pytest.fixture(scope="module")
def variables(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, plugin: Plugin
) -> dict[str, str]:
    """An engine with a backend of its own, in which the project has the stack `dev`."""
    home = tmp_path_factory.mktemp("engine")
    made = engine_environment(engine, plugin, state_dir=home, tenant={})
    project(home, made).init()
    return made


@pytest.fixture
def made(tmp_path: Path, variables: dict[str, str]) -> PulumiProject:
    """A project with that stack."""
    return project(tmp_path, variables)


def project(
    folder: Path, variables: dict[str, str], more: str = "", name: str = "phonemfa"
) -> PulumiProject:
    (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n{more}", "utf-8")
    return PulumiProject(folder, variables, program=folder, stack="dev")


def of_engine(stack: PulumiProject) -> dict[str, Any]:
    """What the engine would hand to the program, decoded; None for a secret."""
    said = json.loads(stack.run("config", "--json").out)
    return {
        key: None if one["secret"] else decoded(one.get("value", "")) for key, one in said.items()
    }


def agree(stack: PulumiProject) -> None:
    """Each value is the engine's, or is seen as one that the engine takes for another."""
    engine, ours = of_engine(stack), read_config(stack.folder, stack.stack)
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


def test_every_form_of_a_value(made: PulumiProject) -> None:
    forms = [*TURNED, *KEPT]
    lines = [f"  phonemfa:k{number}: {form}" for number, form in enumerate(forms)]
    made.config.write_text("\n".join(["config:", *lines, ""]), "utf-8")
    agree(made)
    engine, ours = of_engine(made), read_config(made.folder, "dev")
    changed = {f"phonemfa:k{number}" for number, form in enumerate(forms) if form in TURNED}
    assert {one.key for one in ours.turned} == changed
    assert all(engine[one.key] != one.written for one in ours.turned), "refused for nothing"


@pytest.mark.parametrize("place", WHERE)
def test_every_place_of_a_value(made: PulumiProject, place: str) -> None:
    stack, more, _ = WHERE[place]
    made.config.write_text(stack, "utf-8")
    project(made.folder, made.environment, more)
    agree(made)


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
    stack = project(tmp_path, variables, more, name)
    if name != "phonemfa":
        stack.init()
    file = read_config(tmp_path, "dev").file
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(f"\ufeffconfig:\r\n  {config}\r\n  phonemfa:s: {{secure: x}}\r\n".encode())
    agree(stack)
    stack.stack = f"organization/{name}/dev"
    agree(stack)


def test_the_selected_stack_and_one_of_another_project(made: PulumiProject) -> None:
    made.config.write_text("config: {phonemfa:x: a}\n", "utf-8")
    made.run("stack", "select")
    assert PulumiCli(made.folder, None, environ=made.environment).selected() == "dev"
    made.stack = "organization/other/dev"
    made.refused("config")
    with pytest.raises(StackFileError, match="another project"):
        read_stack_file(made.folder, "organization/other/dev")


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
def test_any_value_is_the_engines_or_is_refused(made: PulumiProject, many: int) -> None:
    @settings(max_examples=many, suppress_health_check=list(HealthCheck))
    @given(st.lists(PLAIN, min_size=30, max_size=150))
    def ask(values: list[str]) -> None:
        lines = [f"  phonemfa:k{number}: {value}" for number, value in enumerate(values)]
        made.config.write_text("\n".join(["config:", *lines, ""]), "utf-8")
        engine, ours = of_engine(made), read_config(made.folder, "dev")
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


# In place of Pulumi's own service there is a stand-in; the CLI is the real one.
def test_values_of_an_environment_are_the_programs_and_the_commands(
    package: PulumiProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = {f"phonemfa:{key}": value for key, value in (CONFIG | {"cpaasApiKey": KEY}).items()}
    own = {"phonemfa:smsSender": "0005299999"}
    cloud = PulumiCloud(package.name, {"acme/phone": common, "acme/t1": own})
    package.config.write_text(
        "environment: [acme/phone, acme/t1]\nconfig: {phonemfa:ringTimeout: 20}\n", "utf-8"
    )
    package.stack = cloud.stack
    with cloud.served() as variables:
        package.environment |= variables
        for name, value in package.environment.items():
            monkeypatch.setenv(name, value)
        found = read_stack_file(package.folder, cloud.stack)
        printed = package.run("preview", "--json").out
        where = {"project": package.name, "stack": "t1"}
        assert locks_of(found.cli, "https://api.pulumi.example", **where) == []
        cloud.running = {"kind": "update", "author": "joe", "started": 1790000000}
        locks = locks_of(found.cli, "https://api.pulumi.example", **where) or ()
        assert [one.holder for one in locks] == ["joe (update), since 2026-09-21T14:13:20.000Z"]
    assert KEY not in printed
    created = [one["newState"] for one in json.loads(printed)["steps"]]
    (asked,) = [one["inputs"]["settings"] for one in created if one["type"] == COMPONENT]
    assert asked["smsSender"] == found.settings.sms_sender == "0005299999"
    assert asked["ringTimeout"] == found.settings.ring_timeout == 20
    monkeypatch.setenv("PATH", str(package.folder))
    with pytest.raises(StackFileError, match="only the engine opens"):
        read_stack_file(package.folder, cloud.stack)
