"""Logins under way: from a name to "logged in", one step at a time.

With the limits that Auth0 documents for a login (cpaas-and-actions.md §2.8): 10 codes a user and
channel, then one an hour; 10 failed codes, then 10 an hour; 10 enrolments, then 5 a minute. Logins
and codes are kept in memory, the newest hundred: a code does not outlive the process.
"""

import asyncio
import secrets
import unicodedata
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from sandbox.login.assumptions import LoginAssumptions
from sandbox.login.numbers import e164
from sandbox.login.policy import Channel, Confidence, Decision, Step, channels, decide
from sandbox.login.refusals import LoginRefusedError, lasting
from sandbox.login.users import Browsers, User, Users
from sandbox.notifications.content import Order
from sandbox.notifications.delivery import Delivery
from sandbox.notifications.limits import Allowance, Buckets
from sandbox.notifications.service import NotificationService
from sandbox.tenant import Tenant
from sandbox.tenant.store import Store

KEPT: Final = 100
KEPT_MESSAGES: Final = 30
FAILED_CODES: Final = 10
ENROLMENTS: Final = 10
ENROLMENT_REFILL: Final = timedelta(seconds=12)
_SPENT_KEPT: Final = 200

Stage = Step | Literal["code"]


@dataclass(frozen=True)
class IssuedCode:
    """A code that went out, or was to."""

    value: str
    expires_at: datetime


@dataclass(kw_only=True)
class Login:
    """One login.

    `deliveries` are the last messages that it led to, oldest first. `is_remembered` says that the
    browser will not be asked at the next one.
    """

    id: str
    user: User
    decision: Decision
    confidence: Confidence
    locale: str | None
    stage: Stage
    phone: str | None
    method: str | None
    is_remembered: bool = False
    deliveries: list[Delivery] = field(default_factory=list)
    issued: list[IssuedCode] = field(default_factory=list)
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def is_enrolling(self) -> bool:
        """Whether its codes prove a phone that the user does not have yet."""
        return self.decision.step == "enrol"

    @property
    def last(self) -> Delivery | None:
        return self.deliveries[-1] if self.deliveries else None


class LoginDesk:
    """The logins of one tenant, and its users, who lie in its store.

    What a step refuses is a LoginRefusedError, whose kind says why.
    """

    def __init__(
        self,
        tenant: Tenant,
        store: Store,
        notifications: NotificationService,
        *,
        assumptions: LoginAssumptions | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.assumptions = assumptions or LoginAssumptions()
        self.users = Users(store)
        self._browsers = Browsers(
            store=store,
            settings=tenant.mfa_settings.remembering,
            held_to=self.assumptions.remembered_browser_held_to,
            now=now,
        )
        self._tenant = tenant
        self._notifications = notifications
        self._now = now
        self._logins: OrderedDict[str, Login] = OrderedDict()
        self._spent: deque[tuple[str, str]] = deque(maxlen=_SPENT_KEPT)
        refill = timedelta(seconds=self.assumptions.failed_code_seconds)
        self._failed = Buckets(now, burst=FAILED_CODES, refill=refill)
        self._enrolments = Buckets(now, burst=ENROLMENTS, refill=ENROLMENT_REFILL)

    def get(self, login_id: str) -> Login:
        if login_id not in self._logins:
            why = "This login is not known any more. Start again: it takes a name."
            raise LoginRefusedError("unknown", why)
        return self._logins[login_id]

    def channels(self) -> list[Channel]:
        return channels(self._tenant, self.assumptions)

    def codes_left(self, login: Login, method: str) -> Allowance:
        return self._notifications.allowance(login.user.id, method)

    def tries_left(self, login: Login) -> Allowance:
        return self._failed.allowance(login.user.id)

    def seconds_left(self, login: Login) -> float:
        """How long the newest code can still be entered; 0 when it cannot."""
        if not login.issued:
            return 0
        return max((login.issued[-1].expires_at - self._now()).total_seconds(), 0)

    def remember_me(self, login: Login) -> bool | None:
        """Whether the checkbox is ticked at first; None where the person does not see it."""
        settings = self._tenant.mfa_settings.remembering()
        counts = self._counts_browsers(login.decision)
        if not (counts and settings["display_remember_me_checkbox"]):
            return None
        return bool(settings["remember_me_default_value"])

    def begin(
        self,
        name: str,
        *,
        confidence: Confidence = "high",
        locale: str | None = None,
        browser: str = "",
    ) -> Login:
        """A user has given the right password; the policy decides what follows.

        `confidence` is what adaptive MFA would think of it, `locale` what the application asks for,
        `browser` the one that the person is at, as its cookie says; empty for a new one.
        """
        user = self.users.named(name)
        decision = decide(
            self._tenant, self.assumptions, enrolled=user.is_enrolled, confidence=confidence
        )
        decision, is_remembered = self._unless_remembered(decision, browser, user)
        login = Login(
            id=secrets.token_urlsafe(12),
            user=user,
            decision=decision,
            confidence=confidence,
            locale=locale,
            stage=decision.step,
            phone=user.phone,
            method=user.method,
            is_remembered=is_remembered,
        )
        self._logins[login.id] = login
        if len(self._logins) > KEPT:
            self._logins.popitem(last=False)
        return login

    async def enrol(self, login_id: str, *, number: str, method: str) -> Login:
        """Send a code to a phone that is to be enrolled."""
        login = self._at(login_id, "enrol")
        self._check_channel(method)
        phone = e164(number)
        if reset := self._enrolments.take("this machine"):
            why = f"Too many phones were enrolled. Try again in {self._until(reset)}."
            raise LoginRefusedError("enrolling", why)
        return await self._send(login, phone, method)

    async def send(self, login_id: str, *, method: str) -> Login:
        """Send a code to the login's phone: the first one of a challenge, or another one."""
        login = self._at(login_id, "challenge", "code")
        self._check_channel(method)
        if login.phone is None:
            raise LoginRefusedError("step", "There is no phone yet: enter its number first.")
        return await self._send(login, login.phone, method)

    def another_phone(self, login_id: str) -> Login:
        """Back to the number, of a phone that is being enrolled."""
        login = self._at(login_id, "code")
        if not login.is_enrolling:
            raise LoginRefusedError("step", "The phone of this login is enrolled already.")
        login.stage = "enrol"
        login.issued.clear()
        return login

    def enter(
        self, login_id: str, text: str, *, browser: str = "", remember: bool = False
    ) -> Login:
        """Enter a code; `browser` is empty where nothing can be remembered of it."""
        login = self.get(login_id)
        code = "".join(one for one in unicodedata.normalize("NFKC", text) if one.isalnum())
        if login.stage == "in" and (login.user.id, code) in self._spent:
            raise LoginRefusedError("used", "This code was used already; nothing is left to do.")
        if login.stage != "code":
            raise LoginRefusedError("step", "No code is asked for at this step.")
        if not code:
            raise LoginRefusedError("wrong", "Enter the code from the message.")
        tries = self.tries_left(login)
        if not tries.left:
            why = f"Too many wrong codes. Try again in {self._until(tries.reset)}."
            raise LoginRefusedError("too_many", why)
        if fault := self._fault(login, code):
            self._failed.take(login.user.id)
            raise fault
        self._spent.append((login.user.id, code))
        login.stage = "in"
        if login.is_enrolling and login.phone and login.method:
            login.user = self.users.enrol(login.user, phone=login.phone, method=login.method)
        if browser and self._is_to_be_remembered(login, ticked=remember):
            self._browsers.remember(browser, login.user.id)
            login.is_remembered = True
        return login

    def forget_phone(self, user_id: str) -> None:
        """Take a user's phone away; the next login asks for one, on every browser."""
        user = self.users.get(user_id)
        if user is not None:
            self.users.enrol(user, phone=None, method=None)
            self._browsers.forget(user.id)

    def reset(self) -> None:
        """Forget logins, codes and limits. The users go with the tenant's own reset."""
        self._logins.clear()
        self._spent.clear()
        self._failed.forget()
        self._enrolments.forget()

    def _at(self, login_id: str, *stages: Stage) -> Login:
        login = self.get(login_id)
        if login.stage not in stages:
            raise LoginRefusedError("step", "This login is past that step.")
        return login

    def _counts_browsers(self, decision: Decision) -> bool:
        return (
            decision.policy == "always"
            or self.assumptions.adaptive_on_remembered_browser == "let_in"
        )

    def _is_to_be_remembered(self, login: Login, *, ticked: bool) -> bool:
        settings = self._tenant.mfa_settings.remembering()
        if not settings["display_remember_me_checkbox"]:
            by_default = self.assumptions.hidden_checkbox == "default"
            ticked = by_default and bool(settings["remember_me_default_value"])
        return ticked and self._counts_browsers(login.decision)

    def _unless_remembered(
        self, decision: Decision, browser: str, user: User
    ) -> tuple[Decision, bool]:
        """The decision, and whether it is changed by what is remembered of the browser."""
        shown = self._tenant.mfa_settings.remembering()["display_remember_me_checkbox"]
        may_remember = shown or self.assumptions.hidden_checkbox == "default"
        counts = self._counts_browsers(decision) and decision.step == "challenge"
        asks = browser and may_remember and counts
        seconds = self._browsers.use(browser, user.id) if asks else None
        if seconds is None:
            return decision, False
        why = (
            f"{decision.why} But this browser is remembered: without another login it is asked "
            f"again in {lasting(seconds)}."
        )
        return replace(decision, step="in", why=why), True

    def _until(self, then: datetime | None) -> str:
        return lasting(((then or self._now()) - self._now()).total_seconds())

    def _check_channel(self, method: str) -> None:
        chosen = next((one for one in self.channels() if one.method == method), None)
        if chosen is None or not chosen.is_offered:
            why = chosen.why_not if chosen else "there is no such method"
            raise LoginRefusedError("channel", f"Choose another way to get the code: {why}.")

    async def _send(self, login: Login, phone: str, method: str) -> Login:
        if login.sending.locked():
            raise LoginRefusedError("sending", "A code is on its way already.")
        again = login.issued[-1].value if login.issued and self.seconds_left(login) else None
        order = Order(
            to=phone,
            delivery_method=method,
            message_type="otp_enroll" if login.is_enrolling else "otp_verify",
            locale=login.locale,
            user=login.user.as_event(phone),
            code=again if self.assumptions.resent_code == "same" else None,
            transaction=login.id,
            limited=True,
        )
        async with login.sending:
            delivery = await self._notifications.challenge(order)
        login.deliveries = [*login.deliveries, delivery][-KEPT_MESSAGES:]
        login.phone, login.method = phone, method
        if delivery.code and not self.is_told(delivery):
            codes = self._tenant.mfa_settings.codes("phone")
            lifetime = timedelta(seconds=codes["otp_expiration_time"])
            login.issued.append(IssuedCode(delivery.code, self._now() + lifetime))
            login.stage = "code"
        return login

    def is_told(self, delivery: Delivery) -> bool:
        """Whether the person learns that a message failed.

        An Action of the unified experience cannot tell them (§2.2); the legacy trigger is blocking
        (§2.3), and what the tenant does not send is refused at once.
        """
        legacy = self._tenant.generation == "legacy"
        return delivery.outcome == "not_sent" or (legacy and delivery.outcome != "success")

    def _fault(self, login: Login, code: str) -> LoginRefusedError | None:
        matching = [one for one in login.issued if one.value == code]
        if not matching:
            if (login.user.id, code) in self._spent:
                return LoginRefusedError("used", "This code was used already. Get another one.")
            return LoginRefusedError("wrong", "This is not the code that was sent.")
        newest = matching[-1]
        if newest is not login.issued[-1] and self.assumptions.earlier_code == "refused":
            why = "Another code was sent since. Enter the newest one."
            return LoginRefusedError("earlier", why)
        if self._now() >= newest.expires_at:
            return LoginRefusedError("expired", "This code has expired. Get another one.")
        return None
