"""From a request to an answer: what all operations share.

The order of checks (route, rate limit, token and scope, path, query, body, then the rule) is not
established (management-api.md §8.7); this one tells a caller without rights nothing but that.
"""

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.api import bodies, oauth
from sandbox.api.encoding import answer, error_answer
from sandbox.api.faults import Fault
from sandbox.api.limiter import Limiter
from sandbox.api.oauth import authorize
from sandbox.api.request_log import RequestLog
from sandbox.tenant import Tenant
from sandbox.tenant import routes as table
from sandbox.tenant.errors import ApiError
from sandbox.tenant.operation import BASE, Call, Notifier, Operation
from sandbox.tenant.store import StoreError
from sandbox.web import connection

logger = logging.getLogger(__name__)

_TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
_NO_FAULT = Fault()


@dataclass
class _Exchange:
    """What has to be known of a request beyond its answer."""

    body: Any = None
    size: int = 0
    afterwards: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def note(self, request: Request, raw: bytes) -> None:
        """Keep the decoded body for the log; undecodable bytes are only counted."""
        self.size = len(raw)
        if not raw:
            return
        try:
            self.body = bodies.decode(request, raw)
        except ApiError:
            self.body = f"<{len(raw)} bytes that are neither JSON nor a form>"

    async def peek(self, request: Request) -> None:
        try:
            self.note(request, await bodies.read(request))
        except ApiError as refused:
            self.body = f"<{refused.message}>"


@dataclass(frozen=True)
class Dispatcher:
    """The ASGI application for everything that is not a control route."""

    tenant: Tenant
    log: RequestLog
    faults: list[Fault]
    limiter: Limiter
    notifier: Notifier | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # a websocket handshake: there is nothing of that kind
            await send({"type": "websocket.close"})
            return
        request = Request(scope, receive)
        path = _raw_path(scope)
        # All that match count the request; the first that strikes wins.
        struck = [one for one in self.faults if one.strikes(request.method, path)]
        fault = struck[0] if struck else _NO_FAULT
        await asyncio.sleep(fault.delay_seconds)
        if fault.end_tokens:
            self.tenant.clients.end_tokens()
        exchange = _Exchange()
        response: Response | None = None
        if fault.runs_request:
            response = await self._answer(request, path, exchange)
        else:
            await exchange.peek(request)
        if fault.replaces:
            response = _faulty(fault, response)
        self.log.add(
            method=request.method,
            path=_with_query(path, scope),
            status=None if fault.unanswered or response is None else response.status_code,
            body=exchange.body,
            size=exchange.size,
            fault=fault.replaces,
        )
        try:
            if fault.how is not None and (fault.unanswered or response is not None):
                response = connection.Broken(
                    fault.how,
                    response,
                    body_bytes=fault.truncate_bytes or 0,
                    seconds=fault.trickle_seconds,
                )
            if response is not None:
                await response(scope, receive, send)
        finally:
            # Promised is promised, even when the answer did not get through.
            await self._finish(exchange)

    async def _answer(self, request: Request, path: str, exchange: _Exchange) -> Response:
        try:
            if path == _TOKEN_PATH and request.method == "POST":
                return await self._token(request, exchange)
            return await self._operation(request, path, exchange)
        except ApiError as error:
            refused = error
        except StoreError as error:
            message = f"The sandbox's state cannot be read or written: {error}"
            logger.error(message)  # noqa: TRY400
            refused = ApiError(500, message)
        except Exception:
            logger.exception("Unexpected error in %s %s", request.method, path)
            refused = ApiError(500, "An internal server error occurred")
        if refused.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log.counters.errors += 1
        return error_answer(refused, self._limit_headers(path, refused.status))

    def _limit_headers(self, path: str, status: int) -> dict[str, str]:
        always = self.tenant.assumptions.rate_limit_headers_always
        shown = path.startswith(BASE) and (always or status == HTTPStatus.TOO_MANY_REQUESTS)
        return self.limiter.headers() if shown else {}

    async def _token(self, request: Request, exchange: _Exchange) -> Response:
        try:
            raw = await bodies.read(request)
            exchange.note(request, raw)
            body = bodies.decode(request, raw)
            fields = body if isinstance(body, dict) else {}
            return oauth.token(self.tenant, fields, request.headers.get("authorization"))
        except ApiError as refused:
            error = {
                "error": refused.error_code or "invalid_request",
                "error_description": refused.message,
            }
            return answer(refused.status, error)

    async def _operation(self, request: Request, path: str, exchange: _Exchange) -> Response:
        found = table.find(request.method, path)
        if found is None:
            self.log.counters.unknown_routes += 1
            await exchange.peek(request)
            raise self._unknown(path)
        operation, parts = found
        raw = await bodies.read(request)
        exchange.note(request, raw)
        self.limiter.take()
        if self.tenant.assumptions.parameters_checked_before_token:
            self._checked(request, operation, parts, raw)
        authorize(self.tenant, request.headers.get("authorization"), operation.scopes)
        call = self._checked(request, operation, parts, raw)
        result = operation.handle(self.tenant, call)
        if inspect.isawaitable(result):
            result = await result
        exchange.afterwards = call.afterwards
        status = 204 if result is None else operation.status
        headers = self._limit_headers(path, status)
        if call.goes_on_from is not None:
            query = [
                (key, call.goes_on_from if key == "from" else value)
                for key, value in bodies.query(request)
            ]
            address = f"https://{self.tenant.domain}{path}?{urlencode(query)}"
            headers["link"] = f'<{address}>; rel="next"'
        return answer(status, result, headers)

    def _unknown(self, path: str) -> ApiError:
        """The 404 of a route that does not exist; a wrong method may differ by assumption."""
        status = self.tenant.assumptions.wrong_method_status if table.knows(path) else 404
        return ApiError(status, HTTPStatus(status).phrase)

    def _checked(
        self, request: Request, operation: Operation, parts: list[tuple[str, str]], raw: bytes
    ) -> Call:
        path = operation.parameters.parse(parts, refuse_unknown=False)
        query = operation.query.parse(
            bodies.query(request),
            refuse_unknown=self.tenant.assumptions.unknown_query_keys_refused,
        )
        body = None
        if operation.body is not None:
            # A form's values are texts: the few bodies made of texts alone can come as one.
            body = bodies.decode(request, raw)
            operation.body.check(body)
        return Call(path, query, body, self.notifier)

    async def _finish(self, exchange: _Exchange) -> None:
        """Do what an answer promised; it is sent already, so a failure can only be logged."""
        for effect in exchange.afterwards:
            try:
                await effect()
            except Exception:
                logger.exception("Unexpected error after an answer")
                self.log.counters.errors += 1


def _raw_path(scope: Scope) -> str:
    """The path still percent-encoded, so that an encoded slash is no separator."""
    raw: bytes | None = scope.get("raw_path")
    return raw.decode("latin-1").partition("?")[0] if raw else str(scope["path"])


def _with_query(path: str, scope: Scope) -> str:
    query: bytes = scope["query_string"]
    return f"{path}?{query.decode('latin-1')}" if query else path


def _faulty(fault: Fault, real: Response | None) -> Response | None:
    """The answer that a fault gives; cutting faults may cut the real one short."""
    if fault.status is None:
        return real
    headers = fault.answer_headers(time.time())
    if fault.raw_body is not None:
        return Response(fault.raw_body, status_code=fault.status, headers=headers)
    if fault.body is not None:
        return answer(fault.status, fault.body, headers)
    return error_answer(ApiError(fault.status, "Scripted fault"), headers)
