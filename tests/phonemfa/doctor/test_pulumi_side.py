"""What stands in the engine's way is told by itself, in time, and only where there is a state."""

from __future__ import annotations

import json
import os
import shlex
import socket
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from phonemfa.doctor import pulumi_side
from phonemfa.doctor.findings import Finding, Level, Subject
from phonemfa.doctor.pulumi_side import engine_checks
from phonemfa.pulumi.engine import PulumiCli
from phonemfa.pulumi.stack_file import StackFile
from tests.phonemfa.doctor.support import settings

KEY = "phonemfa:cpaasApiKey"


@dataclass
class Engine:
    """A `pulumi` that answers so; each answer is the text of a shell script."""

    folder: Path
    export: str = "echo '{}'"
    config: str = "echo canary-key"
    url: str = ""

    def findings(self, *secrets: str) -> dict[Subject, Finding]:
        url = self.url or f"file://{self.folder}/state"
        whoami = shlex.quote(json.dumps({"user": "joe", "url": url}))
        program = self.folder / "bin" / "pulumi"
        program.parent.mkdir(exist_ok=True)
        program.write_text(
            f"#!/bin/sh\ncase $1 in\nstack) {self.export};;\nconfig) {self.config};;\n"
            f"whoami) echo {whoami};;\n*) exit 99;;\nesac\n",
            encoding="utf-8",
        )
        program.chmod(0o755)
        found = list(engine_checks(self.stack(*secrets)))
        assert len({one.subject for one in found}) == len(found)
        assert "canary" not in str(found)
        return {one.subject: one for one in found}

    def stack(self, *secrets: str) -> StackFile:
        return StackFile(
            stack="dev",
            file=self.folder / "Pulumi.dev.yaml",
            project=self.folder,
            cli=PulumiCli(self.folder, "dev", environ=os.environ),
            settings=settings(),
            domain="t.example.com",
            project_name="phonemfa",
            secrets=secrets or (KEY,),
        )

    def lock(self, content: str, project: str = "phonemfa") -> None:
        folder = self.folder / "state/.pulumi/locks/organization" / project / "dev"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "a1.json").write_text(content, encoding="utf-8")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return Engine(tmp_path)


def levels(found: dict[Subject, Finding]) -> dict[str, str]:
    return {one.subject.value: one.level.value for one in found.values()}


def test_a_stack_that_is_at_hand_is_fine_in_each_of_five(engine: Engine) -> None:
    assert levels(engine.findings()) == dict.fromkeys(
        ("backend", "stack", "encryption", "pending", "lock"), "ok"
    )


@pytest.mark.parametrize(
    ("export", "told", "what", "fix"),
    [
        ("exit 3", ("backend", "note"), "not looked at: pulumi is not logged in", "pulumi login"),
        ("exit 6", ("stack", "fault"), "has no stack dev", "pulumi stack init dev"),
        (
            "echo 'error: unable to open state directory' >&2; exit 1",
            ("backend", "fault"),
            "unable to open state directory",
            "whoami",
        ),
    ],
)
def test_a_state_that_is_not_to_be_had_is_one_finding(
    engine: Engine, export: str, told: tuple[str, str], what: str, fix: str
) -> None:
    engine.export = export
    (one,) = engine.findings().values()
    assert (one.subject.value, one.level.value) == told
    assert what in one.what
    assert fix in one.fix


def test_without_a_pulumi_nothing_is_looked_at_and_nothing_fails(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(engine.folder))
    (one,) = engine_checks(engine.stack())
    assert one.level is Level.NOTE
    assert one.what == "not looked at: there is no `pulumi` on PATH"


@pytest.mark.parametrize(("slow", "subject"), [("export", "backend"), ("config", "encryption")])
def test_an_engine_that_does_not_answer_is_given_up_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, slow: str, subject: str
) -> None:
    monkeypatch.setattr(pulumi_side, "PATIENCE", 0.5)
    setattr(engine, slow, "exec sleep 60")
    one = engine.findings()[Subject(subject)]
    assert one.level is Level.UNKNOWN
    assert "no answer within" in one.what


@pytest.mark.parametrize(
    ("said", "fix"),
    [
        ("incorrect passphrase", "PULUMI_CONFIG_PASSPHRASE"),
        ("passphrase must be set with PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE"),
        ("AccessDeniedException: kms:Decrypt", "secretsprovider"),
    ],
)
def test_secrets_that_do_not_open_are_a_fault_and_hide_nothing_else(
    engine: Engine, said: str, fix: str
) -> None:
    engine.config = f"echo 'error: {said}' >&2; exit 1"
    found = engine.findings()
    assert found[Subject.ENCRYPTION].level is Level.FAULT
    assert said in found[Subject.ENCRYPTION].what
    assert fix in found[Subject.ENCRYPTION].fix
    assert found[Subject.LOCK].level is Level.OK


def test_without_any_secret_nobody_knows_whether_one_would_open(engine: Engine) -> None:
    engine.findings()
    found = list(engine_checks(replace(engine.stack(), secrets=())))
    (one,) = [one for one in found if one.subject is Subject.ENCRYPTION]
    assert one.level is Level.NOTE
    assert one.what.startswith("not looked at: ")


def test_what_a_run_left_unfinished_is_named_and_counted(engine: Engine) -> None:
    names = [f"part{number}" for number in range(5)]
    pending = [{"type": "creating", "resource": {"urn": f"urn::T::{one}"}} for one in names]
    state = json.dumps({"deployment": {"pending_operations": pending}})
    engine.export = f"echo {shlex.quote(state)}"
    one = engine.findings()[Subject.PENDING]
    assert one.level is Level.FAULT
    assert "creating part0, creating part1, creating part2 and 2 more" in one.what
    assert "recover" in one.fix


def test_a_lock_says_who_has_it_and_whether_that_run_can_still_be(engine: Engine) -> None:
    told = {"pid": 4_194_305, "username": "joe", "hostname": "ci-7", "timestamp": "2026-11-29"}
    engine.lock(json.dumps(told), project="another")
    assert engine.findings()[Subject.LOCK].level is Level.OK
    engine.lock(json.dumps(told))
    one = engine.findings()[Subject.LOCK]
    assert one.level is Level.FAULT
    assert one.what == "the stack is locked by joe@ci-7 (pid 4194305), since 2026-11-29"
    assert "recover --unlock" in one.fix
    engine.lock(json.dumps(told | {"hostname": socket.gethostname()}))
    assert "no process of this machine" in engine.findings()[Subject.LOCK].what
    engine.lock("{")
    assert "was killed while it wrote" in engine.findings()[Subject.LOCK].what


def test_a_password_in_the_backends_address_is_not_shown(engine: Engine) -> None:
    engine.url = "postgres://joe:canary-password@db.example.com/state"
    assert "postgres://db.example.com/state" in engine.findings()[Subject.BACKEND].what
    engine.export = f"echo 'error: no answer of {engine.url}' >&2; exit 1"
    assert "of postgres://db.example.com/state" in engine.findings()[Subject.BACKEND].what


@pytest.mark.parametrize(
    ("url", "command"),
    [
        (
            "s3://state/team?region=ap-northeast-1",
            "aws s3 ls s3://state/team/.pulumi/locks/organization/phonemfa/dev/ --region=ap-north",
        ),
        ("gs://state", "gcloud storage ls gs://state/.pulumi/locks/organization/phonemfa/dev/"),
        (
            "azblob://state?storage_account=mirai",
            "az storage blob list --output=table --container-name=state --prefix=.pulumi/locks/",
        ),
        (
            "postgres://joe:canary-password@db/state?table=t",
            "psql -c 'SELECT key FROM t WHERE key LIKE",
        ),
    ],
)
def test_a_backend_that_shows_no_lock_is_no_fault_and_how_to_look_is_said(
    engine: Engine, url: str, command: str
) -> None:
    engine.url = url
    one = engine.findings()[Subject.LOCK]
    assert one.level is Level.NOTE
    assert one.what.startswith("not looked at: ")
    assert one.fix.startswith(f"to look: {command}")


def test_pulumi_cloud_says_who_is_at_it_to_those_who_only_look(engine: Engine) -> None:
    engine.url = "https://app.pulumi.com/mirai"
    assert engine.findings()[Subject.LOCK].level is Level.OK
    running = {"kind": "update", "author": "joe", "started": "2026-11-29T10:00:00.000Z"}
    engine.export = f"echo {shlex.quote(json.dumps({'currentOperation': running}))}"
    one = engine.findings()[Subject.LOCK]
    assert one.what == "the stack is locked by joe (update), since 2026-11-29T10:00:00.000Z"
    assert one.fix.endswith("pulumi cancel")
    engine.export = 'echo \'{"currentOperation": {}, "deployment": {}}\''
    assert engine.findings()[Subject.LOCK].level is Level.OK


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ('echo "no JSON"', "in another form"),
        ("echo '[]'", "in another form"),
        ("""echo '{"currentOperation": {"kind": "update"}}'""", "in another form"),
        ("""echo '{"currentOperation": "update"}'""", "in another form"),
        (
            "echo 'error: no answer from https://joe:canary@api.example.com' >&2; exit 1",
            "no answer from https://api.example.com",
        ),
    ],
)
def test_a_lock_that_pulumi_cloud_does_not_tell_of_is_not_known(
    engine: Engine, answer: str, told: str
) -> None:
    engine.url = "https://app.pulumi.com/mirai"
    engine.export = f'test "$2" = export && echo "{{}}" && exit; {answer}'
    one = engine.findings()[Subject.LOCK]
    assert one.level is Level.UNKNOWN
    assert one.what.startswith("nobody knows who has it: ")
    assert one.what.endswith(told)
    assert "\n" not in one.what
