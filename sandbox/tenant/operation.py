"""What an operation of the Management API is made of, and the operations of one resource.

Each resource has its `ROUTES` beside its rules: method, path, scope, schema, what is done, and how
well the operation is known. What all of them share at run time is in `sandbox.api.dispatch`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar
from urllib.parse import unquote

from sandbox.tenant.context import Page
from sandbox.tenant.schemas import Schema
from sandbox.tenant.validation import Body, Parameter, Parameters

BASE = "/api/v2"
MOST_PER_PAGE = 100
PAGING = {
    "page": Parameter("integer", minimum=0, description="Zero based page number"),
    "per_page": Parameter(
        "integer", minimum=1, maximum=MOST_PER_PAGE, description="Results per page"
    ),
}
_BRANDING_ID = Parameter(minimum=1, maximum=255)


class Notifier(Protocol):
    """Sends test messages; called after the API has answered 202."""

    async def try_provider(self, *, to: str, delivery_method: str | None) -> None:
        """Send a test message through the tenant's phone provider."""

    async def try_template(
        self, *, template: dict[str, Any], to: str, delivery_method: str | None
    ) -> None:
        """Send a test message with this template (API object)."""


class ActionTester(Protocol):
    """Runs an Action's draft for POST /actions/actions/{id}/test."""

    async def test_action(
        self, *, code: str, runtime: str, trigger_id: str, secrets: dict[str, str], event: Any
    ) -> dict[str, Any]:
        """The `payload` of the answer: `stats`, and `error` when the code threw."""
        ...


@dataclass
class Call:
    """One call of an operation.

    Attributes:
        path, query, body: checked.
        notifier, tester: the rest of the sandbox, where there is one.
        afterwards: what is to be done once the answer is sent.
    """

    path: dict[str, str]
    query: dict[str, Any]
    body: Any
    notifier: Notifier | None
    tester: ActionTester | None
    afterwards: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    @property
    def page(self) -> Page:
        given = {"number": "page", "per_page": "per_page"}
        return Page(**{name: self.query[key] for name, key in given.items() if key in self.query})


@dataclass(frozen=True)
class Evidence:
    """How well an operation is known; docs/reference/sandbox.md shows it.

    `recorded`: answers of a real tenant were recorded; where the note says "replayed", a test plays
    the recording against the sandbox. `published`: Auth0's documents give request and answer.
    """

    strength: Literal["recorded", "published"]
    note: str


REPLAYED = Evidence("recorded", "replayed")


@dataclass(frozen=True)
class Operation:
    """One method on one path.

    Attributes:
        method: HTTP method.
        path: template under /api/v2, as the published OpenAPI writes it.
        scopes: any of them permits the call.
        handle: what is done, with whose rules; None where the answer has no body (204).
        status: of a success with a body.
        body: checker of the request's body; None where a body is ignored.
        query, parameters: checkers of the query and of the path's parts.
        known: where it is from.
    """

    method: str
    path: str
    scopes: tuple[str, ...]
    handle: Callable[[Any, Call], Any]
    status: int
    body: Body | None
    query: Parameters
    parameters: Parameters
    known: Evidence
    pattern: re.Pattern[str] = field(repr=False)

    def match(self, path: str) -> list[tuple[str, str]] | None:
        """The raw path's decoded parts, or None."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        return [(name, unquote(part)) for name, part in found.groupdict().items()]


Rules = TypeVar("Rules")


class Routes(Generic[Rules]):
    """The operations of one resource, handled by its rules.

    Args:
        parts: what the parts of a path may be, where not any text.
    """

    def __init__(self, **parts: Parameter) -> None:
        self.operations: list[Operation] = []
        self._parts = parts

    def add(
        self,
        method: str,
        path: str,
        scope: str,
        handle: Callable[[Rules, Call], Any],
        *,
        status: int = 200,
        body: Schema | None = None,
        query: dict[str, Parameter] | None = None,
        known: Evidence = REPLAYED,
    ) -> None:
        """One more operation, with the parameters that its path names."""
        unnamed = _BRANDING_ID if path.startswith("/branding") else Parameter()
        parts = {one: self._parts.get(one, unnamed) for one in re.findall(r"{(\w+)}", path)}
        self.operations.append(
            Operation(
                method=method,
                path=path,
                scopes=(scope,),
                handle=handle,
                status=status,
                body=None if body is None else Body(body),
                query=Parameters("Query", query or {}),
                parameters=Parameters("Path", parts),
                known=known,
                pattern=re.compile(re.escape(BASE) + re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path)),
            )
        )

    def plain(
        self, method: str, path: str, scope: str, rule: Callable[..., Any], **more: Any
    ) -> None:
        """One that is a rule called with the parts of the path and, where one is read, the body."""
        read = "body" in more

        def handle(rules: Rules, call: Call) -> Any:
            # The tenant's own: a test may have put another in its place.
            own = getattr(rules, rule.__name__)
            return own(*call.path.values(), *((call.body,) if read else ()))

        self.add(method, path, scope, handle, **more)
