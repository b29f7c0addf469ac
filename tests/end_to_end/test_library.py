"""Somebody else's project: made from the template, with the wheel alone, and code of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.vocabulary import DeliveryMethod
from phonemfa.pulumi.stack_file import read_stack_file
from sandbox.engine.plugin import Plugin
from tests.contract import PROJECT
from tests.end_to_end.conftest import CONFIG, KEY, Tenant
from tests.end_to_end.pulumi_cli import PulumiProject, changed
from tests.packaging.installed import Installed, build, install

pytestmark = pytest.mark.end_to_end

NEW = ("pulumi", "new", str(PROJECT / "template"), "--yes", "--non-interactive")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel, the command line, and nothing of this checkout."""
    folder = tmp_path_factory.mktemp("installed")
    wheel = build(folder / "dist", "wheel")[".whl"]
    return install(wheel, folder / "venv", extras="[cli]")


def put(plugin: Plugin, folder: Path) -> None:
    """The plugin, for a program that runs in another environment than this checkout's."""
    wrapped = folder / plugin.executable.name
    if not wrapped.exists():
        own = f'PATH="{Path(sys.prefix, "bin")}:$PATH"'
        wrapped.write_text(f'#!/bin/sh\n{own} exec "{plugin.executable}" "$@"\n', "utf-8")
        wrapped.chmod(0o755)


@pytest.fixture
def theirs(
    tmp_path: Path, environment: dict[str, str], plugin: Plugin, installed: Installed
) -> PulumiProject:
    """A project from the template whose own code has a package called `components`."""
    put(plugin, installed.bin)
    environment |= {
        "PATH": f"{installed.bin}{os.pathsep}{environment['PATH']}",
        "VIRTUAL_ENV": str(installed.folder),
        # Nothing is compiled in this environment yet, and most of it never will be.
        "PYTHONDONTWRITEBYTECODE": "",
    }
    folder = tmp_path / "theirs"
    named = ["--name=company-login", "--description=Login of a company", f"--dir={folder}"]
    subprocess.run(
        [*NEW, "--generate-only", *named],
        env=environment,
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=60,
    )
    (folder / "components").mkdir()
    (folder / "components" / "__init__.py").write_text('OWN = "theirs"\n', encoding="utf-8")
    with (folder / "__main__.py").open("a", encoding="utf-8") as program:
        program.write('\nimport components\n\npulumi.export("own", components.OWN)\n')
    made = PulumiProject(folder, environment, program=folder)
    assert made.name == "company-login"
    made.init()
    return made


def configure(project: PulumiProject, key: str) -> None:
    """Set what the template asks for, under the package's name: the project has another."""
    project.run("config", "set", "--secret", "phonemfa:cpaasApiKey", stdin=key)
    file = project.folder / f"Pulumi.{project.stack}.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    for name, value in CONFIG.items():
        # As `pulumi new` writes an answer: always as text, a list as JSON.
        text = json.dumps(value) if isinstance(value, list) else value
        content["config"][f"phonemfa:{name}"] = text
    file.write_text(yaml.safe_dump(content), encoding="utf-8")


def test_a_project_from_the_template_sends_codes_with_the_wheel_alone(
    theirs: PulumiProject, tenant: Tenant
) -> None:
    configure(theirs, tenant.running.credentials.cpaas_api_key)
    theirs.up()
    assert theirs.outputs()["own"] == "theirs"
    assert theirs.outputs()["policy"] == "all-applications"
    assert tenant.api("GET", "/guardian/policies") == ["all-applications"]
    number = "+819012345678"
    sent = tenant.control("POST", "/challenge", {"to": number, "delivery_method": "text"})
    (message,) = tenant.control("GET", f"/messages?to=%2B{number[1:]}&wait=30")["messages"]
    assert sent["code"] in message["text"]


def operate(project: PulumiProject, installed: Installed, *arguments: str, expect: int = 0) -> Any:
    """One command of the installed command line, as JSON."""
    ended = subprocess.run(
        [str(installed.bin / "phonemfa"), *arguments, "--stack", project.stack, "--json"],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == expect, ended.stdout + ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.thorough
def test_the_installed_command_line_and_policy_pack_work_for_a_project_of_another_name(
    theirs: PulumiProject, tenant: Tenant, installed: Installed
) -> None:
    configure(theirs, tenant.running.credentials.cpaas_api_key)
    advice = ["config", "set", "--path", "--type", "string", "phonemfa:testNumbers[0]"]
    theirs.run(*advice, "+819012345678")
    levels = theirs.folder / "policy" / "stacks" / f"{theirs.stack}.json"
    levels.parent.mkdir(parents=True)
    levels.write_text('{"country-allow-list": {"allowed": ["+1"]}}', encoding="utf-8")

    (report,) = operate(theirs, installed, "report", expect=1)
    assert [one["rule"] for one in report["violations"]] == ["country-allow-list"]
    install_policy = ["pip", "install", "--quiet", "pulumi-policy>=1.21,<2"]
    subprocess.run([str(installed.bin / "python"), "-m", *install_policy], check=True)
    pack = installed.site_packages / "phonemfa" / "policy" / "__main__.py"
    theirs.run("up", "--yes", "--skip-preview", "--policy-pack", str(pack))
    assert changed(theirs.preview_steps()) == []
    assert operate(theirs, installed, "drift")["drift"] is False
    sends = operate(theirs, installed, "smoke", "--yes")["sends"]
    assert [one["verdict"] for one in sends] == ["sent", "sent"]


@pytest.mark.thorough
def test_pulumi_new_asks_for_what_a_stack_needs_and_installs_it(
    tmp_path: Path, environment: dict[str, str], plugin: Plugin, installed: Installed
) -> None:
    # `pulumi new` asks the internet for the plugin, unless Pulumi's home has it.
    home = Path(environment["PULUMI_HOME"], "plugins", f"resource-auth0-v{version('pulumi-auth0')}")
    home.mkdir(parents=True)
    put(plugin, home)
    answers = CONFIG | {"deliveryMethods": '["text", "voice"]'}
    config = [f"--config=phonemfa:{name}={value}" for name, value in answers.items()]
    made = tmp_path / "theirs"
    environment |= {
        "PIP_FIND_LINKS": str(installed.wheel.parent),
        "PIP_REQUIRE_VIRTUALENV": "true",
    }
    subprocess.run(
        [*NEW, "--stack=t1", "--name=company-login", f"--dir={made}", *config],
        env=environment,
        cwd=tmp_path,
        check=True,
        timeout=900,
    )
    settings = read_stack_file(made, "t1").settings
    assert settings.delivery_methods == {DeliveryMethod.TEXT, DeliveryMethod.VOICE}
    asked = yaml.safe_load((PROJECT / "template" / "Pulumi.yaml").read_text(encoding="utf-8"))
    questions = asked["template"]["config"]
    wanted = {f"phonemfa:{name}" for name in answers}
    # Nobody may give the key on a command line; asked for, it is encrypted.
    assert set(questions) == wanted | {"auth0:domain", "phonemfa:cpaasApiKey"}
    assert [name for name, one in questions.items() if one.get("secret")] == [
        "phonemfa:cpaasApiKey"
    ]
    assert_works_as_its_readme_says(made, environment)

    clone = tmp_path / "clone"
    clone.mkdir()
    for file in filter(Path.is_file, made.iterdir()):
        if file.name != "pyvenv.cfg":
            shutil.copy(file, clone)
    assert "`pulumi install`" in (clone / "README.md").read_text(encoding="utf-8")
    subprocess.run(["pulumi", "install"], env=environment, cwd=clone, check=True, timeout=900)
    assert_works_as_its_readme_says(clone, environment)


def assert_works_as_its_readme_says(made: Path, environment: dict[str, str]) -> None:
    """Activate the environment where the README says it is, and use what must be in it."""
    # The language host that the sandbox may have to build makes it in the project's folder.
    (activate,) = (one for one in ("venv/bin/activate", "bin/activate") if (made / one).exists())
    assert f"`source {activate}`" in (made / "README.md").read_text(encoding="utf-8")
    key = "pulumi config set --stack t1 --secret phonemfa:cpaasApiKey"
    use = f"{key}; pulumi preview --stack t1 --json; phonemfa --help; which phonemfa"
    # Of this checkout there is only the engine left: no Python to fall back to.
    path = os.pathsep.join(
        one for one in environment["PATH"].split(os.pathsep) if one != f"{sys.prefix}/bin"
    )
    ended = subprocess.run(
        ["bash", "-ec", f"source {activate}; {use}"],
        env={name: value for name, value in environment.items() if name != "VIRTUAL_ENV"}
        | {"PATH": path},
        cwd=made,
        input=KEY,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "phonemfa:index:PhoneMfa" in ended.stdout
    assert ended.stdout.endswith(f"{made / Path(activate).with_name('phonemfa')}\n")
