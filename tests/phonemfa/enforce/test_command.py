"""`enforce` touches the policy last, and alone; what stops half-way is taken back."""

import json
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest

from components.tenant.guardian import TOKEN
from components.vocabulary import COMPONENT
from phonemfa.enforce import command
from phonemfa.files import FileNotWrittenError
from phonemfa.pulumi.engine import EngineFailedError
from phonemfa.smoke.command import run_smoke
from tests.end_to_end.operators import writes
from tests.phonemfa.applied import Apply, Operator

ALWAYS, ADAPTIVE = ["all-applications"], ["confidence-score"]
AUDITED = ("--audit-file", "-")
SET, UP = "config set phonemfa:policy always", "up --refresh --yes"


def now(desk: Operator) -> tuple[Any, Any]:
    """The policy in the tenant and in the stack's file."""
    return desk.policies(), desk.engine.config["phonemfa:policy"]


def recorded(said: Any) -> tuple[Any, Any]:
    """`before` and `after` of the line that `--audit-file -` puts last."""
    line = json.loads(said.stderr.splitlines()[-1])
    return line["before"], line["after"]


@pytest.fixture
def ready(applied: Apply) -> Operator:
    """A stack that could ask its users, and does not yet."""
    return applied(policy="never", deliveryMethods=["text"])


@pytest.mark.parametrize(("policy", "after"), [("always", ALWAYS), ("adaptive", ADAPTIVE)])
def test_the_policy_comes_after_a_message_that_was_sent(
    ready: Operator, policy: str, after: list[str]
) -> None:
    file = ready.engine.file
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    done = ready.json("enforce", "--yes", "--policy", policy)
    assert (done["before"], done["after"], done["smoke"]["verdict"]) == ([], after, "sent")
    assert now(ready) == (after, policy)
    written = file.read_bytes()
    assert written.startswith(b"\xef\xbb\xbf"), "the file is as it was written"
    assert written.count(b"\n") == written.count(b"\r\n")


def test_a_person_is_asked_and_then_told_what_is_left_to_do(ready: Operator) -> None:
    ready.typed = "y\ny\n"
    ready.log_is_silent()  # What a log does not tell, a person at the phone does.
    told = ready.run("enforce", "--wait", "1").stderr
    assert "Did the message by text arrive?" in told
    assert told.endswith(
        "is always (it was never). Commit Pulumi.dev.yaml.\nBack in an emergency:\n"
        "  python -m phonemfa break-glass --reason …\n"
    )
    assert now(ready) == (ALWAYS, "always")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("y\ny\nn\n", "voice: it did not arrive, says the person at the phone"),
        ("y\nn\ny\n", "text: it did not arrive, says the person at the phone"),
        ("y\ny\n", "voice: nobody said that it arrived"),
    ],
)
def test_a_message_that_did_not_arrive_stops_before_the_policy(
    applied: Apply, typed: str, why: str
) -> None:
    desk = applied(policy="never")
    desk.typed = typed
    assert why in desk.run("enforce", "--accept-unknown", expect=1).stderr
    assert now(desk) == ([], "never")


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_who_agrees_beforehand_is_told_after_the_result_that_the_log_decided(
    ready: Operator, form: list[str]
) -> None:
    said = ready.run("enforce", "--yes", *form)
    assert said.stdout.startswith("{") is bool(form)
    output = said.output
    assert (
        output.index("sent")
        < output.index("Nobody was asked whether the messages arrived")
        < output.index("The policy of ")
        < output.index("  python -m phonemfa break-glass")
    )


@pytest.mark.parametrize(
    ("shape", "accepted", "why"),
    [
        pytest.param(Operator.log_is_silent, [], ["--accept-unknown goes on."], id="silence"),
        pytest.param(Operator.log_is_silent, ["--accept-unknown"], [], id="which is accepted"),
        pytest.param(Operator.cpaas_refuses, ["--accept-unknown"], ["CREDIT"], id="a refusal"),
    ],
)
def test_without_evidence_nobody_is_asked_for_codes_but_by_who_takes_silence_for_some(
    ready: Operator, shape: Callable[[Operator], None], accepted: list[str], why: list[str]
) -> None:
    shape(ready)
    options = ("--yes", "--wait", "1", "--json", *accepted, *AUDITED)
    said = ready.run("enforce", *options, expect=len(why))
    after = [] if why else ALWAYS
    assert recorded(said) == ([], after)
    assert now(ready) == (after, "never" if why else "always")
    told = json.loads(said.stdout)
    assert told["enforced"] is not bool(why)
    for one in why:
        assert told["why"].startswith("No evidence that codes are sent (text: ")
        assert one in told["why"]
        assert ("--accept-unknown" in told["why"]) is not bool(accepted), "no silence"


def update(token: str, *paths: str, **settings: object) -> dict[str, Any]:
    """A step of a preview; `settings` are those of the component that it changes."""
    before = {"policy": "never", "recipientLimit": 9}
    sides = {"oldState": before, "newState": before | settings}
    return {
        "op": "update",
        "urn": f"urn:pulumi:dev::phonemfa::{token}::the-resource",
        **{name: {"type": token, "inputs": {"settings": one}} for name, one in sides.items()},
        "detailedDiff": {one: {} for one in paths},
    }


@pytest.mark.parametrize(
    ("step", "what"),
    [
        (update(COMPONENT, policy="always", recipientLimit=33), "update the-resource"),
        (update(TOKEN, "policy", "phone.x"), "update the-resource (phone.x, policy)"),
        ({"op": "delete", "urn": "urn:pulumi:dev::someones-action"}, "delete someones-action"),
        (update(COMPONENT, policy="always"), None),
        (update(TOKEN, "policy"), None),
    ],
)
def test_the_policy_may_wait_to_be_applied_and_nothing_else(
    ready: Operator, step: dict[str, Any], what: str | None
) -> None:
    ready.engine.waiting = [step]
    answer = ready.json("enforce", "--yes", expect=int(bool(what)))
    assert answer["enforced"] is (what is None)
    if what:
        assert f"pulumi up would do more than apply the policy: {what}" in answer["why"]
        assert writes(ready.tenant) == []


UNBOUND: tuple[Any, ...] = (
    "PATCH",
    "/actions/triggers/send-phone-message/bindings",
    {"bindings": []},
)


@pytest.mark.parametrize(
    ("generation", "before", "shape", "told"),
    [
        ("unified", "always", lambda _: None, "is always, and this would lower it to adaptive"),
        ("legacy", "never", lambda desk: desk.tenant.api(*UNBOUND), "no Action is bound to"),
    ],
)
def test_a_policy_that_would_be_lower_or_cost_every_login_is_not_set(
    applied: Apply, generation: Any, before: str, shape: Callable[[Operator], None], told: str
) -> None:
    desk = applied(generation, policy=before, deliveryMethods=["text"])
    shape(desk)
    desk.tenant.forget_requests()
    policies = now(desk)
    said = desk.run("enforce", "--yes", "--policy", "adaptive", "--json", *AUDITED, expect=1)
    assert told in json.loads(said.stdout)["why"]
    found = desk.policies() if generation == "unified" else None
    assert recorded(said) == (found, found), "what was looked at"
    assert (writes(desk.tenant), now(desk)) == ([], policies), "no message either"


def test_a_log_that_cannot_be_read_is_found_out_before_anything_else(ready: Operator) -> None:
    ready.fault("GET", "/logs")
    assert "403" in ready.run("enforce", "--yes", expect=2).stderr
    assert (ready.engine.ran, writes(ready.tenant)) == ([], [])
    ready.environment["AUTH0_CLIENT_SECRET"] = ""
    assert "Not set: AUTH0_CLIENT_SECRET" in ready.run("enforce", "--yes", expect=2).stderr


def others_set_it(desk: Operator) -> None:
    desk.monkeypatch.setattr(
        desk.engine, "_up", lambda: desk.tenant.api("PUT", "/guardian/policies", ADAPTIVE)
    )


def ends_after(line: str, error: BaseException) -> Callable[[Operator], None]:
    return lambda desk: desk.engine.failing.update({line: error})


@pytest.mark.parametrize(
    ("before", "shape", "told"),
    [
        ("never", ends_after(SET, EngineFailedError("no disk")), "no disk"),
        ("never", ends_after(UP, EngineFailedError("no backend")), "no backend"),
        ("adaptive", ends_after(UP, EngineFailedError("no backend")), "no backend"),
        ("never", ends_after(UP, KeyboardInterrupt()), "Stopped as asked."),
        ("never", others_set_it, "pulumi up has ended, and the tenant's policy is adaptive."),
    ],
)
def test_a_step_that_fails_leaves_the_earlier_policy_everywhere(
    applied: Apply, before: str, shape: Callable[[Operator], None], told: str
) -> None:
    desk = applied(policy=before, deliveryMethods=["text"])
    policies, file = desk.policies(), desk.engine.file.read_bytes()
    shape(desk)
    failed = desk.run("enforce", "--yes", *AUDITED, expect=1)
    back = f"The policy is {before} again, in Pulumi.dev.yaml and in the tenant"
    assert f"{told}\n{back}" in failed.stderr
    assert recorded(failed) == (policies, policies)
    assert (desk.policies(), desk.engine.file.read_bytes()) == (policies, file)


def test_what_somebody_wrote_into_the_file_while_messages_went_out_stays(ready: Operator) -> None:
    def edited(*given: Any, **options: Any) -> Any:
        ready.engine.configure("phonemfa:ringTimeout", 20)
        return run_smoke(*given, **options)

    ready.monkeypatch.setattr(command, "run_smoke", edited)
    ready.engine.failing[UP] = EngineFailedError("no backend")
    ready.run("enforce", "--yes", expect=1)
    assert (now(ready), ready.engine.config["phonemfa:ringTimeout"]) == (([], "never"), 20)


def test_a_file_that_keeps_the_new_policy_is_told(ready: Operator) -> None:
    full = Mock(side_effect=FileNotWrittenError("the disk is full"))
    ready.engine.failing[UP] = EngineFailedError("no backend")
    ready.monkeypatch.setattr(command, "write_whole", full)
    said = ready.run("enforce", "--yes", expect=1).stderr
    assert "The policy is never again, in the tenant." in said
    assert "The file still has the new policy, or is cut off: the disk is full" in said
    assert now(ready) == ([], "always")


def stopped(desk: Operator) -> None:
    desk.monkeypatch.setattr(command, "ask_to_write", Mock(side_effect=KeyboardInterrupt))


@pytest.mark.parametrize(
    ("shape", "why", "after"),
    [
        (lambda desk: desk.fault("PUT", "/guardian/policies$"), "localhost", ADAPTIVE),
        (stopped, "stopped as asked", None),
        (lambda desk: desk.fault("GET", "/guardian/policies$"), "localhost", None),
    ],
)
def test_a_way_back_that_is_barred_is_told_with_the_way_out(
    ready: Operator, shape: Callable[[Operator], None], why: str, after: list[str] | None
) -> None:
    def half_an_up() -> None:
        ready.tenant.api("PUT", "/guardian/policies", ADAPTIVE)
        shape(ready)

    ready.monkeypatch.setattr(ready.engine, "_up", half_an_up)
    failed = ready.run("enforce", "--yes", *AUDITED, expect=1)
    assert recorded(failed) == ([], after)
    assert f"The policy could not be put back to never: {why}" in failed.stderr
    assert "python -m phonemfa break-glass" in failed.stderr
