"""`rotate`: a key is checked before it is set, and whatever goes wrong, the old one is back."""

from collections.abc import Callable
from contextlib import nullcontext
from unittest.mock import Mock

import httpx
import pytest

from components.tenant.client import TenantUnreadableError, WriteFailedError
from components.tenant.guardian import TOKEN
from components.vocabulary import DeliveryMethod
from phonemfa.doctor.cpaas import Answer, Probe
from phonemfa.doctor.findings import Level
from phonemfa.files import FileNotWrittenError
from phonemfa.pulumi.engine import EngineFailedError
from phonemfa.rotate import command
from phonemfa.rotate.command import judge
from sandbox.server.running import RunningSandbox
from tests.end_to_end.operators import NEW_KEY, writes
from tests.phonemfa.applied import KEY_SETTING, Apply, Operator

SET = f"config set --secret {KEY_SETTING}"
LOOK, LOOK_AT_TENANT = "preview --json --show-sames", "preview --json --show-sames --refresh"
UP = "up --refresh --yes"
WAITING = {
    "op": "update",
    "urn": f"urn:pulumi:dev::phonemfa::{TOKEN}::the-guardian",
    **{side: {"type": TOKEN} for side in ("oldState", "newState")},
    "detailedDiff": {"policy": {}},
}
BREAK = KeyboardInterrupt()
"""Ctrl-C, or a CI system's signal."""
NO_ENGINE = EngineFailedError("no engine")
FULL = FileNotWrittenError("the disk is full")


@pytest.fixture
def desk(sandbox: RunningSandbox, applied: Apply) -> Operator:
    """Somebody with a new key that the CPaaS takes too."""
    desk = applied(deliveryMethods=["text"])
    url = f"{sandbox.cpaas_url}/_sandbox/keys"
    httpx.post(url, json={"key": NEW_KEY}, headers=sandbox.control_headers).raise_for_status()
    return desk


def now(desk: Operator) -> tuple[str, bytes]:
    """The key that the tenant's Action runs with, and the stack's file."""
    deployed = desk.engine.applied.tenant.deployed_action("custom-phone-provider")
    assert deployed is not None
    return deployed.secrets["CPAAS_API_KEY"], desk.engine.file.read_bytes()


def test_a_key_that_sends_is_deployed_and_the_old_one_dispensable(desk: Operator) -> None:
    file = desk.engine.file
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    done = desk.json("rotate", "--yes", stdin=f"{NEW_KEY}\n")
    assert (done["rotated"], done["old_key_may_be_revoked"]) == (True, True)
    assert done["key_checked"] == "accepted"
    assert done["key_written"].keys() == {"ntt-cpaas-phone"}
    assert now(desk)[0] == NEW_KEY
    assert desk.engine.ran == [LOOK_AT_TENANT, SET, LOOK, UP], "others could read the key there"
    written = file.read_bytes()
    assert written.startswith(b"\xef\xbb\xbf"), "the file is as it was written"
    assert written.count(b"\n") == written.count(b"\r\n")

    before = now(desk)
    again = desk.run("rotate", "--yes", stdin=NEW_KEY)
    assert "The tenant had this key already: nothing was deployed" in again.stderr
    assert now(desk) == before, "a key in another encryption is nothing to commit"
    desk.cpaas_refuses(after=2)  # two requests are about the key
    assert "had this key already" in desk.run("rotate", "--yes", stdin=NEW_KEY, expect=1).stderr
    assert desk.engine.ran.count(UP) == 1


def test_a_key_of_which_nothing_is_seen_stays_and_is_not_called_good(desk: Operator) -> None:
    desk.log_is_silent()
    said = desk.run("rotate", "--yes", "--wait", "1", stdin=NEW_KEY, expect=2)
    assert "whether it sends is NOT known: revoke nothing" in said.stderr
    assert now(desk)[0] == NEW_KEY


def test_a_person_types_the_key_unseen_and_agrees(desk: Operator) -> None:
    desk.typed = f"{NEW_KEY}\ny\n"
    assert "The old one may be revoked at NTT CPaaS" in desk.run("rotate").stderr
    assert now(desk)[0] == NEW_KEY


def adopts(desk: Operator) -> None:
    desk.engine.configure("phonemfa:adopted", {"phone": {"enabled": False}})


def has_a_foreign_secret(desk: Operator) -> None:
    kept = [{"name": one["name"]} for one in desk.action["secrets"]]
    secrets = {"secrets": [*kept, {"name": "EXTRA", "value": "by-hand"}]}
    desk.tenant.api("PATCH", f"/actions/actions/{desk.action['id']}", secrets)


def has_a_change_waiting(desk: Operator) -> None:
    desk.engine.waiting = [WAITING]


def has_no_way_to_the_cpaas(desk: Operator) -> None:
    desk.environment["PHONEMFA_CPAAS_ADDRESS"] = "localhost:1"


@pytest.mark.parametrize(
    ("shape", "key", "options", "told"),
    [
        (lambda _: None, "", (), "the key is empty, or"),
        (lambda _: None, "two\nlines", (), "the key is empty, or"),
        (lambda _: None, "be\x07ll", (), "the key is empty, or"),
        (lambda _: None, "鍵", (), "the key is empty, or"),
        (lambda _: None, "no-such-key", (), "(401): it is no key of this account"),
        (lambda _: None, "no-such-key", ("--unchecked",), "(401): it is no key of this account"),
        (lambda _: None, NEW_KEY, ("--cpaas-address", "no port"), "no port"),
        (has_no_way_to_the_cpaas, NEW_KEY, (), "or take that risk with --unchecked"),
        (adopts, NEW_KEY, (), "Rotate it where it was set"),
        (has_a_foreign_secret, NEW_KEY, (), "does not declare (EXTRA)"),
        (has_a_change_waiting, NEW_KEY, (), "than change the key.\n  update the-guardian"),
        (lambda desk: desk.fault("GET", "/logs"), NEW_KEY, (), "answered 403"),
    ],
)
def test_what_cannot_end_well_is_refused_before_anything_is_written(
    desk: Operator,
    shape: Callable[[Operator], None],
    key: str,
    options: tuple[str, ...],
    told: str,
) -> None:
    shape(desk)
    before = now(desk)
    desk.tenant.forget_requests()
    refused = desk.run("rotate", "--yes", *options, stdin=key, expect=2)
    assert told in refused.stderr
    assert not key.strip() or key not in refused.stderr
    assert (now(desk), writes(desk.tenant)) == (before, [])
    assert set(desk.engine.ran) <= {LOOK_AT_TENANT}


@pytest.mark.parametrize("line", [SET, LOOK])
@pytest.mark.parametrize(
    ("error", "told"),
    [(BREAK, "Stopped as asked."), (NO_ENGINE, "no engine"), (FULL, "the disk is full")],
)
def test_what_stops_it_before_the_deploy_leaves_the_file_as_it_was(
    desk: Operator, line: str, error: BaseException, told: str
) -> None:
    before = now(desk)
    desk.engine.failing[line] = error
    refused = desk.run("rotate", "--yes", stdin=NEW_KEY, expect=2)
    assert f"{told}\nThe old key is back in Pulumi.dev.yaml.\n" in refused.stderr
    assert (now(desk), UP in desk.engine.ran) == (before, False)


@pytest.mark.parametrize("kept", [False, True])
def test_what_the_new_key_would_change_beside_itself_is_told_and_so_is_a_file_that_keeps_it(
    desk: Operator, monkeypatch: pytest.MonkeyPatch, *, kept: bool
) -> None:
    full = Mock(side_effect=FULL)
    preview, before = desk.engine._preview, now(desk)
    monkeypatch.setattr(
        desk.engine, "_preview", lambda refresh: preview(refresh) + [WAITING] * (not refresh)
    )
    if kept:
        monkeypatch.setattr(command, "write_whole", full)
    said = desk.run("rotate", "--yes", stdin=NEW_KEY, expect=2).stderr
    assert "With the new key, pulumi up would do more than change it: update the-guardian" in said
    assert ("is not back in the stack's file (the disk is full)" in said) is kept
    assert (now(desk) == before) is not kept


@pytest.mark.parametrize(
    ("line", "error", "told"),
    [
        ("", None, "No code is sent with the new key"),
        (UP, NO_ENGINE, "no engine"),
        (UP, BREAK, "Stopped as asked"),
        ("smoke", WriteFailedError("no answer"), "no answer"),
        ("smoke", TenantUnreadableError("no answer"), "no answer"),
        ("smoke", BREAK, "Stopped as asked"),
        ("smoke", ZeroDivisionError(), None),
    ],
)
def test_whatever_stops_it_after_the_deploy_takes_the_key_back(
    desk: Operator,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    error: BaseException | None,
    told: str | None,
) -> None:
    before = now(desk)
    if error is None:
        desk.cpaas_refuses(after=2)  # two requests are about the key
    elif line == "smoke":
        monkeypatch.setattr(command, "run_smoke", Mock(side_effect=error))
    else:
        desk.engine.failing[line] = error
    # What nobody foresaw is raised as it is.
    with nullcontext() if told else pytest.raises(ZeroDivisionError):
        failed = desk.run("rotate", "--yes", "--json", stdin=NEW_KEY, expect=1)
    assert (now(desk), desk.engine.ran.count(UP)) == (before, 2)
    if told:
        assert f'"why": "{told}' in failed.stdout
        back = "is back in Pulumi.dev.yaml and in the tenant. Do not revoke it; the new one is not"
        assert back in failed.stderr


@pytest.mark.parametrize("error", [NO_ENGINE, BREAK])
def test_a_way_back_that_is_barred_is_not_called_one(
    desk: Operator, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def smoke(*_: object, **__: object) -> None:
        desk.engine.failing[UP] = error
        raise WriteFailedError("no answer")

    before = now(desk)
    monkeypatch.setattr(command, "run_smoke", smoke)
    said = desk.run("rotate", "--yes", stdin=NEW_KEY, expect=1).stderr
    assert f"could not be deployed: {str(error) or 'stopped as asked'}\nRevoke no key" in said
    assert "and in the tenant" not in said
    assert desk.engine.file.read_bytes() == before[1]


@pytest.mark.parametrize("others", [{}, {"ntt-cpaas-phone-legacy": "written"}])
def test_a_tenant_that_never_runs_the_new_key_gets_the_old_one(
    desk: Operator, monkeypatch: pytest.MonkeyPatch, others: dict[str, str]
) -> None:
    # While a tenant moves there are two Actions, and each must have it.
    read, before = command.key_times, now(desk)
    monkeypatch.setattr(command, "DEPLOY_PATIENCE", 0.0)
    monkeypatch.setattr(
        command, "key_times", lambda stack: read(stack) | others if others else {"ours": "then"}
    )
    said = desk.run("rotate", "--yes", stdin=NEW_KEY, expect=1).stderr
    assert "does not run a version with another key" in said
    assert now(desk) == before


def test_a_key_that_nobody_could_check_is_tried_where_that_is_said(applied: Apply) -> None:
    desk = applied(deliveryMethods=["text"])
    has_no_way_to_the_cpaas(desk)
    # The Action itself reaches the CPaaS, which does not know the key: the old one comes back.
    said = desk.run("rotate", "--yes", "--unchecked", stdin=NEW_KEY, expect=1).stderr
    assert "The old key is back" in said


TEXT, VOICE = DeliveryMethod.TEXT, DeliveryMethod.VOICE
NO_KEY = Answer(status=401, is_cpaas=True)
GOOD = Answer(status=400, is_cpaas=True)
FOREIGN = Answer(status=403)


def probe(text: Answer | None, voice: Answer | None, *without_key: Answer) -> Probe:
    keyed = {TEXT: text, VOICE: voice}
    return Probe(
        host="cpaas.example.com",
        without_key=dict(zip(keyed, without_key or (NO_KEY, NO_KEY), strict=True)),
        with_key={method: answer for method, answer in keyed.items() if answer},
    )


@pytest.mark.parametrize(
    ("asked", "level", "why"),
    [
        (probe(GOOD, GOOD), Level.OK, "text: accepted (400 to a request with nothing to send); v"),
        (probe(Answer(status=500), FOREIGN), Level.FAULT, "voice"),
        (probe(GOOD, Answer(failure="no answer in time")), Level.UNKNOWN, "in time"),
        (probe(None, None, GOOD, GOOD), Level.UNKNOWN, "without a key"),
    ],
)
def test_the_worst_channel_decides_and_says_why(asked: Probe, level: Level, why: str) -> None:
    found, told = judge(asked)
    assert found is level
    assert why in told
