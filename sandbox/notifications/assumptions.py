"""What nobody established about Auth0's delivery of phone messages (cpaas-and-actions.md §6)."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class NotificationAssumptions:
    """Defaults are our choice."""

    max_retries: int = 5
    """Executions after the first one. Documented as "up to 5 times"; read as not counting the
    first."""

    retry_delay: float = 0.2
    """Seconds between executions. Auth0 says "in the next minutes"; shortened, or every test of
    a retry would take that long."""

    throw_in_custom_provider: Literal["drop", "retry"] = "drop"
    """What a throw or a time-out of the unified Action means. Undocumented."""

    disabled_template: Literal["default_text", "not_sent"] = "default_text"
    """What happens to a message whose template is disabled."""

    voice_code: Literal["dotted", "plain"] = "dotted"
    """How `{{ code }}` is written in a voice text: "1. 2. 3. 4. 5. 6." as in Auth0's sample
    event, or "123456"."""

    pause: str = ", , "
    """What `{{ pause }}` of the default voice texts becomes."""

    failed_message_logs: Literal["both", "fn", "gd_send"] = "both"
    """What a failed MFA message of a unified tenant writes to the tenant's log: the factor's
    failure event, `fn`, or both. Both codes are published, which one when is not (§2.8)."""

    test_message_logs: bool = True
    """Whether a test message that was sent (`try` of a provider or template) writes the factor's
    success event like one of a login. A failed one writes `fn` either way."""

    test_run_event: Literal["under_event", "payload"] = "under_event"
    """Where a test run of an Action (POST …/test) finds its event: under `event` of the payload, as
    go-auth0's own test sends it, or the payload is the event. The schema allows either (§4.9)."""

    user_limits: bool = False
    """Whether a user's codes are limited as documented (10, then one an hour, a channel): off, as
    a sandbox that refuses the 11th try of a developer helps nobody. A limit writes
    `limit_phone` to the log."""

    client_locale: Literal["tenant", "absent"] = "tenant"
    """The event's `locale` when the login names none: the tenant's first enabled locale, or no
    such key."""
