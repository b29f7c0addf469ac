"""Every command takes the same stack and the same config, and refuses the same."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from components.config_files import StackFileError
from components.settings.faults import SettingsError
from phonemfa.cli import app
from phonemfa.pulumi.stack_file import read_stack_file

GOOD = """config:
  auth0:domain: dev.example.com
  phonemfa:experience: unified
  phonemfa:policy: never
  phonemfa:deliveryMethods: [text]
  phonemfa:cpaasBaseHost: c.example.com
  phonemfa:smsSender: '0005212345'
  phonemfa:testNumbers: ['+819012345678']
"""
COMMANDS = (
    *("doctor", "adopt", "drift", "health", "report", "smoke", "enforce", "rotate", "rollback"),
    *("recover", "take-down"),
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: phonemfa\nruntime: python\n", "utf-8")
    (tmp_path / "Pulumi.dev.yaml").write_text(GOOD, "utf-8")
    for name in ("AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "AUTH0_API_TOKEN", "AUTH0_DOMAIN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def pulumi_that(folder: Path, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `pulumi` on PATH that prints this."""
    script = folder / "bin" / "pulumi"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\nprint({says!r})\n", "utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_a_number_that_yaml_turns(project: Path, command: str) -> None:
    file = project / "Pulumi.dev.yaml"
    before = GOOD.replace("'0005212345'", "0005212345")
    file.write_text(before, "utf-8")
    ended = CliRunner().invoke(app, [command, "--stack", "dev", "--project", str(project)])
    assert ended.exit_code == 2
    assert 'put it in quotes: "0005212345"; or write 1381605, if that is meant' in ended.output
    assert file.read_text("utf-8") == before


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_asks_for_a_stack_where_none_is_named_or_selected(
    project: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(project))
    ended = CliRunner().invoke(app, [command, "--project", str(project)])
    assert ended.exit_code == 2
    assert "Which stack? --stack NAME" in ended.output
    assert "Stacks with a file: dev" in ended.output


def test_a_stack_without_a_file_is_told_with_the_folder(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    with pytest.raises(StackFileError, match=f"no Pulumi.nosuch.yaml in {project}\\. Stacks"):
        read_stack_file(Path(), "nosuch")


def test_all_offenders_are_told_at_once(project: Path) -> None:
    text = GOOD.replace("'0005212345'", "0120987654").replace("['+819012345678']", "[+8190, 0x1]")
    text += "  phonemfa:recipientLimit: 1_0\n  phonemfa:ringTimeout: 99\n  phonemfa:nope: 1\n"
    (project / "Pulumi.dev.yaml").write_text(f"{text}  auth0:clientId: 007\n", "utf-8")
    with pytest.raises(SettingsError) as refused:
        read_stack_file(project, "dev")
    assert sorted(fault.key for fault in refused.value.faults) == [
        "auth0:clientId",
        "phonemfa:nope",
        "phonemfa:recipientLimit",
        "phonemfa:ringTimeout",
        "phonemfa:smsSender",
        "phonemfa:testNumbers[0]",
        "phonemfa:testNumbers[1]",
    ]


def test_a_turned_secret_is_never_shown(project: Path) -> None:
    text = f"{GOOD}  phonemfa:cpaasApiKey: 0123456789\n  auth0:clientSecret: 0123456789\n"
    (project / "Pulumi.dev.yaml").write_text(text, "utf-8")
    with pytest.raises(SettingsError) as refused:
        read_stack_file(project, "dev")
    assert "0123456789" not in str(refused.value)
    assert "123456789" not in str(refused.value)


def test_a_setting_that_is_a_secret_is_refused_as_up_does(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text(
        f"{GOOD}  phonemfa:voiceSender: {{secure: v1:a}}\n  phonemfa:texts: {{a: {{secure: x}}}}\n",
        "utf-8",
    )
    with pytest.raises(SettingsError, match="only cpaasApiKey is kept as one") as refused:
        read_stack_file(project, "dev")
    assert len(refused.value.faults) == 2


def test_the_selected_stack_is_the_one_that_is_meant(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi_that(project, "dev", monkeypatch)
    assert read_stack_file(project, None).stack == "dev"


def test_the_projects_own_values_count(project: Path) -> None:
    (project / "Pulumi.yaml").write_text(
        "name: own\nruntime: python\nconfig:\n  phonemfa:ringTimeout: {value: 20}\n"
        "  phonemfa:policy: {value: always}\n",
        "utf-8",
    )
    settings = read_stack_file(project, "dev").settings
    assert (settings.ring_timeout, settings.policy.value) == (20, "never")


def test_values_of_an_environment_are_the_engines(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project / "Pulumi.dev.yaml"
    file.write_text(f"environment: [acme/phone]\n{GOOD}", "utf-8")
    said = (
        '{"phonemfa:experience": {"value": "unified"}, "phonemfa:policy": {"value": "always"},'
        ' "phonemfa:deliveryMethods": {"value": "[\\"text\\"]", "objectValue": ["text"]},'
        ' "phonemfa:cpaasBaseHost": {"value": "of.the.environment"},'
        ' "phonemfa:smsSender": {"value": "0120987654"}, "phonemfa:cpaasApiKey": {"secret": true},'
        ' "auth0:clientSecret": {"secret": true}}'
    )
    pulumi_that(project, said, monkeypatch)
    found = read_stack_file(project, "dev")
    assert found.settings.cpaas_base_host == "of.the.environment"
    assert found.auth0 == {"clientSecret": {"secure": ""}}
    monkeypatch.setenv("PATH", str(project))
    with pytest.raises(StackFileError, match="only the engine opens"):
        read_stack_file(project, "dev")
