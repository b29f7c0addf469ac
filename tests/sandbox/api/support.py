"""A tenant behind its HTTP application, and the shortest way to call it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.types import ASGIApp

from sandbox.api.app import build_api
from sandbox.api.limiter import RateLimit
from sandbox.tenant import Tenant
from sandbox.tenant.assumptions import Assumptions
from sandbox.tenant.operation import Notifier
from sandbox.tenant.settings import Generation
from sandbox.tenant.store import Store
from tests.sandbox.clock import ManualClock
from tests.sandbox.tenant.support import action, custom_provider, login_action, twilio

DOMAIN = "localhost:8443"
LATER_THAN_ANY_RECORDING = 1_800_000_000_000_000_000

CUSTOM_PHONE_ACTION = action(
    name="sender", code="exports.onExecuteCustomPhoneProvider = async () => {};"
)
POST_LOGIN_ACTION = login_action(name="login")
CUSTOM_PROVIDER, TWILIO_PROVIDER = custom_provider(), twilio()


class InProcess(httpx.BaseTransport):
    """Calls an ASGI application from synchronous code, without a socket."""

    def __init__(self, app: ASGIApp, *, raise_app_exceptions: bool = False) -> None:
        self._asgi = httpx.ASGITransport(app, raise_app_exceptions=raise_app_exceptions)
        self._loop = asyncio.new_event_loop()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._loop.run_until_complete(self._handle(request))

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        answer = await self._asgi.handle_async_request(request)
        return httpx.Response(
            answer.status_code, headers=answer.headers, content=await answer.aread()
        )

    def close(self) -> None:
        self._loop.close()


@dataclass
class Sandbox:
    """A tenant and a client that has a token for it."""

    generation: Generation = "unified"
    assumptions: Assumptions = field(default_factory=Assumptions)
    notifier: Notifier | None = None
    rate_limit: RateLimit | None = None
    store: Store = field(default_factory=Store)
    name: str = "sandbox"

    def __post_init__(self) -> None:
        self.clock = ManualClock(LATER_THAN_ANY_RECORDING)
        self.tenant = Tenant(
            self.store,
            domain=DOMAIN,
            name=self.name,
            generation=self.generation,
            clock=self.clock,
            assumptions=self.assumptions,
        )
        self.app = build_api(self.tenant, notifier=self.notifier, rate_limit=self.rate_limit)
        self.http = httpx.Client(transport=InProcess(self.app), base_url=f"https://{DOMAIN}")
        self.token = self.ask_token().json()["access_token"]

    def ask_token(self, **changes: Any) -> httpx.Response:
        """POST /oauth/token as a form; a change of None leaves the parameter out."""
        own = self.tenant.credentials
        form = {
            "grant_type": "client_credentials",
            "client_id": own.client_id,
            "client_secret": own.client_secret,
            "audience": self.tenant.audience,
        } | changes
        return self.http.post(
            "/oauth/token", data={key: one for key, one in form.items() if one is not None}
        )

    def token_for(self, **client: Any) -> str:
        """A token of another client, made through the control route."""
        made = self.http.post("/_sandbox/clients", json=client).json()
        answer = self.ask_token(client_id=made["client_id"], client_secret=made["client_secret"])
        return str(answer.json()["access_token"])

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **options: Any
    ) -> httpx.Response:
        """A Management API call; `path` is what follows /api/v2."""
        headers = {"Authorization": f"Bearer {token or self.token}", **options.pop("headers", {})}
        if body is not None:
            options["json"] = body
        return self.http.request(method, f"/api/v2{path}", headers=headers, **options)

    def must(self, method: str, path: str, body: Any = None) -> Any:
        """The decoded answer of a call that has to succeed."""
        answer = self.call(method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def deployed(self, action: dict[str, Any] | None = None) -> str:
        """Create and deploy an Action; answers its id."""
        action_id = str(self.must("POST", "/actions/actions", action or CUSTOM_PHONE_ACTION)["id"])
        self.must("POST", f"/actions/actions/{action_id}/deploy")
        return action_id

    def counters(self) -> dict[str, int]:
        """The counters of /_sandbox/health."""
        counters: dict[str, int] = self.http.get("/_sandbox/health").json()["counters"]
        return counters
