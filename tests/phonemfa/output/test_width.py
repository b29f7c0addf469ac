"""At a terminal of 80 or 120 columns no command writes a line that it would break."""

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from phonemfa.output.document import Document
from sandbox.drift.scenarios import SCENARIOS
from tests.phonemfa.applied import Operator
from tests.phonemfa.fleet.scripted import Fleet
from tests.phonemfa.output.pictures import PICTURES, as_html
from tests.terminal import Seen, at_a_terminal

Apply = Callable[..., Operator]
Look = Callable[..., Seen]
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
EITHER_WIDTH = pytest.mark.parametrize("columns", [80, 120])
DRIFTS = ("policy-switched", "action-code", "second-action", "text", "provider-gone")


@pytest.fixture
def drifted(applied: Apply) -> Operator:
    desk = applied()
    for name in DRIFTS:
        SCENARIOS[name].play(desk.engine.sandbox.parts.tenant)
    return desk


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Look:
    def look(*words: str, **how: int) -> Seen:
        where = ("--project", str(tmp_path), *(() if words[0] == "fleet" else ("--stack", "dev")))
        return at_a_terminal(monkeypatch, *words, *where, **how)  # type: ignore[arg-type]

    return look


@EITHER_WIDTH
@pytest.mark.parametrize(
    "command",
    ["drift", "drift --no-state", "drift --repair", "rollback --list", "smoke --yes", "recover",
     "take-down", "enforce --yes", "health --requests-per-minute 100000"],
)  # fmt: skip
def test_no_command_writes_a_line_that_a_terminal_would_break(
    drifted: Operator, look: Look, command: str, columns: int
) -> None:
    day = {"kind": "voicemail", "seed": 3, "per_day": 200, "days": 2}
    if command.startswith("health"):
        drifted.tenant.control("POST", "/traffic", day)
    seen = look(*command.split(), columns=columns)
    assert seen.out or seen.notes
    assert seen.too_wide(columns) == []


@EITHER_WIDTH
def test_a_fleet_ends_with_one_summary_of_which_no_line_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: Look, columns: int
) -> None:
    names = [f"a-tenant-with-a-rather-long-name-{number:02}" for number in range(12)]
    fleet = Fleet.of(tmp_path, monkeypatch, *names)
    fleet.fails("preview", names[0], because=f"error: 403 Forbidden: {'insufficient scope ' * 9}")
    seen = look("fleet", "preview", "--all", columns=columns)
    assert seen.too_wide(columns) == []
    assert seen.out.count("12 stacks: ") == 1
    assert seen.out.count("✗") + seen.out.count("✓") + seen.out.count("?") >= len(names)


def test_the_gravest_drift_is_first_and_an_id_that_accept_takes_is_whole(
    drifted: Operator, look: Look
) -> None:
    ids = [one["id"] for one in drifted.json("drift", expect=7)["findings"]]
    assert ids[0] == "policy"
    text = re.sub(r"\x1b\[[0-9;]*m", "", look("drift", columns=80).out)
    shown = re.findall(r"^[✗-] (\S+)", text, re.MULTILINE)
    assert shown[: len(ids)] == ids
    assert re.findall(r"since: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\s", text)


@pytest.mark.parametrize("command", ["drift", "health --requests-per-minute 100000"])
def test_the_mark_alone_is_coloured_and_says_it_without_colours_too(
    drifted: Operator, look: Look, command: str
) -> None:
    seen = look(*command.split(), columns=80, colour=False)
    assert not COLOUR.search(seen.out + seen.notes)
    assert re.search("[✗✓?]", seen.out)
    coloured = look(*command.split(), columns=80).out
    mark = re.compile(r"\x1b\[31m✗ \x1b\[0m") if command == "drift" else COLOUR
    assert mark.search(coloured), "not the words beside it"


@pytest.mark.parametrize("made", PICTURES.values(), ids=PICTURES)
def test_the_pictures_in_the_guides_are_of_a_terminal_of_80_columns(
    made: Callable[[], Document],
) -> None:
    lines = html.unescape(re.sub("<[^>]+>", "", as_html(made()).partition("<pre>")[2])).split("\n")
    assert len(lines) > 5
    assert [one for one in lines if cell_len(one) > 80] == []
