"""Whether the installed pulumi-auth0 can run Guardian in this tenant.

From 3.54 on its plugin reads the tenant's MFA settings at the end of each create, update and
refresh of Guardian. A tenant that is not entitled to them refuses that, and Guardian fails
(provider issue 1732).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final

from components.settings.model import StackSettings
from components.settings.words import meaning
from components.tenant.guardian import SETTINGS, Guardian, mfa_blocks
from components.vocabulary import Policy
from phonemfa.doctor.answers import Reading, Refused, Why
from phonemfa.doctor.findings import Finding, Level, Subject
from phonemfa.doctor.reading import GUARDIAN_SETTINGS
from phonemfa.doctor.sdk import FITTING, reads_mfa_settings
from phonemfa.doctor.tenant_checks import not_looked

_GUIDE: Final = "docs/guides/plugin-version.md"


def mfa_settings_checks(reading: Reading, sdk: str) -> Iterator[Finding]:
    """What the tenant's three answers mean for the installed version.

    Args:
        reading: what the tenant answered.
        sdk: the installed version of pulumi-auth0.
    """
    if isinstance(reading.mfa_settings, Refused):
        yield from not_looked(reading.mfa_settings, Subject.MFA_SETTINGS)
        return
    refused = {path: one for path, one in reading.mfa_settings.items() if isinstance(one, Refused)}
    if not reads_mfa_settings(sdk):
        yield _unread(refused, sdk)
    elif refused:
        yield from _findings(refused, sdk)
    else:
        yield Finding(
            level=Level.OK,
            subject=Subject.MFA_SETTINGS,
            what=f"the tenant shows all three that pulumi-auth0 3.54 and later reads; {sdk} is "
            "installed",
        )


def remembered_browsers(reading: Reading, settings: StackSettings) -> Iterator[Finding]:
    """What "always" means where a browser may be remembered, after the next `pulumi up`."""
    if settings.policy is not Policy.ALWAYS:
        return
    answers = {} if isinstance(reading.mfa_settings, Refused) else reading.mfa_settings
    there = answers.get(GUARDIAN_SETTINGS)
    declared = settings.plain()["rememberBrowser"]
    if there is None or isinstance(there, Refused):
        live = None
    else:
        live = mfa_blocks(Guardian.of_api({SETTINGS: there}))["rememberBrowser"]
    wanted = declared or live
    if wanted is None:
        return  # Nobody knows; that the tenant does not tell is said already.
    if wanted["shown"] is False:
        yield Finding(
            level=Level.OK,
            subject=Subject.MFA_SETTINGS,
            what=meaning("rememberBrowser", wanted),
        )
        return
    changes = "" if live is None or live == wanted or not declared else ", which pulumi up changes"
    yield Finding(
        level=Level.NOTE,
        subject=Subject.MFA_SETTINGS,
        what=f"always is not every login{changes}: {meaning('rememberBrowser', wanted)}",
        fix="phonemfa:rememberBrowser says how long, or that no browser is remembered",
    )


def _unread(refused: Mapping[str, Refused], sdk: str) -> Finding:
    if any(one.why is Why.PLAN for one in refused.values()):
        what = "the tenant is not entitled to them (403), and the installed pulumi-auth0 "
        what += f"{sdk} does not read them"
        fix = f"stay with {FITTING}, SDK and plugin alike: {_GUIDE}"
        return Finding(level=Level.NOTE, subject=Subject.MFA_SETTINGS, what=what, fix=fix)
    what = f"the installed pulumi-auth0 {sdk} does not read them; 3.54 and later does"
    if not refused:
        what += ", and could here"
    return Finding(level=Level.OK, subject=Subject.MFA_SETTINGS, what=what)


def _findings(refused: Mapping[str, Refused], sdk: str) -> Iterator[Finding]:
    """Each kind of refusal once: of the factors' settings, and of the third, which may be refused.

    The plugin fails over the first two. A 403 to the third it only warns of.
    """
    factors = {path: one for path, one in refused.items() if path != GUARDIAN_SETTINGS}
    plan = [one for one in factors.values() if one.why is Why.PLAN]
    missing = [one for one in factors.values() if one.status == HTTPStatus.NOT_FOUND]
    if plan:
        yield Finding(
            level=Level.FAULT,
            subject=Subject.MFA_SETTINGS,
            what=f"{plan[0].what}. The tenant is not entitled to MFA settings, and Guardian of "
            f"pulumi-auth0 3.54 and later reads them: create, update and refresh would fail "
            f"({sdk} is installed)",
            fix=f"install {FITTING}; SDK and plugin go together: {_GUIDE}",
        )
    if missing:
        yield Finding(
            level=Level.UNKNOWN,
            subject=Subject.MFA_SETTINGS,
            what=f"{missing[0].what}. The tenant (or sandbox) is older than these settings; what "
            f"Guardian of pulumi-auth0 3.54 and later does there is not known ({sdk} is installed)",
            fix=f"{FITTING} does not ask for them: {_GUIDE}",
        )
    others = [one for one in factors.values() if one not in plan and one not in missing]
    for one in {one.scope if one.why is Why.SCOPE else one.what: one for one in others}.values():
        yield from not_looked(one, Subject.MFA_SETTINGS)
    third = refused.get(GUARDIAN_SETTINGS)
    if third is None or (plan and third.why is Why.PLAN):
        return
    if third.status == HTTPStatus.NOT_FOUND:
        if not missing:
            yield from not_looked(third, Subject.MFA_SETTINGS)
    elif third.why in {Why.SCOPE, Why.PLAN}:
        reason = f"needs {third.scope}" if third.why is Why.SCOPE else third.what
        yield Finding(
            level=Level.WARNING,
            subject=Subject.MFA_SETTINGS,
            what=f"GET {GUARDIAN_SETTINGS}: {reason}. pulumi-auth0 {sdk} only warns of that: how "
            "long a browser is remembered is not seen",
        )
    else:
        yield from not_looked(third, Subject.MFA_SETTINGS)
