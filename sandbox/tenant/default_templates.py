"""The texts that a tenant sends before anybody customised them.

Owns the recorded default texts of the unified phone templates and the published ones of the
legacy Guardian templates. Refuses storing customised ones.
"""

from __future__ import annotations

from typing import Any

_CODE = "{{ code | escape }}"
_TENANT = "{{ friendly_name | escape }}"
_PAUSED = "{{ pause }} " + _CODE


def _voice(kind: str) -> str:
    return (
        f"Hello. Your {kind} code for {_TENANT} is {_PAUSED}. "
        f"I repeat, your {kind} code is {_PAUSED}"
    )


_BLOCKED = (
    "We detected suspicious activity on your account from the ip {{user.source_ip}}"
    "{% if user.city %} from {{user.city}}, {{user.country}}"
    "{% elsif user.country %} from {{user.country}}{% endif %}. "
    "Logins from this IP have been blocked on your account. If this is your IP, please reset your "
    "password to unblock your account. Otherwise, disregard this message."
)
# No default of this type was ever recorded (management-api.md §5.2): the sandbox's own words.
_BREACH = (
    f"Your password for {_TENANT} was found in a leak of another service. "
    "Please change it when you next log in."
)

BODIES: dict[str, dict[str, str]] = {
    "blocked_account": {"text": _BLOCKED, "voice": _BLOCKED},
    "change_password": {
        "text": f"{_CODE} is your password change code for {_TENANT}",
        "voice": _voice("password change"),
    },
    "otp_enroll": {
        "text": f"{_CODE} is your verification code for {_TENANT}. "
        "Please enter this code to verify your enrollment.",
        "voice": _voice("verification"),
    },
    "otp_verify": {
        "text": f"{_CODE} is your verification code for {_TENANT}",
        "voice": _voice("verification"),
    },
    "password_breach": {"text": _BREACH, "voice": _BREACH},
}

LISTED = ("blocked_account", "change_password", "otp_enroll", "otp_verify")
"""Types whose default is listed, in this order; password_breach is not among them (recorded)."""

ORDER = tuple(BODIES)

GUARDIAN: dict[str, Any] = {
    "enrollment_message": "{{code}} is your verification code for {{tenant.friendly_name}}. "
    "Please enter this code to verify your enrollment.",
    "verification_message": "{{code}} is your verification code for {{tenant.friendly_name}}",
}


def content(template_type: str) -> dict[str, Any]:
    """The content of a default as lists show it: with an empty `from` (recorded)."""
    return {"syntax": "liquid", "body": dict(BODIES[template_type]), "from": ""}
