"""What an engine's events and errors amount to; the engine itself is a list of events here."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from phonemfa.fleet import work
from phonemfa.fleet.run import Outcome, State
from phonemfa.fleet.selection import Member
from phonemfa.fleet.work import Site
from phonemfa.pulumi.engine import EngineFailedError, PulumiCli
from phonemfa.pulumi.processes import Engines, Line, Ran
from phonemfa.pulumi.stack_file import StackFile
from tests.stacks import stack_settings

CREDENTIALS = {"domain": "a.example.jp", "clientId": "id"}
MEMBER = Member(stack="a", file=Path("Pulumi.a.yaml"), domain="a.example.jp", auth0=CREDENTIALS)
HELD = "created by sato@build-7 (pid 12) at 2026-11-25T09:00:00Z"
URN = "urn:pulumi:a::phonemfa::auth0:index/guardian:Guardian::phone-mfa-factor-guardian"


def begun(op: str) -> dict[str, Any]:
    return {"resourcePreEvent": {"metadata": {"op": op, "urn": URN, "type": "t"}}}


def grouping(op: str, kind: str) -> dict[str, Any]:
    event = begun(op)
    event["resourcePreEvent"]["metadata"]["type"] = kind
    return event


def said(message: str, severity: str = "error") -> dict[str, Any]:
    return {"diagnosticEvent": {"message": message, "severity": severity, "urn": URN, "color": ""}}


def ended(**changes: int) -> dict[str, Any]:
    return {"summaryEvent": {"resourceChanges": changes}}


def policy(level: str) -> dict[str, Any]:
    told = {"message": "no", "policyName": "country-allow-list", "enforcementLevel": level}
    return {"policyEvent": told}


@dataclass
class Engine:
    """Says these events, and ends so."""

    events: Sequence[dict[str, Any]]
    ran: Ran
    asked: list[str] = field(default_factory=list)
    foreseen: Sequence[dict[str, Any]] | None = None
    """What a preview before an `up` says; then it fails."""

    def spawn(self, command: Sequence[str], *, stdin: str, hear: Line) -> Ran:
        assert not stdin
        self.asked.append(command[1])
        bad = command[1] == "preview" and self.foreseen is not None
        hear("Updating with canary-secret for +819012345678")
        for one in (self.foreseen or ()) if bad else self.events:
            hear(json.dumps(one))
        hear('{"sequence":9,"preludeEvent":{"config":{"phonemfa:smsSender":"canary-cut-off')
        return Ran(255, "", "") if bad else self.ran


@pytest.fixture
def worked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", "canary-secret")
    monkeypatch.delenv("AUTH0_DOMAIN", raising=False)

    def run(
        *events: dict[str, Any],
        command: str = "up",
        err: str = "",
        fails: bool = False,
        exit: int = 255,  # noqa: A002 - as of `Ran`
        nothing: bool = False,
        seconds: float = 900.0,
        packs: tuple[str, ...] = (),
        foreseen: Sequence[dict[str, Any]] | None = None,
    ) -> Outcome:
        (tmp_path / "pulumi").touch(mode=0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        engine = Engine(events, Ran(exit if err or fails else 0, "", err), foreseen=foreseen)
        monkeypatch.setattr(
            PulumiCli, "spawn", lambda _cli, command, **options: engine.spawn(command, **options)
        )
        site = Site(
            project=tmp_path,
            command=command,
            engines=Engines(),
            logs=tmp_path,
            seconds=seconds,
            policy_packs=packs,
        )
        outcome = work.work(site, MEMBER, lambda _what: None)
        previewed = ["preview"] if packs else []
        asked = {"drift": [], "up": [*previewed, "up"], "preview": ["preview"]}[command]
        assert engine.asked == ([] if nothing else previewed if foreseen is not None else asked)
        return outcome

    return run


def test_changes_are_counted_by_what_was_done_or_would_be(worked: Callable[..., Outcome]) -> None:
    events = [begun("create"), ended(create=10, update=1, same=3)]
    done = worked(*events)
    assert (done.state, done.changes) == (State.DONE, {"created": 10, "updated": 1})
    would = worked(*events, command="preview")
    assert would.changes == {"to create": 10, "to update": 1}
    assert worked(ended(same=11)).counts == "no change"


def test_stack_and_components_are_not_counted_as_drift_and_report_do_not(
    worked: Callable[..., Outcome],
) -> None:
    kinds = ("pulumi:pulumi:Stack", "phonemfa:index:PhoneMfa", "phonemfa:index:Sender")
    events = [grouping("create", kind) for kind in kinds]
    done = worked(*events, begun("create"), grouping("same", kinds[0]), ended(create=9, same=3))
    assert done.changes == {"created": 6}
    assert worked(grouping("update", kinds[1]), ended(update=1)).changes == {}


def test_an_up_that_had_begun_failed_and_one_that_had_not_has_no_answer(
    worked: Callable[..., Outcome],
) -> None:
    assert worked(begun("create"), said("403 Forbidden"), fails=True).state is State.FAILED
    assert worked(begun("same"), said("no config"), fails=True).state is State.UNANSWERED
    preview = worked(begun("create"), said("403"), fails=True, command="preview")
    assert preview.state is State.UNANSWERED


def test_a_mandatory_rule_fails_a_stack_and_an_advisory_one_does_not(
    worked: Callable[..., Outcome],
) -> None:
    broken = worked(policy("mandatory"), fails=True, command="preview")
    assert (broken.state, broken.why) == (State.FAILED, "policy country-allow-list")
    assert worked(policy("advisory"), ended(same=1)).state is State.DONE


def test_an_up_with_rules_is_previewed_with_them_first(worked: Callable[..., Outcome]) -> None:
    events = [begun("create"), ended(create=10)]
    done = worked(*events, packs=("/policy",))
    assert (done.state, done.changes) == (State.DONE, {"created": 10})


def test_a_rule_that_its_preview_breaks_ends_an_up_before_anything_is_written(
    worked: Callable[..., Outcome],
) -> None:
    broken = worked(
        begun("create"), packs=("/policy",), foreseen=[begun("create"), policy("mandatory")]
    )
    assert (broken.state, broken.why) == (State.FAILED, "policy country-allow-list")
    assert broken.changes == {}
    unread = worked(packs=("/policy",), foreseen=[begun("create"), said("no config")])
    assert unread.state is State.UNANSWERED, "nothing was begun"


def test_reasons_are_the_engines_errors_once_each_without_secrets_and_numbers(
    worked: Callable[..., Outcome], tmp_path: Path
) -> None:
    message = "403 for +819012345678 with canary-secret"
    config = {"preludeEvent": {"config": {"phonemfa:smsSender": "canary-config"}}}
    debug = said("canary-debug", "debug")
    events = [config, debug, begun("create"), said(message), said(message), said("x", "warning")]
    found = worked(*events, fails=True)
    assert found.why == "phone-mfa-factor-guardian: 403 for **** with ****"
    log = (tmp_path / "a.log").read_text(encoding="utf-8")
    assert "Updating with **** for ****" in log
    assert "create phone-mfa-factor-guardian\nerror: phone-mfa-factor-guardian: 403" in log
    assert "canary" not in log, "nor the config, with which the engine begins"
    assert (tmp_path / "a.log").stat().st_mode & 0o077 == 0


def test_a_stack_and_a_shell_that_name_two_tenants_run_nothing(
    worked: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH0_DOMAIN", "other.example.jp")
    assert worked(nothing=True).why.startswith("The stack's auth0:domain is a.example.jp")


def test_every_secret_of_the_environment_is_known_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("AUTH0_CLIENT_SECRET", "AUTH0_API_TOKEN", "PULUMI_CONFIG_PASSPHRASE")
    for name in (*names, "PULUMI_ACCESS_TOKEN"):
        monkeypatch.setenv(name, f"canary of {name}")
        assert f"canary of {name}" in work._secrets_of(MEMBER)


def test_a_look_that_fails_is_told_without_secrets_and_numbers(
    worked: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise EngineFailedError("429 for +819012345678 with canary-secret")

    cli, of = PulumiCli(Path(), "t"), stack_settings()
    wanted = StackFile(stack="t", file=Path(), project=Path(), cli=cli, settings=of, domain="")
    monkeypatch.setattr(work, "read_stack_file", lambda *_: wanted)
    monkeypatch.setattr(work, "look", failing)
    found = worked(command="drift")
    assert found.state is State.UNANSWERED
    assert found.why == "429 for **** with ****"


def test_without_an_event_the_clis_own_words_are_the_reason(
    worked: Callable[..., Outcome],
) -> None:
    found = worked(err="error: passphrase must be set\n\nmore")
    assert (found.state, found.why) == (
        State.UNANSWERED,
        "error: passphrase must be set\nmore",
    )


@pytest.mark.parametrize(
    ("err", "who"),
    [
        (
            f"error: the stack is currently locked by 1 lock(s). …\n  file:///s/x.json: {HELD}",
            "locked by sato@build-7 (pid 12), since 2026-11-25T09:00:00Z",
        ),
        ("error: [409] Conflict: Another update is currently in progress.", "locked by another"),
        (  # A user's name may have a space in it.
            "error: the stack is currently locked by 1 lock(s). created by Taro Sato@build-7 …",
            "locked by another",
        ),
    ],
)
def test_a_stack_that_somebody_else_works_on_is_told_as_such(
    worked: Callable[..., Outcome], err: str, who: str
) -> None:
    found = worked(err=err)
    assert found.state is State.LOCKED
    assert found.why.startswith(who)


def test_an_up_that_had_begun_had_the_lock_whatever_ends_it(worked: Callable[..., Outcome]) -> None:
    # A lock that is cut off is told in such words too.
    found = worked(begun("create"), err="error: invalid character '<' looking for a value")
    assert found.state is State.FAILED


@pytest.mark.parametrize(("spent", "stopped"), [(900.0, True), (899.0, False)])
def test_an_end_that_the_timeout_made_is_told_as_one(
    worked: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch, spent: float, stopped: bool
) -> None:
    monkeypatch.setattr(work, "time", SimpleNamespace(monotonic=iter([0.0, spent]).__next__))
    found = worked(begun("create"), said("429"), fails=True, seconds=900.0)
    assert found.why.startswith("stopped after 900 s (--stack-timeout)") is stopped


def test_a_stack_that_the_backend_does_not_have_is_told_with_the_way_out(
    worked: Callable[..., Outcome],
) -> None:
    assert "pulumi stack init a" in worked(err="error: no stack named 'a' found", exit=6).why
