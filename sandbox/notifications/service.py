"""One phone message from the tenant's decision to its outcome: a stand-in for Auth0's pipeline.

The rules, the text, the event, the execution, the retries, and the record of what came of it.
"""

import asyncio
import hashlib
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sandbox.inbox.deliveries import DeliveryJournal
from sandbox.notifications import log_entries
from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.notifications.content import Order, Sending, for_voice, render
from sandbox.notifications.delivery import Delivery, Try
from sandbox.notifications.limits import BURST, REFILL, Allowance, Buckets, LimitReachedError
from sandbox.notifications.rules import HANDLERS, LEGACY_TRIGGER, NotSentError, Route, route_for
from sandbox.runner.runner import ActionRunner
from sandbox.tenant import Tenant
from sandbox.tenant.phone_templates import BODIES, GUARDIAN_TEXTS

SHOWN_DELIVERIES = 200
"""Of those that are kept, so many are answered at a time."""


class NotificationService:
    """Sends phone messages as the tenant is configured; implements the API's `Notifier`.

    `new_code` makes a one-time code of so many digits; without a journal, deliveries are kept in
    memory.
    """

    def __init__(
        self,
        tenant: Tenant,
        runner: ActionRunner,
        *,
        assumptions: NotificationAssumptions | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_code: Callable[[int], str] = lambda digits: (
            f"{secrets.randbelow(10**digits):0{digits}}"
        ),
        journal: DeliveryJournal | None = None,
    ) -> None:
        self.assumptions = assumptions or NotificationAssumptions()
        self._tenant = tenant
        self._runner = runner
        self._sleep = sleep
        self._now = now
        self._new_code = new_code
        self._journal = journal or DeliveryJournal()
        self._limits = Buckets(now, burst=BURST, refill=REFILL)
        self._end_what_was_cut_off()

    def preview(self, message_type: str, delivery_method: str) -> str:
        """What a message would say if it were sent now, with a made-up user; nothing is sent.

        Raises NotSentError: its template does not render, or is disabled and nothing takes its
        place.
        """
        made_up = "1234567890"[: self._tenant.otp_length()]
        order = Order(
            to="+819012345678",
            delivery_method=delivery_method,
            message_type=message_type,
            locale=self._tenant_locale(),
            code=None if message_type == "blocked_account" else made_up,
        )
        return self._worded(order, legacy=self._tenant.generation == "legacy")[0]

    def allowance(self, user_id: str, delivery_method: str) -> Allowance:
        """How many codes the user may still be sent this way; counted are those with a limit."""
        return self._limits.allowance((user_id, delivery_method))

    async def try_out(
        self, to: str, delivery_method: str | None, template: dict[str, Any] | None
    ) -> None:
        """A test message with this template, as it is.

        The provider's is the verification text, as there is no type of its own.
        """
        order = Order(
            to=to,
            delivery_method=delivery_method or self._first_method(),
            message_type=template["type"] if template else "otp_verify",
            template=template,
            test_send=True,
        )
        await self.challenge(order)

    async def test_action(
        self, *, code: str, trigger_id: str, secrets: dict[str, str], event: Any
    ) -> dict[str, Any]:
        """Run a draft of one of the phone triggers (§4.9); `stats` are in milliseconds."""
        if trigger_id not in HANDLERS:
            reason = f"Error: The sandbox runs only {', '.join(HANDLERS)}, not {trigger_id}."
            return _tested(0, 0, reason)
        if self.assumptions.test_run_event == "under_event" and isinstance(event, dict):
            event = event.get("event")
        started = time.monotonic()
        outcome = await self._runner.execute(
            code=code,
            version_id=f"draft {hashlib.sha256(code.encode()).hexdigest()}",
            handler=HANDLERS[trigger_id],
            event=event if isinstance(event, dict) else {},
            secrets=secrets,
        )
        error = (outcome.reason or "Error") if outcome.kind == "error" else None
        return _tested((time.monotonic() - started) * 1000, outcome.duration_ms, error)

    def deliveries(self) -> list[Delivery]:
        """The last deliveries whose outcome is known, oldest first."""
        found = self._journal.finished(limit=SHOWN_DELIVERIES)
        return [Delivery.from_json(document) for document in found]

    def reset(self) -> None:
        self._journal.clear()
        self._limits.forget()

    async def challenge(self, order: Order) -> Delivery:
        """Send a message as a login (or enrolment, or password reset) would; or a test message."""
        order = replace(order, locale=order.locale or self._tenant_locale())
        delivery = Delivery(
            id=uuid.uuid4().hex,
            at=self._now().isoformat(),
            to=order.to,
            delivery_method=order.delivery_method,
            message_type=order.message_type,
            outcome="not_sent",
            attempts=0,
            locale=order.locale,
        )
        try:
            if order.limited or (self.assumptions.user_limits and not order.test_send):
                self._count(order)
            route = route_for(
                self._tenant,
                delivery_method=order.delivery_method,
                message_type=order.message_type,
                test_send=order.test_send,
            )
            # Auth0's wording: no code with blocked_account.
            wanted = order.message_type != "blocked_account"
            code = (order.code or self._new_code(self._tenant.otp_length())) if wanted else None
            order = replace(order, code=code, transaction=order.transaction or delivery.id)
            text, event = self._worded(order, legacy=route[0] == LEGACY_TRIGGER)
        except NotSentError as refusal:
            done = replace(delivery, reason=str(refusal))
            reset = refusal.reset if isinstance(refusal, LimitReachedError) else None
        else:
            done = await self._attempt(route, event, replace(delivery, code=code, text=text))
            reset = None
        self._keep(done)
        if reset:
            log_entries.write_limit(self._tenant, done, reset)
        else:
            log_entries.write(self._tenant, done, order, self.assumptions)
        return done

    def _count(self, order: Order) -> None:
        # Without a login the number is all that tells users apart.
        who = str(order.user["user_id"]) if order.user else order.to
        reset = self._limits.take((who, order.delivery_method))
        if reset is not None:
            raise LimitReachedError(reset)

    async def _attempt(
        self, route: Route, event: Mapping[str, Any], delivery: Delivery
    ) -> Delivery:
        trigger, action = route
        # The legacy trigger is blocking: its throw goes to the login, nothing repeats it.
        most = 1 if trigger == LEGACY_TRIGGER else self.assumptions.max_retries + 1
        repeated = {"retry"}
        if self.assumptions.throw_in_custom_provider == "retry":
            repeated.add("error")
        delivery = replace(delivery, outcome="pending", trigger=trigger, most_attempts=most)
        # Kept before the Action runs: what arrives from it belongs to this delivery.
        self._keep(delivery)
        while True:
            at, begun = self._now().isoformat(), time.monotonic()
            outcome = await self._runner.execute(
                code=action.code,
                version_id=action.version_id,
                handler=HANDLERS[trigger],
                event=event,
                secrets=action.secrets,
                delivery_id=delivery.id,
            )
            one = Try(at, round(time.monotonic() - begun, 3), outcome.kind, outcome.reason)
            delivery = replace(
                delivery,
                attempts=delivery.attempts + 1,
                reason=outcome.reason,
                console=delivery.console + outcome.console,
                tries=[*delivery.tries, one],
            )
            done = replace(delivery, outcome=outcome.kind)
            if outcome.kind not in repeated or delivery.attempts >= most:
                return done
            self._keep(delivery)
            log_entries.write_failed_notification(self._tenant, done, self.assumptions)
            await self._sleep(self.assumptions.retry_delay)

    def _keep(self, delivery: Delivery) -> None:
        self._journal.put(delivery.to_json(), finished=delivery.outcome != "pending")

    def _end_what_was_cut_off(self) -> None:
        for document in self._journal.unfinished():
            cut = Delivery.from_json(document)
            why = "the sandbox ended before this delivery did"
            self._keep(replace(cut, outcome="error", reason=why))

    def _worded(self, order: Order, *, legacy: bool) -> tuple[str, dict[str, Any]]:
        """The text in use, and the Action's event, of an order with its code and locale."""
        template = order.template or self._tenant.templates.effective(order.message_type)
        sending = Sending(order, template["tenant"], self._tenant.settings.get())
        by_voice = order.delivery_method == "voice"
        if legacy:
            given = sending.legacy_variables()
            said = for_voice(given, self.assumptions) if by_voice else given
            text = render(self._legacy_source(order.message_type), said)
            return text, sending.legacy_event(text)
        given, body = sending.variables(), self._body(order, template)
        as_text = render(body.get("text", ""), given)
        as_voice = render(body.get("voice", ""), for_voice(given, self.assumptions))
        sender = template["content"].get("from") or None
        event = sending.unified_event(as_text, as_voice, sender)
        return as_voice if by_voice else as_text, event

    def _body(self, order: Order, template: Mapping[str, Any]) -> Mapping[str, str]:
        # A test send shows the template that is being written, switched on or not.
        if template["disabled"] and not order.test_send:
            if self.assumptions.disabled_template == "not_sent":
                raise NotSentError(f"the template {order.message_type} is disabled")
            return BODIES[order.message_type]
        body: Mapping[str, str] = template["content"].get("body", {})
        return body

    def _legacy_source(self, message_type: str) -> str:
        written = self._tenant.guardian.templates("sms") or {}
        key = "enrollment_message" if message_type == "otp_enroll" else "verification_message"
        return str(written.get(key) or GUARDIAN_TEXTS[key])

    def _tenant_locale(self) -> str | None:
        if self.assumptions.client_locale == "absent":
            return None
        locales: list[str] = self._tenant.settings.get().get("enabled_locales") or []
        return locales[0] if locales else None

    def _first_method(self) -> str:
        provider = self._tenant.providers.current() or {}
        methods = provider.get("configuration", {}).get("delivery_methods") or ["text"]
        return str(methods[0])


def _tested(total: float, execution: float, error: str | None) -> dict[str, Any]:
    # The sandbox has no network between its parts: what is not execution is processing.
    stats = {
        "total_request_duration_ms": round(total),
        "total_runtime_execution_duration_ms": round(execution),
        "runtime_processing_duration_ms": round(max(0, total - execution)),
        "action_duration_ms": round(execution),
        "runtime_external_call_duration_ms": 0,
        "boot_duration_ms": 0,
        "network_duration_ms": 0,
    }
    if error is None:
        return {"stats": stats}
    name, _, message = error.partition(": ")
    return {"error": {"message": message, "name": name, "stack": ""}, "stats": stats}
