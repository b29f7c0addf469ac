"""The tenant as the last `pulumi up` left it, and the control routes of drift.

    GET  /_sandbox/applied   {"at", "differences"}; "at" is null when no `up` has ended
    POST /_sandbox/applied   an `up` has ended: remember the tenant as it is now
    PUT  /_sandbox/applied   make the tenant as it was then
    GET  /_sandbox/drift     the scenarios that this tenant can have
    POST /_sandbox/drift     {"scenario"}: play one

The snapshot is taken when an `up` has ended (`sandbox/cli` says when) and kept in the state folder.
What an `up` did not see stays in it too.
"""

import difflib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.routing import BaseRoute

from sandbox.drift.picture import NONE, picture_of
from sandbox.drift.scenarios import SCENARIOS
from sandbox.json_schemas import complete, one_of
from sandbox.login.users import BROWSERS
from sandbox.login.users import COLLECTION as USERS
from sandbox.machine.files import SECRET_MODE, write_atomically
from sandbox.tenant import Tenant
from sandbox.tenant.errors import ApiError
from sandbox.tenant.logs import COLLECTION as LOGS
from sandbox.tenant.store import Store
from sandbox.web.control import RefusedError, control_route

FILE: Final = "applied.json"
_NOT_APPLIED: Final = frozenset({USERS, BROWSERS, LOGS})
"""What no `up` writes, and putting a tenant back must not take away."""


@dataclass(frozen=True)
class Difference:
    """One field that differs. `diff` is a unified diff where the field has lines; else empty."""

    thing: str
    field: str
    before: str
    now: str
    diff: str = ""


class Applied:
    """One tenant as the last `up` left it; `at` is when that ended, None when none has.

    Where none has ended since the tenant is new, there is nothing to compare or to restore: both
    raise RefusedError. It is kept in a file, with secrets, so readable by its owner alone.
    """

    def __init__(
        self,
        tenant: Tenant,
        file: Path,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.at: datetime | None = None
        self._tenant, self._file, self._now = tenant, file, now
        self._then = self._new()
        # None, or one of another version of the sandbox: the next `up` makes a new one.
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, ApiError):
            self._remember(json.loads(file.read_text(encoding="utf-8")))

    def record(self) -> None:
        kept = {"at": self._now().isoformat(), "content": self._content(applied=True)}
        write_atomically(self._file, json.dumps(kept), mode=SECRET_MODE)
        self._remember(kept)

    def forget(self) -> None:
        """There was no `up`: the tenant is new."""
        self._file.unlink(missing_ok=True)
        self.at = None

    def differences(self) -> list[Difference]:
        """What differs between then and now, in the order in which a tenant is shown."""
        then, now = picture_of(self._needed()), picture_of(self._tenant)
        return [
            _difference(*field, then.get(field, NONE), now.get(field, NONE))
            for field in dict.fromkeys([*now, *then])
            if then.get(field, NONE) != now.get(field, NONE)
        ]

    def restore(self) -> None:
        """Put the tenant back as it was then, ids and deployed versions included."""
        self._tenant.load({**self._needed().export(), **self._content(applied=False)})

    def _needed(self) -> Tenant:
        if self.at is None:
            raise RefusedError("No `pulumi up` has ended since this tenant is new.", 409)
        return self._then

    def _content(self, *, applied: bool) -> dict[str, Any]:
        content = self._tenant.export()
        return {key: one for key, one in content.items() if (key in _NOT_APPLIED) is not applied}

    def _remember(self, kept: dict[str, Any]) -> None:
        at, then = datetime.fromisoformat(kept["at"]), self._new()
        then.load(kept["content"])
        self.at, self._then = at, then

    def _new(self) -> Tenant:
        of = self._tenant
        return Tenant(Store(), domain=of.domain, assumptions=of.assumptions)


def _difference(thing: str, field: str, before: str, now: str) -> Difference:
    lines = before.splitlines(), now.splitlines()
    if max(len(one) for one in lines) <= 1:
        return Difference(thing, field, before, now)
    diff = difflib.unified_diff(*lines, "then", "now", lineterm="", n=2)
    return Difference(thing, field, before, now, "\n".join(diff))


def routes(applied: Applied, tenant: Tenant) -> list[BaseRoute]:
    """The control routes, to be given to `build_api` as `extra_routes`."""

    async def read(_: Request) -> Any:
        if applied.at is None:
            return {"at": None, "differences": []}
        found = [asdict(one) for one in applied.differences()]
        return {"at": applied.at.isoformat(), "differences": found}

    async def record(_: Request) -> None:
        applied.record()

    async def restore(_: Request) -> None:
        applied.restore()

    async def listing(_: Request) -> Any:
        shown = {
            name: {"kind": one.kind, "what": one.what, "repaired_by": one.repaired_by}
            for name, one in SCENARIOS.items()
            if tenant.generation in one.generations
        }
        return {"scenarios": shown}

    async def play(wanted: dict[str, Any]) -> Any:
        scenario = SCENARIOS[wanted["scenario"]]
        try:
            scenario.play(tenant)
        except ApiError as error:
            raise RefusedError(f"The tenant refuses: {error}", 409) from error
        return {"kind": scenario.kind, "what": scenario.what}

    return [
        control_route("GET", "/applied", read),
        control_route("POST", "/applied", record),
        control_route("PUT", "/applied", restore),
        control_route("GET", "/drift", listing),
        control_route("POST", "/drift", play, complete({"scenario": one_of(*SCENARIOS)})),
    ]
