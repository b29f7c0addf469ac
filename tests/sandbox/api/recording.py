"""Recorded traffic of real tenants, read from go-vcr cassettes."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.tenant.clock import NANOS_PER_SECOND
from tests.contract import contract_dir, load_recording

API = "/api/v2"
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{3}|\d{9})Z")


def names() -> list[str]:
    """Every recording there is."""
    return sorted(path.stem for path in (contract_dir() / "recordings").glob("*.yaml"))


@dataclass(frozen=True)
class Interaction:
    """One recorded request and its answer."""

    method: str
    path: str
    sent: str
    status: int
    answer: Any

    @property
    def body(self) -> Any:
        """The decoded request body."""
        return json.loads(self.sent) if self.sent else None


def load(name: str) -> list[Interaction]:
    """The interactions of one of the contract's recordings."""
    return parsed(load_recording(name))


def parsed(recorded: list[dict[str, Any]]) -> list[Interaction]:
    """The interactions of any recording (go-vcr cassette)."""
    return [
        Interaction(
            method=one["request"]["method"],
            path=one["request"]["url"].partition(API)[2],
            sent=(one["request"].get("body") or "").strip(),
            status=one["response"]["code"],
            answer=json.loads(one["response"]["body"]) if one["response"].get("body") else None,
        )
        for one in recorded
    ]


def nanoseconds(text: str) -> int:
    """A recorded time."""
    found = TIME.fullmatch(text)
    assert found, text
    seconds = datetime.fromisoformat(found[1] + "+00:00").timestamp()
    return int(seconds) * NANOS_PER_SECOND + int(found[2].ljust(9, "0"))
