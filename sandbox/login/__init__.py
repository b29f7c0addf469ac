"""A login at the sandbox tenant: who is asked for a code, and what becomes of it.

Rules only; `sandbox/pages` shows them.
"""

from sandbox.login.assumptions import LoginAssumptions
from sandbox.login.numbers import NumberRefusedError, e164, national
from sandbox.login.policy import (
    CONFIDENCES,
    Channel,
    Confidence,
    Decision,
    channels,
    decide,
    policy_of,
)
from sandbox.login.refusals import LoginRefusedError, lasting
from sandbox.login.sessions import Login, LoginDesk
from sandbox.login.users import User, Users

__all__ = [
    "CONFIDENCES",
    "Channel",
    "Confidence",
    "Decision",
    "Login",
    "LoginAssumptions",
    "LoginDesk",
    "LoginRefusedError",
    "NumberRefusedError",
    "User",
    "Users",
    "channels",
    "decide",
    "e164",
    "lasting",
    "national",
    "policy_of",
]
