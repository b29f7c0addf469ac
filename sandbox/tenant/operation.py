"""What an operation of the Management API is made of, and the operations of one resource.

Each resource declares its `ROUTES` at its rules: method, path, scope, schema, and how well the
operation is known. What all of them share at run time is in `sandbox.api.dispatch`.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import unquote

from sandbox.json_schemas import STRING, Schema, described, text, whole
from sandbox.tenant.context import Page
from sandbox.tenant.validation import Body, Parameters

BASE = "/api/v2"
MOST_PER_PAGE = 100
_PAGING = {
    "page": described(whole(0), "Zero based page number"),
    "per_page": described(whole(1, MOST_PER_PAGE), "Results per page"),
}
_BRANDING_ID = text(1, 255)

Rule = TypeVar("Rule", bound=Callable[..., Any])


class Notifier(Protocol):
    """Sends test messages, after the API has answered 202, and tests Actions."""

    async def try_out(
        self, to: str, delivery_method: str | None, template: dict[str, Any] | None
    ) -> None:
        """Send a test message, with this template (API object) where there is one."""

    async def test_action(
        self, *, code: str, trigger_id: str, secrets: dict[str, str], event: Any
    ) -> dict[str, Any]:
        """Run a draft; the answer's `payload`: `stats`, and `error` when the code threw."""
        ...


@dataclass
class Call:
    """One call of an operation: what was sent, checked, and what is to be done afterwards.

    `goes_on_from` is the `from` of the next page, where the answer's `Link` header leads to one.
    """

    path: dict[str, str]
    query: dict[str, Any]
    body: Any
    notifier: Notifier | None
    afterwards: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    goes_on_from: str | None = None


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
        path: template under /api/v2, as the published OpenAPI writes it.
        scopes: any of them permits the call.
        handle: what is done to a tenant; answers None where the answer has no body (204).
        status: of a success with a body.
        body: None where a body is ignored.
        parameters: of the path.
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

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(re.escape(BASE) + re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.path))

    def match(self, path: str) -> list[tuple[str, str]] | None:
        """The raw path's decoded parts, or None."""
        found = self._pattern.fullmatch(path)
        return found and [(name, unquote(part)) for name, part in found.groupdict().items()]


class Routes:
    """The operations of one resource.

    `rules` is the tenant's attribute that has them; `parts` are schemas of parts of a path.
    """

    def __init__(self, rules: str, **parts: Schema) -> None:
        self.operations: list[Operation] = []
        self._rules = rules
        self._parts = parts

    def __call__(
        self,
        method: str,
        path: str,
        scope: str,
        *fixed: Any,
        status: int = 200,
        body: Schema | None = None,
        spread: bool = False,
        query: dict[str, Schema] | None = None,
        paged: Page | None = None,
        with_call: bool = False,
        known: Evidence = REPLAYED,
    ) -> Callable[[Rule], Rule]:
        """Makes an operation of the rule that it decorates.

        The rule is called with `fixed`, the path's parts and the body, and by name with what the
        query has (`triggerId` as `trigger_id`).

        Args:
            status: of a success with a body.
            body: its schema; without one, a body is ignored.
            spread: the body's keys are the rule's arguments.
            paged: the page that is meant where the query does not say; the rule gets a `page`.
            with_call: the rule gets the whole `call` as well.
        """
        parts = {
            one: self._parts.get(one, _BRANDING_ID if path.startswith("/branding") else STRING)
            for one in re.findall(r"{(\w+)}", path)
        }

        def handle(rule: str, tenant: Any, call: Call) -> Any:
            named = {_snake(key): value for key, value in call.query.items()}
            if paged is not None:
                number, size = named.pop("page", paged.number), named.pop("per_page", None)
                named["page"] = Page(number, size or paged.per_page)
            if spread:
                named |= call.body or {}
            if with_call:
                named["call"] = call
            whole_body = [] if body is None or spread else [call.body]
            own = getattr(getattr(tenant, self._rules), rule)
            return own(*fixed, *call.path.values(), *whole_body, **named)

        def decorate(rule: Rule) -> Rule:
            self.operations.append(
                Operation(
                    method=method,
                    path=path,
                    scopes=(scope,),
                    handle=partial(handle, rule.__name__),
                    status=status,
                    body=None if body is None else Body(body),
                    query=Parameters("Query", (query or {}) | (_PAGING if paged else {})),
                    parameters=Parameters("Path", parts),
                    known=known,
                )
            )
            return rule

        return decorate


def _snake(key: str) -> str:
    return re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", key)
