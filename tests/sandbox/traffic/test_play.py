"""Days of traffic are in the tenant's log as its own entries are, and can be played again."""

from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.cli import main as command_line
from sandbox.server.running import start
from sandbox.tenant.clock import NANOS_PER_SECOND
from sandbox.traffic import KINDS, Kind, routes
from sandbox.traffic.days import Play, play
from tests.sandbox.api.support import InProcess, Sandbox
from tests.sandbox.quick import quick

END = 1_795_910_400.0


def days(kind: Kind, seed: int = 1, **options: Any) -> list[tuple[dict[str, Any], int]]:
    return play(Play(kind=kind, seed=seed, end=END, **({"per_day": 60} | options)))


def played(sandbox: Sandbox, *, ago: float = 0, **options: Any) -> list[tuple[dict[str, Any], int]]:
    """A weekday up to so many seconds ago, in the sandbox's log."""
    end = sandbox.clock() / NANOS_PER_SECOND - ago
    entries = play(Play(kind="weekday", seed=1, end=end, days=(0,), **options))
    sandbox.tenant.logs.archive.play(entries)
    return entries


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_plays_the_same_and_another_does_not(kind: Kind) -> None:
    assert days(kind) == days(kind)
    assert days(kind) != days(kind, seed=2)


def test_each_entry_has_an_id_of_its_own_that_sorts_as_time_does() -> None:
    entries = [one for one, _ in days("outage")]
    names = [one["log_id"] for one in entries]
    assert len(set(names)) == len(names)
    by_id = [one["date"] for one in sorted(entries, key=lambda one: str(one["log_id"]))]
    assert by_id == sorted(by_id)


def test_a_small_tenant_has_ten_codes_a_day_and_a_holiday_few() -> None:
    def sent(kind: Kind) -> int:
        kinds = Counter(one["type"] for one, _ in days(kind, days=(0,), per_day=800))
        return kinds["gd_send_sms"] + kinds["gd_send_voice"]

    assert sent("small") < 30
    assert sent("holiday") < sent("weekday") / 3
    assert sent("campaign") > sent("weekday") * 1.3


def test_the_log_shows_late_entries_late_and_all_in_the_end() -> None:
    sandbox = Sandbox()
    entries = played(sandbox, per_day=60, delay=3600)

    def shown() -> int:
        answer = sandbox.call("GET", "/logs?include_totals=true&q=type:gd_send_sms")
        return int(answer.json()["total"])

    first = shown()
    sandbox.clock.advance(8 * 3600)
    all_of_them = sum(one["type"] == "gd_send_sms" for one, _ in entries)
    assert first < shown() == all_of_them


def test_a_search_gives_no_more_than_a_thousand_and_a_checkpoint_everything() -> None:
    sandbox = Sandbox()
    entries = played(sandbox, ago=3600, per_day=500)
    assert len(entries) > 2000
    assert len(sandbox.must("GET", "/logs?per_page=100&page=9")) == 100
    assert sandbox.must("GET", "/logs?per_page=100&page=10") == []
    seen: list[str] = ["9"]
    while page := sandbox.must("GET", f"/logs?from={seen[-1]}&take=100"):
        seen += [one["log_id"] for one in page]
    assert seen[1:] == sorted(one["log_id"] for one, _ in entries)


def test_the_tenants_own_entries_come_late_too() -> None:
    sandbox = Sandbox()
    sandbox.tenant.logs.delay_seconds = 60
    name = sandbox.tenant.logs.add("gd_send_sms", "sent", {})
    assert sandbox.must("GET", "/logs") == []
    assert sandbox.call("GET", f"/logs/{name}").status_code == 404
    sandbox.clock.advance(61)
    assert [one["log_id"] for one in sandbox.must("GET", "/logs")] == [name]


@pytest.mark.parametrize(
    "body",
    [{}, {"kind": "doomsday"}, {"kind": "monday", "days": 32}, {"kind": "monday", "x": 1}, [1],
     {"kind": "monday", "per_day": True}, {"kind": "monday", "days": 2.0}],
)  # fmt: skip
def test_what_cannot_be_played_is_refused(body: Any) -> None:
    app = Starlette(routes=routes(Sandbox().tenant))
    with httpx.Client(transport=InProcess(app), base_url="https://here") as http:
        assert http.post("/_sandbox/traffic", json=body).status_code == 400


def test_a_day_is_played_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with start(quick(tmp_path)) as running:
        command = ["traffic", "voicemail", "--codes", "60", "--days", "1", "--seed", "4"]
        monkeypatch.setattr("sys.argv", ["sandbox", *command, "--state-dir", str(tmp_path)])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        assert ended.value.code in {0, None}
        assert "the last day a voicemail (seed 4)" in capsys.readouterr().out
        assert len(running.parts.tenant.logs.archive) > 300
