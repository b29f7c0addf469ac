"""Somebody else's project: made from the template, with the wheel alone, and code of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.engine.plugin import Plugin
from tests.contract import PROJECT
from tests.end_to_end.conftest import CONFIG, Tenant
from tests.end_to_end.pulumi_cli import PulumiProject, changed
from tests.packaging.installed import Installed, build, install

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel, the command line, and nothing of this checkout."""
    folder = tmp_path_factory.mktemp("installed")
    wheel = build(folder / "dist", "wheel")[".whl"]
    return install(wheel, folder / "venv", extras="[cli]")


@pytest.fixture
def theirs(
    tmp_path: Path, environment: dict[str, str], plugin: Plugin, installed: Installed
) -> PulumiProject:
    """A project from the template whose own code has a package called `components`."""
    # The stand-in plugin is of this checkout and runs in its environment; the program must not.
    wrapped = installed.bin / plugin.executable.name
    if not wrapped.exists():
        own = f'PATH="{Path(sys.prefix, "bin")}:$PATH"'
        wrapped.write_text(f'#!/bin/sh\n{own} exec "{plugin.executable}" "$@"\n', "utf-8")
        wrapped.chmod(0o755)
    environment |= {
        "PATH": f"{installed.bin}{os.pathsep}{environment['PATH']}",
        "VIRTUAL_ENV": str(installed.folder),
        # Nothing is compiled in this environment yet, and most of it never will be.
        "PYTHONDONTWRITEBYTECODE": "",
    }
    folder = tmp_path / "theirs"
    command = ["new", str(PROJECT / "template"), "--generate-only", "--yes", "--non-interactive"]
    named = ["--name", "company-login", "--description", "Login of a company", "--dir", str(folder)]
    subprocess.run(
        ["pulumi", *command, *named],
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
    for name, value in CONFIG.items():
        # As `pulumi new` writes an answer: always as text, a list as JSON.
        text = '["text", "voice"]' if isinstance(value, list) else value
        project.run("config", "set", f"phonemfa:{name}", text)


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
    (message,) = tenant.control("GET", f"/messages?to=%2B{number[1:]}&wait=5")["messages"]
    assert sent["code"] in message["text"]
    assert changed(theirs.preview_steps()) == []
