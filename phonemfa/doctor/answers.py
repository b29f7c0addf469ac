"""What a live tenant answered, or why it did not: the shapes, for `reading` and the checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = Mapping[str, Any]


class Why(StrEnum):
    """Why a question has no answer."""

    NO_TOKEN = "no token"  # noqa: S105 - a reason
    SCOPE = "a scope is missing"
    PLAN = "not in the tenant's plan"
    OTHER = "refused"


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A question without an answer.

    Attributes:
        why: the kind of reason.
        what: the reason in words, after "could not look: ".
        asked: the request, as `GET /path`.
        scope: the scope that the request needs.
        status: of the answer, if there was one.
        fix: what to do, where that is known.
    """

    why: Why
    what: str
    asked: str = ""
    scope: str = ""
    status: int | None = None
    fix: str = ""


@dataclass(frozen=True, kw_only=True)
class Token:
    """What is known of the token: its scopes, None when neither it nor its answer says."""

    scopes: frozenset[str] | None


@dataclass(kw_only=True)
class Rate:
    """What the answers' headers said of the rate limit; None: nothing.

    `limit` is the bucket's size, `left` the least that was seen in it, `refusals` how many 429.
    """

    limit: int | None = None
    left: int | None = None
    refusals: int = 0


@dataclass(frozen=True, kw_only=True)
class LegacyDelivery:
    """How a legacy tenant sends: Guardian's provider, Twilio without its token, the texts."""

    provider: str | None
    twilio: Json
    texts: Json


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was read. Objects have the API's own keys.

    `actions` and `bindings` are by trigger, for the generations that were asked about; `templates`
    has only the customised ones; `mfa_settings` is by path. What belongs to a generation that was
    not asked about is empty, and `legacy` is None for a unified tenant too, which refuses that
    question.
    """

    domain: str
    token: Token | Refused
    settings: Json | Refused
    actions: Mapping[str, tuple[Json, ...]] | Refused
    action_count: int | Refused
    bindings: Mapping[str, tuple[Json, ...]] | Refused
    provider: Json | Refused | None
    templates: tuple[Json, ...] | Refused
    factors: tuple[Json, ...] | Refused
    policies: tuple[str, ...] | Refused
    message_types: tuple[str, ...] | Refused
    legacy: LegacyDelivery | Refused | None
    mfa_settings: Mapping[str, Json | Refused] | Refused
    rate: Rate = field(default_factory=Rate)

    @property
    def refusals(self) -> tuple[Refused, ...]:
        """Every question that was asked of the tenant and has no answer.

        But for MFA settings that the plan lacks: which version of the plugin fits decides what
        that means, so their own check tells it.
        """
        values = [getattr(self, name) for name in self.__dataclass_fields__ if name != "token"]
        if not isinstance(self.mfa_settings, Refused):
            values += [
                one
                for one in self.mfa_settings.values()
                if isinstance(one, Refused) and one.why is not Why.PLAN
            ]
        return tuple(one for one in values if isinstance(one, Refused))

    @property
    def is_unified(self) -> bool | None:
        """Whether the tenant has the unified phone experience; None when it could not be read.

        A missing flag counts as not, as in `components.guards.generation`.
        """
        if isinstance(self.settings, Refused):
            return None
        return bool(self.settings.get("phone_consolidated_experience"))
