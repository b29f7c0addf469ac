"""A tenant that sends, small enough to spoil, a runner set up by hand, and the service between."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.notifications.content import Order
from sandbox.notifications.delivery import Delivery
from sandbox.notifications.service import NotificationService
from sandbox.runner.runner import ActionOutcome, ActionRunner
from sandbox.tenant import Generation, Store, Tenant
from tests.sandbox.sending import let_it_send

TO = "+819012345678"
CODE = "482913"
TEXT = "{{ code }} {{ friendly_name }}"
VOICE = "{{ friendly_name }}: {{ code }}{{ pause }}{{ code }}"

Spoil = Callable[[Tenant], object]


def a_tenant(
    generation: Generation = "unified",
    spoil: Spoil = lambda _: None,
    *,
    text: str = TEXT,
    voice: str = VOICE,
    **settings: Any,
) -> Tenant:
    """A tenant "mirai" with everything in order, but for what spoils it."""
    tenant = Tenant(Store(), domain="localhost:1", name="mirai", generation=generation)
    words = {"friendly_name": "みらい銀行", "enabled_locales": ["ja", "en"]}
    tenant.settings.patch(words | settings)
    let_it_send(tenant, {"CPAAS_API_KEY": "k"})
    if generation == "unified":
        content = {"body": {"text": text, "voice": voice}}
        tenant.templates.create({"type": "otp_verify", "content": content})
    spoil(tenant)
    return tenant


def provider(**changes: Any) -> Spoil:
    """Changes the phone provider."""
    return lambda tenant: tenant.providers.update(
        str((tenant.providers.current() or {})["id"]), changes
    )


def template(**changes: Any) -> Spoil:
    """Changes the template of login codes."""
    return lambda tenant: tenant.templates.update(
        tenant.templates.effective("otp_verify")["id"], changes
    )


def no_provider(tenant: Tenant) -> None:
    tenant.providers.delete(str((tenant.providers.current() or {})["id"]))


def no_factor(tenant: Tenant) -> None:
    tenant.guardian.set_factor("sms", enabled=False)


def no_sms(tenant: Tenant) -> None:
    tenant.guardian.set_message_types(["voice"])


def no_action(tenant: Tenant) -> None:
    for one in tenant.actions.all():
        tenant.actions.delete(one["id"], force=True)


@dataclass
class FakeRunner(ActionRunner):
    """Answers with the given outcomes in turn, then with success."""

    outcomes: list[ActionOutcome] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)

    async def execute(self, *, event: Mapping[str, Any], **order: Any) -> ActionOutcome:
        self.calls.append({"event": event, **order})
        return self.outcomes.pop(0) if self.outcomes else ActionOutcome("success")


class Pipeline:
    """A service with a clock that stands, and what it slept, ran and logged."""

    def __init__(
        self, tenant: Tenant | None = None, *outcomes: ActionOutcome, **assumptions: Any
    ) -> None:
        self.tenant = tenant or a_tenant()
        self.runner = FakeRunner(list(outcomes))
        self.slept: list[float] = []
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self.service = NotificationService(
            self.tenant,
            self.runner,
            assumptions=NotificationAssumptions(**assumptions),
            sleep=self._sleep,
            now=lambda: self.now,
            new_code=self.new_code,
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def new_code(self, _: int) -> str:
        return CODE

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def challenge(self, **order: Any) -> Delivery:
        order = {"to": TO, "delivery_method": "text", **order}
        return asyncio.run(self.service.challenge(Order(**order)))

    def try_provider(self, delivery_method: str | None) -> None:
        asyncio.run(self.service.try_out(TO, delivery_method, None))

    @property
    def event(self) -> dict[str, Any]:
        """What the Action got at last."""
        return dict(self.runner.calls[-1]["event"])

    @property
    def log(self) -> list[dict[str, Any]]:
        """The entries of the tenant's log, oldest first."""
        return self.tenant.context.store.all("logs")
