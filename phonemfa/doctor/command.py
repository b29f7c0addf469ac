"""`phonemfa doctor`: what stands between a stack and its tenant."""

from pathlib import Path
from typing import Annotated

import typer

from components.tenant.access import bare
from phonemfa import options
from phonemfa.answered import answered
from phonemfa.doctor import access, cpaas, login, messages, parts, pulumi_side
from phonemfa.doctor.findings import Finding, as_document, as_object, exit_status
from phonemfa.doctor.reading import Reading, read
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import show, working
from phonemfa.pulumi.stack_file import read_stack_file


@answered
def doctor(
    *,
    stack: options.Stack = None,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    as_json: options.AsJson = False,
    show_all: Annotated[
        bool, typer.Option("--all", help="Show what is fine too, a line each.")
    ] = False,
    no_state: Annotated[
        bool,
        typer.Option(
            "--no-state",
            help="Look at the tenant alone: for a client that has neither state nor passphrase.",
        ),
    ] = False,
    check_key: Annotated[
        bool,
        typer.Option(
            "--check-key",
            help="Try the CPaaS key without sending: the stack's own, through `pulumi config "
            "get`, or PHONEMFA_CPAAS_API_KEY.",
        ),
    ] = False,
    key_stdin: Annotated[
        bool, typer.Option("--key-stdin", help="Try the CPaaS key that standard input has.")
    ] = False,
    cpaas_address: Annotated[
        str,
        typer.Option(
            envvar="PHONEMFA_CPAAS_ADDRESS",
            help="Connect to this host:port for the CPaaS; the certificate must still be the "
            "host's. For the sandbox and private links.",
        ),
    ] = "",
) -> None:
    """Say whether `pulumi up` of a stack would work, before it is run. Reads only.

    Looks at the tenant, at Pulumi's own side where that is at hand, and at the CPaaS.

    Exit status: 0 ready, 1 something would fail, 2 something could not be looked at.

    Example: AUTH0_CLIENT_ID=… AUTH0_CLIENT_SECRET=… python -m phonemfa doctor --stack dev
    """
    wanted = read_stack_file(project, stack, file=config_file)
    findings = pulumi_side.not_asked() if no_state else []
    if not no_state:
        with working("asking Pulumi for the stack"):
            findings += pulumi_side.engine_checks(wanted)
    domain = bare(wanted.domain)
    with working(f"reading the tenant {domain}") as heard:
        reading = read(wanted, domain, heard)
    findings += check(reading)
    try_key = check_key or key_stdin
    findings += cpaas.checks(wanted, cpaas_address, try_key=try_key, from_input=key_stdin)
    if as_json:
        print_json(as_object(wanted.stack, reading.domain, findings))
    else:
        show(as_document(wanted.stack, reading.domain, findings, fold=not show_all))
    raise typer.Exit(exit_status(findings))


def check(reading: Reading) -> list[Finding]:
    """Every finding about tenant and stack, in the order in which `pulumi up` would meet them."""
    asked = [access.token_checks]
    if not reading.unreachable:
        asked += [access.scope_checks, access.plan_checks, access.rate_checks]
        asked += [parts.generation_checks, parts.as_found]
        if not reading.stack.adopted:
            asked += [parts.action_checks, parts.binding_checks, parts.provider_checks]
            asked += [parts.legacy_checks, parts.template_checks]
            asked += [login.channel_checks, login.factor_checks]
        asked += login.OF_EVERY_TENANT
    asked += [messages.text_checks, messages.sender_checks]
    return list(dict.fromkeys(one for check_of in asked for one in check_of(reading)))
