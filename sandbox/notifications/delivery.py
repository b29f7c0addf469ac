"""One phone message and what became of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

Outcome = Literal["pending", "success", "drop", "retry", "error", "not_sent"]


@dataclass(frozen=True)
class Try:
    """One execution of the Action: when it began, how long it took, and what it ended with."""

    at: str
    seconds: float
    outcome: Outcome
    reason: str | None = None


@dataclass(frozen=True)
class Delivery:
    """One message and what became of it.

    `outcome`: pending while nothing is known (also between two attempts); success; drop (the
    Action gave up); retry (still failing after the last attempt); error (the Action threw or
    timed out); not_sent (the tenant's configuration stood in the way, `attempts` is 0). `reason`
    says why when it is not success. `text` is what was rendered for the delivery method in use.
    `tries` are the attempts one by one; `most_attempts` is how many there may be. Times are
    RFC 3339.
    """

    id: str
    at: str
    to: str
    delivery_method: str
    message_type: str
    outcome: Outcome
    attempts: int
    reason: str | None = None
    code: str | None = None
    text: str | None = None
    locale: str | None = None
    console: list[str] = field(default_factory=list)
    tries: list[Try] = field(default_factory=list)
    most_attempts: int = 1
    trigger: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        return cls(**{**document, "tries": [Try(**one) for one in document["tries"]]})
