"""Scripted faults: how a test makes the tenant misbehave. `dispatch` carries them out."""

import re
from email.utils import formatdate
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr


def _compiles(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression ({error})") from error
    return text


Pattern = Annotated[str, AfterValidator(_compiles)]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
HeaderText = Annotated[str, Field(pattern=r"^[ -~]*$")]
Seconds = Annotated[int, Field(ge=-(10**9), le=10**9)]


class Fault(BaseModel):
    """One misbehaviour; what has no such form, POST /_sandbox/faults refuses.

    Attributes:
        method, path: regular expressions; the method's must match whole, the path's anywhere.
        nth: the first matching request that it strikes, counted from 1.
        times: how many matching requests it strikes from then on; None for all.
        when: `before` the request takes effect, or `after` (done, but the answer is lost).
        status, body, raw_body, headers: the answer given instead of the real one.
        delay_seconds: waited before anything else.
        close: cut the connection instead of answering.
        truncate_bytes: send that much of the body, then cut the connection.
        half_close: end the sending side without an answer and without a goodbye of TLS.
        silent: never answer; ends when the client goes.
        trickle: send a head that never ends, or the `body` a byte at a time, `trickle_seconds`
            apart.
        reset_in_seconds: adds `x-ratelimit-reset`, so far from this machine's time; negative is
            the past, as a client with a fast clock sees it.
        retry_after_date_in_seconds: adds `retry-after` as a date, so far from this machine's time.
        end_tokens: every token issued so far is refused from now on (401), as if it had expired
            or the tenant's signing key had been rotated; the request itself goes on.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    method: Pattern = ".*"
    path: Pattern = ".*"
    nth: int = Field(default=1, ge=1)
    times: int | None = Field(default=1, ge=1)
    when: Literal["before", "after"] = "before"
    status: int | None = Field(default=None, ge=200, le=599)
    body: Any = None
    raw_body: str | None = None
    headers: dict[HeaderName, HeaderText] = {}
    delay_seconds: float = Field(default=0, ge=0, le=60)
    close: bool = False
    truncate_bytes: int | None = Field(default=None, ge=0)
    half_close: bool = False
    silent: bool = False
    trickle: Literal["head", "body"] | None = None
    trickle_seconds: float = Field(default=0.1, ge=0.001, le=60)
    reset_in_seconds: Seconds | None = None
    retry_after_date_in_seconds: Seconds | None = None
    end_tokens: bool = False
    _seen: int = PrivateAttr(default=0)

    def shown(self) -> dict[str, Any]:
        """What it is, and how many requests matched so far."""
        return {**self.model_dump(), "seen": self._seen}

    @property
    def how(self) -> str | None:
        """What it makes of the connection, in the words of `connection.Broken`."""
        ways = {
            "close": self.close,
            "half_closed": self.half_close,
            "silent": self.silent,
            "trickle_head": self.trickle == "head",
            "trickle": self.trickle == "body",
            "cut": self.truncate_bytes is not None,
        }
        return next((way for way, is_wanted in ways.items() if is_wanted), None)

    @property
    def replaces(self) -> bool:
        """Whether the client sees something else than the real answer, whole and in time."""
        return self.how is not None or self.status is not None

    @property
    def unanswered(self) -> bool:
        """Whether no answer begins, or none that ends."""
        return self.how in {"close", "half_closed", "silent", "trickle_head"}

    @property
    def runs_request(self) -> bool:
        """Whether the request still takes effect; a spoilt real answer has to exist first."""
        spoils_real = self.status is None and not self.unanswered
        return self.when == "after" or spoils_real

    def answer_headers(self, now: float) -> dict[str, str]:
        """The headers of its own answer; `now` is unix seconds."""
        headers = dict(self.headers)
        if self.reset_in_seconds is not None:
            headers["x-ratelimit-reset"] = str(int(now) + self.reset_in_seconds)
        if self.retry_after_date_in_seconds is not None:
            date = now + self.retry_after_date_in_seconds
            headers["retry-after"] = formatdate(date, usegmt=True)
        return headers

    def strikes(self, method: str, path: str) -> bool:
        """Count a request, and tell whether this fault hits it."""
        if not (re.fullmatch(self.method, method) and re.search(self.path, path)):
            return False
        self._seen += 1
        struck_before = self._seen - self.nth
        return struck_before >= 0 and (self.times is None or struck_before < self.times)
