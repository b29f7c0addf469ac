"""What nobody established about Auth0's own login, as switches."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class LoginAssumptions:
    """Defaults are our choice."""

    resent_code: Literal["new", "same"] = "new"
    """What a resend sends. Not established (cpaas-and-actions.md §6); with `same`, a stack that has
    `deduplicate` on gets no second message."""

    earlier_code: Literal["refused", "accepted"] = "refused"
    """Whether the code before a resend can still be entered. Unknown."""

    failed_code_seconds: float = 360.0
    """After 10 wrong codes, the time that gives back one more try. Documented is "10 an hour" a
    user (cpaas-and-actions.md §2.8), read as a bucket like that of messages."""

    policy_without_factor: Literal["refused", "let_in"] = "refused"
    """What a login meets that is to have a second factor on a tenant without any. Refused is what
    people report ("No MFA factors enabled for enrollment"); not documented."""

    adaptive_unenrolled: Literal["email", "enroll"] = "email"
    """What adaptive MFA asks of a user without a phone when the confidence is low: to follow a link
    in an e-mail and not to enrol (documented as the default behaviour), or to enrol (what an Action
    can demand)."""

    hidden_checkbox: Literal["asked", "default"] = "asked"
    """What a browser meets where the tenant does not display the checkbox "Remember me": it is
    asked at every login, or it is remembered where the checkbox's default is ticked. Unknown
    (management-api.md §6.7)."""

    remembered_browser_held_to: Literal["now", "ticked"] = "now"
    """Which timeouts end the memory of a browser: those that the tenant has now, or had when the
    checkbox was ticked. Unknown."""

    adaptive_on_remembered_browser: Literal["asked", "let_in"] = "asked"
    """What adaptive MFA makes of a low confidence on a remembered browser. Unknown."""

    unsendable_channel: Literal["hidden", "shown"] = "hidden"
    """Whether a channel that the factor has, and the phone provider does not deliver by, is
    offered. Unknown; the tenant refuses to get there the usual way."""
