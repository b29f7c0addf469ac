"""What stands in the engine's way is told by itself, in time, and only where there is a state."""

import json
import os
import shlex
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from phonemfa.doctor import pulumi_side
from phonemfa.doctor.pulumi_side import engine_checks
from phonemfa.pulumi.engine import PulumiCli
from tests.phonemfa.doctor.support import are_in, stack_file

KEY = "phonemfa:cpaasApiKey"


@dataclass
class Engine:
    """A `pulumi` that answers so; each answer is the text of a shell script."""

    folder: Path
    export: str = "echo '{}'"
    config: str = "echo canary-key"
    url: str = ""

    def says(self, **state: Any) -> None:
        """The stack's state is this."""
        self.export = f"echo {shlex.quote(json.dumps(state))}"

    def told(self, *secrets: str) -> dict[str, str]:
        """What is found, by subject, as `level: what → fix`."""
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
        cli = PulumiCli(self.folder, "dev", environ=os.environ)
        stack = stack_file(cli, secrets=secrets, project=self.folder)
        found = list(engine_checks(stack))
        assert len({one.subject for one in found}) == len(found)
        assert "canary" not in str(found)
        assert "\n" not in "".join(one.what for one in found)
        return {str(one.subject): f"{one.level}: {one.what} → {one.fix}" for one in found}

    def lock(self, content: str, project: str = "phonemfa") -> str:
        """What is told of the lock when there is this one."""
        folder = self.folder / "state/.pulumi/locks/organization" / project / "dev"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "a1.json").write_text(content, encoding="utf-8")
        return self.told()["lock"]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return Engine(tmp_path)


def test_a_stack_that_is_at_hand_is_fine_in_each_of_five(engine: Engine) -> None:
    told = engine.told(KEY)
    assert [*told] == ["backend", "stack", "encryption", "pending", "lock"]
    assert all(one.startswith("ok: ") for one in told.values()), told


PLACE = ".pulumi/locks/organization/phonemfa/dev/"
CLOUD = "https://app.pulumi.com/mirai"
DATABASE = "postgres://joe:canary-password@db.example.com/state"
CLOUD_LOCK = 'test "$2" = export && echo "{}" && exit; '
NOBODY = "unknown: nobody knows who has it: "
HELD = {"kind": "update", "author": "joe", "started": "10:00"}
OTHER_FORM = f"{NOBODY}the engine tells it in another form →"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"export": "exit 3"}, "backend: note: not looked at: pulumi is not … pulumi login"),
        ({"export": "exit 6"}, "stack: fault: … no stack dev → pulumi stack init dev"),
        (
            {"export": "echo 'error: no state here' >&2; exit 1"},
            "backend: fault: no state here → … whoami",
        ),
        ({"export": "exec sleep 60"}, "backend: unknown: no answer within"),
        ({"config": "exec sleep 60"}, "encryption: unknown: no answer within"),
        *(
            ({"config": f"echo 'error: {said}' >&2; exit 1"}, f"encryption: … {said} → … {fix}")
            for said, fix in (
                ("incorrect passphrase", "PULUMI_CONFIG_PASSPHRASE"),
                ("passphrase must be set with X", "PULUMI_CONFIG_PASSPHRASE"),
                ("AccessDeniedException: kms:Decrypt", "secretsprovider"),
            )
        ),
        # A password in the backend's address is not shown.
        ({"url": DATABASE}, "backend: ok: postgres://db.example.com/state"),
        (
            {"url": DATABASE, "export": f"echo 'error: no answer of {DATABASE}' >&2; exit 1"},
            "backend: fault: no answer of postgres://db.example.com/state",
        ),
        # Backends that show no lock.
        (
            {"url": "s3://state/team?region=ap-northeast-1"},
            f"lock: note: not looked at: … → to look: aws s3 ls s3://state/team/{PLACE} --region",
        ),
        ({"url": "gs://state"}, f"lock: … → to look: gcloud storage ls gs://state/{PLACE}"),
        (
            {"url": "azblob://state?storage_account=mirai"},
            "lock: … to look: az storage blob list … --container-name=state … --account-name=mirai",
        ),
        ({"url": f"{DATABASE}?table=t"}, "lock: … → to look: psql … FROM t WHERE key LIKE"),
        # Pulumi Cloud says who is at it to those who only look.
        ({"url": CLOUD}, "lock: ok: no other run has it"),
        *(
            ({"url": CLOUD, "export": f"{CLOUD_LOCK}{said}"}, f"lock: {words}")
            for said, words in (
                ("echo 'no JSON'", f"{NOBODY}pulumi stack"),
                ("""echo '{"currentOperation": {}}'""", "ok: no other run has it"),
                ("echo '[]'", OTHER_FORM),
                ("echo null", OTHER_FORM),
                ("""echo '{"currentOperation": {"kind": "update"}}'""", OTHER_FORM),
                ("""echo '{"currentOperation": "update"}'""", OTHER_FORM),
                (
                    f"echo {shlex.quote(json.dumps({'currentOperation': HELD}))}",
                    "fault: the stack is locked by joe (update), since 10:00 → … pulumi cancel",
                ),
                (
                    "echo 'error: no answer from https://joe:canary@api.x' >&2; exit 1",
                    f"{NOBODY}no answer from https://api.x →",
                ),
            )
        ),
    ],
)
def test_what_stands_in_the_engines_way_is_told_by_itself(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, answers: dict[str, str], words: str
) -> None:
    monkeypatch.setattr(pulumi_side, "PATIENCE", 0.5 if "sleep" in str(answers) else 30)
    vars(engine).update(answers)
    told, (subject, _, said) = engine.told(KEY), words.partition(": ")
    are_in(told[subject], said)
    # A state that is not to be had is one finding; what else is in the way hides nothing.
    assert len(told) == (5 if told.get("backend", "").startswith("ok") else 1)


def test_without_a_pulumi_nothing_is_looked_at_and_nothing_fails(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(engine.folder))
    (line,) = engine.told().values()
    assert line.startswith("note: not looked at: there is no `pulumi` on PATH")


def test_without_any_secret_nobody_knows_whether_one_would_open(engine: Engine) -> None:
    assert engine.told()["encryption"].startswith("note: not looked at: ")


def test_what_a_run_left_unfinished_is_named_and_counted(engine: Engine) -> None:
    names = [f"part{number}" for number in range(5)]
    pending = [{"type": "creating", "resource": {"urn": f"urn::T::{one}"}} for one in names]
    engine.says(deployment={"pending_operations": pending})
    line = engine.told()["pending"]
    assert line.startswith("fault: ")
    assert "creating part0, creating part1, creating part2 and 2 more" in line
    assert "recover" in line


def test_a_lock_says_who_has_it_and_whether_that_run_can_still_be(engine: Engine) -> None:
    told = {"pid": 4_194_305, "username": "joe", "hostname": "ci-7", "timestamp": "2026-11-29"}
    assert engine.lock(json.dumps(told), project="another").startswith("ok: ")
    line = engine.lock(json.dumps(told))
    assert line.startswith(
        "fault: the stack is locked by joe@ci-7 (pid 4194305), since 2026-11-29 → "
    )
    assert line.endswith("recover --unlock")
    here = json.dumps(told | {"hostname": socket.gethostname()})
    assert "no process of this machine" in engine.lock(here)
    far = json.dumps(told | {"hostname": socket.gethostname(), "pid": 10**30})
    assert "no process of this machine" in engine.lock(far)
    for broken in ("{", "[" * 100_000, json.dumps(told | {"pid": float("inf")})):
        assert "was killed while it wrote" in engine.lock(broken)
