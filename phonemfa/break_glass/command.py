"""`phonemfa break-glass`: nobody is asked for a second factor any more, now.

It needs nothing that may be broken then: no Pulumi, state, stack file, settings or texts
(`python -m phonemfa.break_glass` imports none of them). Factors, provider and Action stay: users
keep their enrolments, and going back is one switch.
"""

from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from components.tenant.access import Access
from components.tenant.client import (
    Heard,
    TenantUnreadableError,
    WriteFailedError,
    ask,
    ask_to_write,
)
from components.tenant.model import Client
from phonemfa import options
from phonemfa.audit import Record
from phonemfa.exits import Exit
from phonemfa.output.terminal import give_up, run_app, say, working

TENANT_LOG: Final = "type sapi, PUT /api/v2/guardian/policies, by the record's credential"
"""The entry that Auth0 writes for a write to its Management API (published log type codes)."""


def break_glass(
    context: typer.Context,
    *,
    reason: Annotated[str, typer.Option(help="Why; goes into the record. Name the incident.")],
    stack: Annotated[
        str | None,
        typer.Option(help="Take the tenant's domain from this stack's file, not AUTH0_DOMAIN."),
    ] = None,
    audit_file: options.AuditFile = None,
    project: options.Project = Path(),
    as_json: options.AsJson = False,
    yes: options.Yes = False,
) -> None:
    """Set a tenant's MFA policy to never, at once and without Pulumi.

    Takes the credentials that Pulumi takes: AUTH0_DOMAIN, and AUTH0_CLIENT_ID with a secret or a
    private key, or AUTH0_API_TOKEN.
    Scopes: read:mfa_policies, update:mfa_policies.
    Prints a record of it as JSON.
    Where other commands do not load, python -m phonemfa.break_glass does.

    Exit status: 0 the policy is never, 1 it is not, 2 nothing was written.

    Example: python -m phonemfa break-glass --reason "INC-1234: no codes arrive"
    """
    if not reason.strip():
        give_up("Nothing was written: --reason is empty. The record needs one.")
    record = Record.of(context, "break-glass", audit_file)
    record.reason, record.printed = reason.strip(), True
    try:
        access = _access_by_stack(stack, project) if stack else Access.of()
    except TenantUnreadableError as error:
        give_up(f"Nothing was written: {error}")
    record.agree(
        "set the MFA policy to never: nobody is asked for a second factor, until somebody "
        "switches the policy back",
        stack=stack or "",
        access=access,
        yes=yes,
        by_typing=True,
    )
    with working(f"switching the policy of {access.domain}") as heard:
        trouble = never(access, record, heard)
    if trouble:
        say(trouble)
        raise typer.Exit(Exit.FAULTY)
    if not as_json:
        for line in guidance(access.domain, changed=record.before != []):
            say(line)


def run() -> NoReturn:
    """Run it as a program of its own."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(break_glass)
    run_app(app)


def never(access: Access, record: Record, heard: Heard) -> str:
    """Switch the policy to never unless it is, and read it back; answers why it is not never.

    A policy that cannot be read is switched all the same: a missing read scope is no reason to
    keep people locked out. The record gets what was read before and after.
    """
    trouble = ""
    try:
        record.before = record.after = ask(access, _policies, heard=heard)
    except TenantUnreadableError as error:
        say(f"What the policy was is not known: {error}")
    if record.before == []:
        return ""
    try:
        ask_to_write(access, lambda client: client.guardian.policies.set(request=[]), heard=heard)
    except WriteFailedError as error:
        trouble = str(error)
    record.after = None  # until it is read
    try:
        record.after = ask(access, _policies, heard=heard)
    except TenantUnreadableError as error:
        cannot = f"The tenant took the change, and cannot be read back to prove it: {error}"
        return trouble or cannot
    if record.after == []:
        return ""
    return trouble or (
        f"The tenant took the change and reads {record.after} afterwards: something sets the "
        "policy back. Look in the tenant's log (type sapi, guardian/policies) for who."
    )


def guidance(domain: str, *, changed: bool) -> list[str]:
    """What to know and do after it."""
    first = "The policy is never: nobody" if changed else "The policy was never already: nobody"
    return [
        f"{first} in {domain} is asked for a second factor. Enrolments, factors and the",
        "Action are as they were. A post-login Action that asks for MFA by itself still does.",
        "",
        "Pulumi does not know. Its next `pulumi up --refresh`, a `drift --repair`, and",
        "any `pulumi up` that changes the factor put the stack's policy back. So, now:",
        "  stop what deploys by itself (merges, scheduled repairs), or merge this first:",
        "  pulumi config set phonemfa:policy never && pulumi up --refresh",
        "When a test message arrives again (python -m phonemfa smoke):",
        "  put phonemfa:policy back as it was && pulumi up --refresh",
        f"A reader of the tenant's log finds the switch as: {TENANT_LOG}.",
    ]


async def _policies(client: Client) -> list[str]:
    return [str(one) for one in await client.guardian.policies.list()]


def _access_by_stack(stack: str, project: Path) -> Access:
    # Not the stack's settings: a fault in one of them must not stand in the way here. And without
    # --stack nothing of the checkout is read.
    from components.config_files import StackFileError, read_config  # noqa: PLC0415
    from components.tenant.tenants_file import read_tenants_file  # noqa: PLC0415

    try:
        config = read_config(project, stack)
        auth0, turned = config.of("auth0"), [one.key for one in config.turned]
        why = "there is none, or it is no text"
    except StackFileError as error:
        auth0, turned, why = {}, [], str(error)
    domain = auth0.get("domain")
    if not (domain and isinstance(domain, str)) or "auth0:domain" in turned:
        give_up(
            f"Nothing was written: the stack {stack} gives no auth0:domain ({why}). "
            "Set AUTH0_DOMAIN and leave --stack out."
        )
    access = Access.of(config=auth0)
    read_tenants_file(project).check(stack, domain=access.domain)
    return access
