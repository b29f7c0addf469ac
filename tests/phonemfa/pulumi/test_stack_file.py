"""Every command takes the same stack and the same config, and refuses the same, in words."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from components.config_files import StackFileError
from components.settings.faults import SettingsError
from components.vocabulary import Gate, Policy
from phonemfa.cli import app
from phonemfa.pulumi.stack_file import read_stack_file
from tests.contract import PROJECT

GOOD = """config:
  auth0:domain: dev.example.com
  phonemfa:experience: unified
  phonemfa:policy: never
  phonemfa:deliveryMethods: [text]
  phonemfa:cpaasBaseHost: c.example.com
  phonemfa:smsSender: '0005212345'
  phonemfa:testNumbers: ['+819012345678']
"""
TURNED = """  auth0:clientId: 007
  phonemfa:recipientLimit: 1_0
  phonemfa:ringTimeout: 99
  phonemfa:nope: 1
  phonemfa:voiceSender: 0120987654
  phonemfa:allowedPrefixes: [+8190, 0x1]
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
def test_every_command_refuses_what_yaml_turns_and_asks_where_no_stack_is_named_or_selected(
    project: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project / "Pulumi.dev.yaml"
    before = GOOD.replace("'0005212345'", "0005212345")
    file.write_text(before, "utf-8")
    ended = CliRunner().invoke(app, [command, "--stack", "dev", "--project", str(project)])
    assert ended.exit_code == 2
    assert 'put it in quotes: "0005212345"; or write 1381605, if that is meant' in ended.output
    assert file.read_text("utf-8") == before
    monkeypatch.setenv("PATH", str(project))
    ended = CliRunner().invoke(app, [command, "--project", str(project)])
    assert ended.exit_code == 2
    assert "Which stack? --stack NAME" in ended.output
    assert "Stacks with a file: dev" in ended.output


@pytest.mark.parametrize(
    ("extra", "keys", "told"),
    [
        (
            TURNED,
            [
                *("auth0:clientId", "phonemfa:allowedPrefixes[0]", "phonemfa:allowedPrefixes[1]"),
                *("phonemfa:nope", "phonemfa:recipientLimit", "phonemfa:ringTimeout"),
                "phonemfa:voiceSender",
            ],
            "",
        ),
        (
            "  phonemfa:cpaasApiKey: 0123456789\n  auth0:clientSecret: 0123456789\n",
            ["auth0:clientSecret", "phonemfa:cpaasApiKey", "phonemfa:cpaasApiKey"],
            "",
        ),
        ("  phonemfa:cpaasApiKey: canary\n", ["phonemfa:cpaasApiKey"], "plain text"),
        (
            "  phonemfa:voiceSender: {secure: v1:a}\n  phonemfa:texts: {a: {secure: x}}\n",
            ["phonemfa:texts", "phonemfa:voiceSender"],
            "only cpaasApiKey is kept as one",
        ),
    ],
    ids=["all offenders", "turned secrets", "a key in plain text", "a setting that is a secret"],
)
def test_what_up_refuses_is_told_at_once_and_no_secret_is_shown(
    project: Path, extra: str, keys: list[str], told: str
) -> None:
    (project / "Pulumi.dev.yaml").write_text(GOOD + extra, "utf-8")
    with pytest.raises(SettingsError) as refused:
        read_stack_file(project, "dev")
    assert sorted(fault.key for fault in refused.value.faults) == keys
    assert told in str(refused.value)
    for secret in ("123456789", "canary"):
        assert secret not in str(refused.value)


def test_a_domain_that_the_provider_cannot_use_is_refused_by_commands_as_by_up(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project / "Pulumi.dev.yaml"
    file.write_text(GOOD.replace("dev.example.com", "https://dev.example.com"), "utf-8")
    assert read_stack_file(project, "dev").domain == "https://dev.example.com"
    file.write_text(GOOD.replace("dev.example.com", "https://dev.example.com/"), "utf-8")
    with pytest.raises(StackFileError, match="the host alone"):
        read_stack_file(project, "dev")
    file.write_text(GOOD.replace("  auth0:domain: dev.example.com\n", ""), "utf-8")
    monkeypatch.setenv("AUTH0_DOMAIN", "dev.example.com/")
    with pytest.raises(StackFileError, match="the host alone"):
        read_stack_file(project, "dev")


def test_the_selected_stack_is_meant_and_one_without_a_file_is_told_with_those_that_have_one(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi_that(project, "dev", monkeypatch)
    assert read_stack_file(project, None).stack == "dev"
    monkeypatch.chdir(project)
    told = f"no Pulumi.nosuch.yaml in {project}\\. Stacks with a file: dev"
    with pytest.raises(StackFileError, match=told):
        read_stack_file(Path(), "nosuch")


@pytest.mark.parametrize("written", ["off", '"off"'])
def test_values_are_read_as_the_engine_reads_them(project: Path, written: str) -> None:
    (project / "Pulumi.yaml").write_text(
        "name: own\nruntime: python\nconfig:\n  phonemfa:ringTimeout: {value: 20}\n"
        "  phonemfa:policy: {value: always}\n",
        "utf-8",
    )
    extra = f"  phonemfa:gate: {written}\n  phonemfa:cpaasApiKey: {{secure: v1:abc}}\n"
    (project / "Pulumi.dev.yaml").write_text(GOOD + extra, "utf-8")
    settings = read_stack_file(project, "dev").settings
    found = settings.ring_timeout, settings.policy, settings.gate
    assert found == (20, Policy.NEVER, Gate.OFF)


def test_every_committed_stack_is_fit_and_holds_no_secret() -> None:
    stacks = {path.name.split(".")[1] for path in PROJECT.glob("Pulumi.*.yaml")}
    assert stacks == {"sandbox", "dev", "staging", "prod"}
    found = {one: read_stack_file(PROJECT, one).settings for one in stacks}
    assert (found["prod"].protect, found["prod"].policy) == (True, Policy.ALWAYS)
    for one in stacks:
        text = (PROJECT / f"Pulumi.{one}.yaml").read_text(encoding="utf-8")
        assert "secure:" not in text
        assert "encryptionsalt" not in text
