"""What an engine's events and errors amount to; the engine itself is a list of events here."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from components.tenant.access import Access
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


def begun(op: str, kind: str = "t") -> dict[str, Any]:
    return {"resourcePreEvent": {"metadata": {"op": op, "urn": URN, "type": kind}}}


def said(message: str, severity: str = "error") -> dict[str, Any]:
    return {"diagnosticEvent": {"message": message, "severity": severity, "urn": URN, "color": ""}}


def ended(**changes: int) -> dict[str, Any]:
    return {"summaryEvent": {"resourceChanges": changes}}


def policy(level: str) -> dict[str, Any]:
    told = {"message": "no", "policyName": "country-allow-list", "enforcementLevel": level}
    return {"policyEvent": told}


NAMES = ("AUTH0_API_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN")
SECRETS = {name: f"canary {name.lower()}" for name in NAMES}
"""Not in the form of a key, which is hidden whoever's it is."""
Worked = Callable[..., Outcome]


@pytest.fixture
def worked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Worked:
    """The command at one stack, with an engine that says these events, and ends so."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", "canary-secret")
    monkeypatch.delenv("AUTH0_DOMAIN", raising=False)
    (tmp_path / "pulumi").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    def run(
        *events: dict[str, Any],
        command: str = "up",
        ran: Ran = Ran(0, "", ""),  # noqa: B008 - never changed
        asked: Sequence[str] | None = None,
        seconds: float = 900.0,
        packs: tuple[str, ...] = (),
        foreseen: Sequence[dict[str, Any]] | None = None,
        stops: int = 0,
    ) -> Outcome:
        """`foreseen` is what a preview before an `up` says, which then fails.

        `stops` is how often somebody asks it to stop.
        """
        began: list[str] = []

        def spawn(_cli: PulumiCli, words: Sequence[str], *, stdin: str, hear: Line) -> Ran:
            assert not stdin
            began.append(words[1])
            assert {"--yes", "--skip-preview"} <= {*words} or words[1] == "preview"
            bad = words[1] == "preview" and foreseen is not None
            hear("Updating with canary-secret for +819012345678")
            hear(" ".join(SECRETS.values()))
            for one in (foreseen or ()) if bad else events:
                hear(json.dumps(one))
            for _ in range(stops):
                site.engines.stop()
            hear('{"sequence":9,"preludeEvent":{"config":{"phonemfa:smsSender":"canary-cut-off')
            return Ran(255, "", "") if bad else ran

        monkeypatch.setattr(PulumiCli, "spawn", spawn)
        site = Site(
            project=tmp_path,
            command=command,
            engines=Engines(),
            logs=tmp_path,
            seconds=seconds,
            policy_packs=packs,
        )
        outcome = work.work(site, MEMBER, lambda _what: None)
        assert began == ([command] if asked is None else list(asked))
        return outcome

    return run


FAILED = Ran(255, "", "")
STACK, *COMPONENTS = "pulumi:pulumi:Stack", "phonemfa:index:PhoneMfa", "phonemfa:index:Sender"
CREATED = [begun("create"), ended(create=10, update=1, same=3)]
# Of the engine's ten, as drift and report count.
OURS = [*(begun("create", kind) for kind in (STACK, *COMPONENTS, "t")), begun("same", STACK)]
BEGUN = [begun("create"), said("403")]
MANDATORY, ADVISORY = policy("mandatory"), policy("advisory")
FAILS, PREVIEW = {"ran": FAILED}, {"command": "preview"}
RULES = {"packs": ("/policy",), "asked": ["preview"]}
RULE = "policy country-allow-list"
LOCKED = "error: the stack is currently locked by 1 lock(s)."
IN_CLOUD = "error: [409] Conflict: Another update is currently in progress."
NO_STACK = "the backend has no such stack: pulumi stack init a"
HOLDER = "locked by sato@build-7 (pid 12), since 2026-11-25T09:00:00Z. Run again when it has ended"


def says(text: str, exit: int = 255) -> dict[str, Any]:  # noqa: A002 - as of `Ran`
    return {"ran": Ran(exit, "", text)}


@pytest.mark.parametrize(
    ("events", "more", "state", "told"),
    [
        (CREATED, {}, State.DONE, "10 created, 1 updated"),
        (CREATED, PREVIEW, State.DONE, "10 to create, 1 to update"),
        ([ended(same=11)], {}, State.DONE, "no change"),
        ([*OURS, ended(create=9, same=3)], {}, State.DONE, "6 created"),
        ([begun("update", COMPONENTS[0]), ended(update=1)], {}, State.DONE, "no change"),
        # With rules, which a preview asks first.
        (CREATED, RULES | {"asked": ["preview", "up"]}, State.DONE, "10 created, 1 updated"),
        (CREATED, RULES | {"foreseen": [*CREATED, MANDATORY]}, State.FAILED, RULE),
        (CREATED, RULES | {"foreseen": BEGUN}, State.UNANSWERED, ""),
        ([MANDATORY], FAILS | PREVIEW, State.FAILED, RULE),
        ([ADVISORY, ended(same=1)], {}, State.DONE, "no change"),
        (BEGUN, FAILS, State.FAILED, "phone-mfa-factor-guardian: 403"),
        (BEGUN, FAILS | PREVIEW, State.UNANSWERED, ""),
        (BEGUN, FAILS | {"stops": 1}, State.CANCELLED, "stopped as asked"),
        (BEGUN, FAILS | {"stops": 2}, State.CANCELLED, "ended at once, as asked twice"),
        ([ended(same=1)], {"stops": 1}, State.DONE, "no change"),
        ([begun("same"), begun("read"), said("no config")], FAILS, State.UNANSWERED, ""),
        # What had begun had the lock; one that is cut off is told in such words too.
        (CREATED, says("error: invalid character '<' looking"), State.FAILED, ""),
        ([], says("error: passphrase\n\nmore"), State.UNANSWERED, "error: passphrase\nmore"),
        ([], says("error: no stack named", 6), State.UNANSWERED, NO_STACK),
        ([], says(f"{LOCKED} …\n  file:///x.json: {HELD}"), State.LOCKED, HOLDER),
        # A user's name may have a space in it.
        ([], says(f"{LOCKED} created by Taro Sato@b-7 …"), State.LOCKED, "locked by another"),
        ([], says(IN_CLOUD), State.LOCKED, "locked by another"),
    ],
)
def test_how_a_stack_ended(
    worked: Worked,
    events: Sequence[dict[str, Any]],
    more: dict[str, Any],
    state: State,
    told: str,
) -> None:
    found = worked(*events, **more)
    assert found.state is state
    assert (found.counts if found.settled else found.why).startswith(told)
    if events is CREATED:
        assert bool(found.changes) is ("foreseen" not in more), "what was done, and nothing else"


def test_reasons_are_the_engines_errors_once_each_without_secrets_and_numbers(
    worked: Worked, tmp_path: Path
) -> None:
    message = "403 for +819012345678 with canary-secret"
    config = {"preludeEvent": {"config": {"phonemfa:smsSender": "canary-config"}}}
    debug = said("canary-debug", "debug")
    events = [config, debug, begun("create"), said(message), said(message), said("x", "warning")]
    found = worked(*events, ran=FAILED)
    assert found.why == "phone-mfa-factor-guardian: 403 for **** with ****"
    log = (tmp_path / "a.log").read_text(encoding="utf-8")
    assert "Updating with **** for ****" in log
    assert "create phone-mfa-factor-guardian\nerror: phone-mfa-factor-guardian: 403" in log
    assert "canary" not in log, "nor the config, with which the engine begins"
    assert (tmp_path / "a.log").stat().st_mode & 0o077 == 0


def test_a_refresh_is_one_and_a_stacks_own_levels_go_with_each_pack(tmp_path: Path) -> None:
    file, packs = tmp_path / "policy" / "stacks" / "a.json", ("one", "two, of a list")
    where: Any = {"project": tmp_path, "logs": tmp_path, "engines": Engines()}
    site = Site(**where, command="preview", seconds=60, refresh=True, policy_packs=packs)
    alone = ["--refresh", "--policy-pack", "one", "--policy-pack", '"two, of a list"']
    assert [*work._options(site, MEMBER, "preview")] == alone
    file.parent.mkdir(parents=True)
    file.write_text("{}", encoding="utf-8")
    levels = ["--policy-pack-config", str(file)]
    assert [*work._options(site, MEMBER, "preview")] == [*alone[:3], *levels, *alone[3:], *levels]


def test_a_stack_and_a_shell_that_name_two_tenants_run_nothing(
    worked: Worked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH0_DOMAIN", "other.example.jp")
    assert worked(asked=[]).why.startswith("The stack's auth0:domain is a.example.jp")


def test_a_look_that_fails_is_told_without_secrets_and_numbers(
    worked: Worked, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = EngineFailedError("429 for +819012345678 with canary-secret or own-token")
    cli, of = PulumiCli(Path(), "t"), stack_settings()
    wanted = StackFile(stack="t", file=Path(), project=Path(), cli=cli, settings=of, domain="")
    monkeypatch.setattr(work, "read_stack_file", lambda *_: wanted)
    monkeypatch.setattr(work, "look", Mock(side_effect=failed))
    # A token that stands in the stack's own file is in no variable.
    own = Access(domain="a.example.jp", api_token="own-token")
    monkeypatch.setattr(work, "access_to", lambda *_: own)
    found = worked(command="drift", asked=[])
    assert found.state is State.UNANSWERED
    assert found.why == "429 for **** with **** or ****"


@pytest.mark.parametrize(("spent", "stopped"), [(900.0, True), (899.0, False)])
def test_an_end_that_the_timeout_made_is_told_as_one(
    worked: Worked, monkeypatch: pytest.MonkeyPatch, spent: float, stopped: bool
) -> None:
    monkeypatch.setattr(work, "time", SimpleNamespace(monotonic=iter([0.0, spent]).__next__))
    found = worked(begun("create"), said("429"), ran=FAILED, seconds=900.0)
    assert found.why.startswith("stopped after 900 s (--stack-timeout)") is stopped
