"""Every command that writes says where and what before it asks, and leaves a record at its end.

A command is one that writes when it has `--yes`; one that is added needs a case here. A write
without an answer is told from one that was refused.
"""

import ast
import errno
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer

from components.tenant.access import Access
from components.tenant.client import TenantUnreadableError, WriteFailedError, ask_to_write
from components.tenant.token import NoTokenError
from phonemfa.cli import app
from phonemfa.files import FileNotWrittenError, told
from sandbox.cpaas.script import ScriptedAnswer
from tests.contract import PROJECT
from tests.end_to_end import hand_made
from tests.end_to_end.conftest import PHONE
from tests.end_to_end.operators import NEW_KEY
from tests.phonemfa.applied import Operator
from tests.phonemfa.fleet.scripted import Fleet
from tests.phonemfa.pulumi.test_engine import REFUSAL
from tests.phonemfa.rollback.test_command import BAD, release

WRITING = {
    str(one.name)
    for one in typer.main.get_group(app).commands.values()
    if any("--yes" in param.opts for param in one.params)
}
Prepare = Callable[[Operator], object]


@dataclass(frozen=True, kw_only=True)
class Case:
    """How somebody comes to run a command, and how it fails after he agreed."""

    options: tuple[str, ...] = ()
    unattended: tuple[str, ...] = ("--yes",)
    prepare: Prepare = lambda _: None
    spoil: Prepare
    done: int = 0
    failed: int = 1
    stdin: str = ""
    agrees: str = "y\n"
    policy: str = "always"
    unchanged: bool = False


def refuses(begin: str) -> Prepare:
    return lambda desk: desk.engine.refusing.update({begin: "error: no backend"})


def faulty(method: str, path: str) -> Prepare:
    fault = {"method": method, "path": path, "status": 403, "times": 9}
    return lambda desk: desk.tenant.control("POST", "/faults", fault)


def hand_made_tenant(desk: Operator) -> None:
    desk.tenant.control("POST", "/reset", {"generation": "unified"})
    desk.tenant._token = ""
    hand_made.custom(desk.tenant)
    desk.engine.file.write_text(f"config:\n  auth0:domain: {desk.tenant.domain}\n", "utf-8")


def switched_off(desk: Operator) -> None:
    desk.tenant.api("PUT", "/guardian/policies", [])
    detail = {"policy": {"kind": "update"}}
    desk.engine.changes["guardian"] = {"op": "update", "detailedDiff": detail}


def locked(desk: Operator) -> None:
    """By a run of before, until somebody takes its lock."""
    engine = desk.engine
    engine.refusing["refresh --yes"] = REFUSAL

    def spawn(_: object, command: Any, **options: Any) -> Any:
        if "cancel" in command and "cancel" not in engine.refusing:
            del engine.refusing["refresh --yes"]
        return engine.spawn(command, **options)

    desk.monkeypatch.setattr("phonemfa.pulumi.engine.PulumiCli.spawn", spawn)


def known_key(desk: Operator) -> None:
    sandbox = desk.engine.sandbox
    url, headers = f"{sandbox.cpaas_url}/_sandbox/keys", sandbox.control_headers
    httpx.post(url, json={"key": NEW_KEY}, headers=headers).raise_for_status()


def sends_nothing(desk: Operator) -> None:
    refusal = ScriptedAnswer(refusal="REJECTED_NOT_ENOUGH_CREDITS")
    desk.engine.sandbox.parts.cpaas.script.add([refusal])


def folder_in_the_way(desk: Operator) -> None:
    (desk.folder / "adopted").write_text("a file", "utf-8")


CASES = {
    "adopt": Case(prepare=hand_made_tenant, spoil=folder_in_the_way, failed=2),
    "break-glass": Case(
        options=("--reason", "INC-1"),
        spoil=faulty("PUT", "/guardian/policies$"),
        agrees="{tenant}\n",
    ),
    "drift": Case(options=("--repair",), prepare=switched_off, spoil=refuses("up"), failed=7),
    "enforce": Case(agrees="y\ny\ny\n", policy="never", spoil=refuses("up"), unchanged=True),
    "recover": Case(
        prepare=locked, unattended=("--yes", "--unlock"), spoil=refuses("cancel"), failed=2
    ),
    "rollback": Case(
        prepare=partial(release, code=BAD), spoil=faulty("POST", "/deploy$"), failed=2
    ),
    "rotate": Case(
        prepare=known_key,
        stdin=NEW_KEY,
        agrees=f"{NEW_KEY}\ny\n",
        spoil=refuses("up"),
        unchanged=True,
    ),
    "smoke": Case(spoil=sends_nothing),
}
WHERE = "Stack dev, tenant {tenant}: "


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> tuple[str, Case]:
    return request.param, CASES[request.param]


@pytest.fixture
def desk(applied: Callable[..., Operator], case: tuple[str, Case]) -> Operator:
    made = applied(policy=case[1].policy, deliveryMethods=["text"])
    case[1].prepare(made)
    return made


def test_every_command_that_writes_has_a_case() -> None:
    assert {*CASES, "fleet"} == WRITING


def test_one_module_asks() -> None:
    """`new` has no tenant yet: it asks for names."""
    asking = {
        path.relative_to(PROJECT).as_posix()
        for path in (PROJECT / "phonemfa").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in {"confirm", "prompt"}
        and isinstance(node.value, ast.Name)
    }
    assert asking == {"phonemfa/asking.py", "phonemfa/new/command.py"}


def test_stack_tenant_and_deed_stand_before_the_first_question_and_who_agrees_leaves_a_record(
    case: tuple[str, Case], desk: Operator, tmp_path: Path
) -> None:
    command, this = case
    desk.typed = "" if command != "rotate" else f"{NEW_KEY}\n"
    stack = ("--stack", "dev") if command == "break-glass" else ()
    said = desk.run(command, *stack, *this.options, expect=7 if command == "drift" else 2).stderr
    before, question, _ = said.partition("Go on?" if "Go on?" in said else " to go on")
    assert question, said
    where = WHERE.format(tenant=desk.tenant.domain)
    assert where in before
    assert before.index(where) < before.index(
        "New CPaaS key" if command == "rotate" else where[-9:]
    )
    assert "Nothing was written: nobody agreed" in said
    desk.typed = this.agrees.format(tenant=desk.tenant.domain)
    one = recorded(desk, tmp_path, command, *this.options, expect=this.done)
    assert (one["stack"], one["credential"], one["exit"]) == (
        "dev",
        desk.tenant.client_id,
        this.done,
    )
    assert one["event"].startswith(f"phonemfa.{command}")
    assert one["what"]
    changed = one["after"] is not None and one["before"] != one["after"]
    assert changed is (command != "recover"), "here nothing but the lock goes"


def test_a_command_that_fails_leaves_a_record_too(
    case: tuple[str, Case], desk: Operator, tmp_path: Path
) -> None:
    command, this = case
    this.spoil(desk)
    options = (*this.options, *this.unattended)
    one = recorded(desk, tmp_path, command, *options, stdin=this.stdin, expect=this.failed)
    assert one["exit"] != 0
    if this.unchanged:
        assert one["before"] == one["after"] is not None


def recorded(desk: Operator, folder: Path, *arguments: str, **how: Any) -> dict[str, Any]:
    """The one record of a command, which its owner alone reads, and in which no secret is."""
    file = folder / "audit.jsonl"
    desk.monkeypatch.setenv("PHONEMFA_AUDIT_FILE", str(file))
    desk.run(*arguments, **how)
    (line,) = file.read_text("utf-8").splitlines()
    assert file.stat().st_mode & 0o777 == 0o600
    hidden = [PHONE, NEW_KEY, desk.tenant.client_secret]
    hidden.append(desk.engine.sandbox.credentials.cpaas_api_key)
    assert not [secret for secret in hidden if secret in line]
    one: dict[str, Any] = json.loads(line)
    assert one["tenant"] == desk.tenant.domain
    return one


def test_a_fleet_names_every_tenant_and_leaves_a_record_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH0_CLIENT_ID", "client")
    monkeypatch.setenv("AUTH0_API_TOKEN", "")
    file = tmp_path / "audit.jsonl"
    fleet = Fleet.of(tmp_path, monkeypatch, "a", "b")
    fleet.fails("up", "b", because="error: 403 Forbidden")
    fleet.typed = "y\n"
    said = fleet.run("up", "--all", "--audit-file", str(file), expect=2).stderr
    before = said.partition("Go on?")[0]
    assert "Stack a, tenant a.example.jp" in before
    assert "Stack b, tenant b.example.jp" in before
    found = {one["stack"]: one for one in map(json.loads, file.read_text("utf-8").splitlines())}
    assert [found[one]["exit"] for one in "ab"] == [0, 2]
    assert {one["credential"] for one in found.values()} == {"client"}
    assert found["a"]["after"] == {"updated": 1}


NOWHERE = Access(domain="localhost:1", client_id="c", client_secret="canary")


def test_after_a_lost_answer_nobody_claims_to_know_what_the_tenant_did() -> None:
    with pytest.raises(WriteFailedError, match="look before repeating") as failed:
        ask_to_write(NOWHERE, lambda client: client.guardian.policies.set(request=[]))
    assert "No answer from https://localhost:1" in str(failed.value)
    assert "canary" not in str(failed.value)


def test_a_refusal_is_told_in_the_words_of_a_read() -> None:
    async def refused(_client: Any) -> None:
        raise NoTokenError("localhost:1 refused a token for client c (403 Forbidden)")

    with pytest.raises(WriteFailedError, match="refused a token") as failed:
        ask_to_write(Access(domain="localhost:1", api_token="canary"), refused)
    assert "look before repeating" not in str(failed.value)
    assert not isinstance(failed.value, TenantUnreadableError)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotWrittenError("a.yaml cannot be written: the disk is full."), "a.yaml cannot be"),
        (OSError(errno.ENOSPC, "No space left on device", "a.xml"), "a.xml: the disk is full"),
        (OSError("broken"), "broken (OSError)"),
        (OSError(errno.ENOENT, "No such file", "a.md"), "a.md: No such file."),
    ],
)
def test_a_failure_of_a_file_that_nobody_foresaw_is_told_in_words(
    error: OSError, words: str
) -> None:
    assert words in told(error)
