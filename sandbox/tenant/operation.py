"""What an operation of the Management API is made of.

Owns the description of one method on one path and how a raw path is matched. Refuses the list of
operations (`table`) and what all of them share at run time (`dispatch`).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from sandbox.tenant.actions.triggers import TRIGGER_IDS
from sandbox.tenant.effects import Call
from sandbox.tenant.guardian import FACTORS
from sandbox.tenant.schemas import Schema
from sandbox.tenant.validation import Body, Parameter, Parameters

BASE = "/api/v2"

Handler = Callable[[Call], Any | Awaitable[Any]]
"""Answers the decoded body of the response; None where there is none (204)."""


@dataclass(frozen=True)
class Operation:
    """One method on one path.

    Attributes:
        method: HTTP method.
        path: template under /api/v2, as the published OpenAPI writes it.
        scopes: any of them permits the call.
        handle: what is done.
        status: of a success with a body; without a body it is 204.
        body: checker of the request's body; None where a body is ignored.
        query: checker of the query.
        parameters: checker of the path's parts.
    """

    method: str
    path: str
    scopes: tuple[str, ...]
    handle: Handler
    status: int
    body: Body | None
    query: Parameters
    parameters: Parameters
    pattern: re.Pattern[str] = field(repr=False)

    def match(self, path: str) -> list[tuple[str, str]] | None:
        """The raw path's decoded parts, or None."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        return [(name, unquote(part)) for name, part in found.groupdict().items()]


_ID = Parameter()
_BRANDING_ID = Parameter(minimum=1, maximum=255)
_PATH_PARTS: dict[str, Parameter] = {
    "id": _ID,
    "actionId": _ID,
    "triggerId": Parameter(values=TRIGGER_IDS, description="An actions extensibility point"),
    "name": Parameter(values=FACTORS, description="The factor's name"),
}


def operation(
    method: str,
    path: str,
    scope: str,
    handle: Handler,
    *,
    status: int = 200,
    body: Schema | None = None,
    query: dict[str, Parameter] | None = None,
) -> Operation:
    """One operation of the API, with the parameters that its path names."""
    names = re.findall(r"{(\w+)}", path)
    parts = {
        name: _BRANDING_ID if path.startswith("/branding") else _PATH_PARTS[name] for name in names
    }
    return Operation(
        method=method,
        path=path,
        scopes=(scope,),
        handle=handle,
        status=status,
        body=None if body is None else Body(body),
        query=Parameters("Query", query or {}),
        parameters=Parameters("Path", parts),
        pattern=re.compile(re.escape(BASE) + re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path)),
    )
