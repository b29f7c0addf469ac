"""What a program that calls a client of somebody else's tells: one line of JSON a step.

Owns reading the lines and which operations of the sandbox they called. Refuses running programs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sandbox.tenant import routes as table


@dataclass(frozen=True)
class Step:
    """One step of a program.

    Attributes:
        calls: what was asked, such as `GET /tenants/settings 200`; ids are `{id}`.
        value: what the client made of the answer, as JSON.
        error: its type, status and message, or None.
    """

    calls: tuple[str, ...]
    value: Any
    error: dict[str, Any] | None


Steps = dict[str, Step]

ALL = {(one.method, one.path) for one in table.OPERATIONS}
"""Every operation of the sandbox."""


def told(printed: str) -> Steps:
    """The steps by name, in order."""
    steps: Steps = {}
    for line in printed.splitlines():
        one = json.loads(line)
        calls = tuple(f"{call['method']} {call['path']} {call['status']}" for call in one["calls"])
        assert one["step"] not in steps
        steps[one["step"]] = Step(calls, one["value"], one["error"])
    return steps


def called(*runs: Steps) -> set[tuple[str, str]]:
    """The operations that were called, whatever came back."""
    found = set()
    for steps in runs:
        for step in steps.values():
            for call in step.calls:
                method, path, _ = call.split(" ")
                matched = table.find(method, f"/api/v2{path.partition('?')[0]}")
                if matched is not None:
                    found.add((method, matched[0].path))
    return found


def assert_succeeded(steps: Steps, *refused: str) -> None:
    """Every step did, except those whose names begin so, and those failed all."""
    failed = {name for name, step in steps.items() if step.error is not None}
    assert failed == {name for name in steps if name.startswith(refused)}, {
        name: steps[name].error for name in failed
    }
