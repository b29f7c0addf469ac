"""What a tenant's MFA policy makes of a login, and the channels that it offers.

Sources: management-api.md §6.3 for the policies. Adaptive MFA as Auth0's page "Customize Adaptive
MFA" has it: low confidence demands MFA, medium and high do not; whoever is not enrolled verifies
an e-mail address and is not enrolled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

from components.vocabulary import policy_word
from sandbox.login.assumptions import LoginAssumptions
from sandbox.notifications.rules import CHANNELS, NotSentError, check_factor, route_for
from sandbox.tenant import Tenant


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A way to get a code.

    `why_not` says what keeps it from being offered, `obstacle` what keeps a message from being
    sent through it; each is None where nothing does.
    """

    method: str
    why_not: str | None
    obstacle: str | None

    @property
    def is_offered(self) -> bool:
        return self.why_not is None


def channels(tenant: Tenant, assumptions: LoginAssumptions) -> list[Channel]:
    """Text and voice, offered or not."""
    return [_channel(tenant, method, assumptions) for method in CHANNELS]


def _channel(tenant: Tenant, method: str, assumptions: LoginAssumptions) -> Channel:
    why_not = _refusal(lambda: check_factor(tenant, method))
    hidden = tenant.generation == "unified" and assumptions.unsendable_channel == "hidden"
    provider = tenant.providers.current() if hidden and not why_not else None
    if provider and method not in provider["configuration"].get("delivery_methods", []):
        why_not = f"the phone provider does not deliver by {method}"
    route = partial(route_for, tenant, delivery_method=method, message_type="otp_verify")
    return Channel(method=method, why_not=why_not, obstacle=_refusal(route))


def _refusal(ask: Callable[[], object]) -> str | None:
    try:
        ask()
    except NotSentError as error:
        return str(error)
    return None


Confidence = Literal["high", "medium", "low"]
CONFIDENCES: tuple[str, ...] = get_args(Confidence)
Step = Literal["in", "enrol", "challenge", "elsewhere", "refused"]

_BY_EMAIL = (
    "The user has no phone enrolled: Auth0 sends a link by e-mail and enrols nothing. The sandbox "
    "has no e-mail. Enrol a phone while the policy is “always”."
)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What the policy makes of one login.

    `step`: let in without a code; enrol a phone; challenge at the enrolled one; elsewhere (a
    factor that the sandbox does not have); refused (nobody can log in).
    """

    policy: str
    step: Step
    why: str


def decide(
    tenant: Tenant, assumptions: LoginAssumptions, *, enrolled: bool, confidence: Confidence
) -> Decision:
    """What this tenant asks of a user with or without a phone."""
    policy = policy_word(tenant.policies())
    if policy == "never":
        why = "The policy is “never”: nobody is asked for a code."
        return Decision(policy=policy, step="in", why=why)
    asks = "The policy is “always”: every login needs a second factor."
    if policy == "adaptive":
        asks = f"The policy is adaptive and the confidence in this login is {confidence}:"
        if confidence != "low":
            why = f"{asks} only low confidence asks for a code."
            return Decision(policy=policy, step="in", why=why)
        asks += " it needs a second factor."
    step, more = _second_factor(tenant, assumptions, policy=policy, enrolled=enrolled)
    return Decision(policy=policy, step=step, why=f"{asks} {more}")


def _second_factor(
    tenant: Tenant, assumptions: LoginAssumptions, *, policy: str, enrolled: bool
) -> tuple[Step, str]:
    ways = channels(tenant, assumptions)
    if any(one.is_offered for one in ways):
        if enrolled:
            return "challenge", "The user has a phone enrolled."
        if policy == "adaptive" and assumptions.adaptive_unenrolled == "email":
            return "elsewhere", _BY_EMAIL
        return "enrol", "The user has no phone enrolled and is asked to enrol one."
    missing = "; ".join(dict.fromkeys(one.why_not or "" for one in ways))
    why = f"No code by phone: {missing}."
    factors = (one["name"] for one in tenant.guardian.factors() if one["enabled"])
    others = ", ".join(one for one in factors if one not in {"sms", "recovery-code"})
    if others:
        instead = f"The user is asked for {others} instead, which is not played here."
        return "elsewhere", f"{why} {instead}"
    if assumptions.policy_without_factor == "let_in":
        return "in", f"{why} There is no other factor either."
    return "refused", f"{why} There is no other factor either: nobody can log in."
