"""`recover` takes nobody's lock unasked, settles in order, and asks before it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from phonemfa.cli import app
from phonemfa.pulumi.engine import EngineFailedError
from phonemfa.pulumi.preview import Preview, Step
from phonemfa.pulumi.state import State
from phonemfa.recover import command
from tests.phonemfa.pulumi.test_engine import REFUSAL
from tests.phonemfa.recover.test_unrecorded import SENDER, begun, creates, made, state_of

SETTINGS = """
config:
  phonemfa:experience: unified
  phonemfa:deliveryMethods: [text]
  phonemfa:policy: never
  phonemfa:cpaasBaseHost: cpaas.example.com
  phonemfa:smsSender: "0005212345"
"""
ACCESS = {"AUTH0_DOMAIN": "t.example", "AUTH0_CLIENT_ID": "i", "AUTH0_CLIENT_SECRET": "s"}


class Engine:
    """Stands in for the CLI: remembers what was asked of it; locked until somebody cancels."""

    def __init__(
        self,
        *,
        refusal: str = "",
        state: State | None = None,
        steps: tuple[Step, ...] = (),
    ) -> None:
        self.refusal, self.calls = refusal, list[str]()
        self._state, self._steps = state or State(), steps

    def touch(self) -> None:
        if self.refusal:
            raise EngineFailedError(self.refusal)

    def cancel(self) -> None:
        self.calls.append("cancel")
        self.refusal = ""

    def state(self) -> State:
        return self._state

    def preview(self) -> Preview:
        return Preview(stack="prod", everything=self._steps, warnings=(), foreign_plugin=False)

    def import_resources(self, file: Path) -> None:
        content = json.loads(file.read_text(encoding="utf-8"))
        self.calls.append(f"import {[one['id'] for one in content['resources']]}")

    def forget_pending_creates(self) -> None:
        self.calls.append("forget")


class Desk:
    """Somebody who runs the command."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "Pulumi.prod.yaml").write_text(SETTINGS, encoding="utf-8")
        self._folder, self._patch = folder, monkeypatch

    def run(self, engine: Engine, *options: str, typed: str | None = None) -> Result:
        self._patch.setattr("phonemfa.pulumi.stack_file.PulumiCli", lambda *_, **__: engine)
        self._patch.setattr(command, "ask", lambda *_, **__: made())
        for place in ("phonemfa.recover.command", "phonemfa.asking"):
            self._patch.setattr(f"{place}.on_terminal", lambda: typed is not None)
        words = ["recover", "--stack", "prod", "--project", str(self._folder), *options]
        return CliRunner().invoke(app, words, env=ACCESS, input=typed or "")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def test_a_lock_is_not_taken_by_yes_alone(desk: Desk) -> None:
    engine = Engine(refusal=REFUSAL)
    ended = desk.run(engine, "--yes")
    assert (ended.exit_code, engine.calls) == (2, [])
    assert "ci@runner-1 (pid 12)" in ended.stderr
    assert "a.b@host.example (pid 4711)" in ended.stderr
    assert "--unlock" in ended.stderr


@pytest.mark.parametrize(("typed", "status", "calls"), [("n\n", 2, []), ("y\n", 0, ["cancel"])])
def test_a_person_is_asked_about_the_lock(
    desk: Desk, typed: str, status: int, calls: list[str]
) -> None:
    engine = Engine(refusal=REFUSAL)
    ended = desk.run(engine, typed=typed)
    assert (ended.exit_code, engine.calls) == (status, calls)


def test_what_was_made_goes_into_the_state_before_the_mark_goes(desk: Desk) -> None:
    engine = Engine(refusal=REFUSAL, state=state_of(begun("creating", SENDER)))
    ended = desk.run(engine, "--unlock", "--yes", "--json")
    assert ended.exit_code == 0, ended.stderr
    assert engine.calls == ["cancel", "import ['a1']", "forget"]
    assert json.loads(ended.stdout)["imported"] == [
        {"name": "sender-action", "id": "a1", "differs": []}
    ]
    assert "pulumi up --stack prod" in ended.stderr


def test_nothing_is_settled_that_nobody_agreed_to(desk: Desk) -> None:
    engine = Engine(steps=creates(SENDER))
    assert desk.run(engine).exit_code == 2
    assert engine.calls == []


def test_what_a_lost_answer_left_is_told_and_taken_over(desk: Desk) -> None:
    engine = Engine(steps=creates(SENDER | {"inputs": SENDER["inputs"] | {"code": "newer"}}))
    ended = desk.run(engine, "--yes")
    assert (ended.exit_code, engine.calls) == (0, ["import ['a1']", "forget"])
    assert "Action ntt, a1" in ended.stderr
    assert "Not as declared: code; the next up writes that." in ended.stderr


def test_a_stack_without_a_fault_is_left_alone(desk: Desk) -> None:
    engine = Engine()
    ended = desk.run(engine, "--yes")
    assert (ended.exit_code, engine.calls) == (0, [])
    assert "Nothing to recover" in ended.stderr


def test_another_failure_of_the_engine_is_told_as_it_is(desk: Desk) -> None:
    ended = desk.run(Engine(refusal="error: no such stack"), "--unlock", "--yes")
    assert ended.exit_code == 2
    assert "no such stack" in ended.stderr
