"""`phonemfa doctor`: what stands between a stack and its tenant.

Owns its arguments, what is asked of whom, and the exit status. Refuses to judge: that is `checks`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from components.settings.faults import SettingsError
from components.settings.model import StackSettings
from components.tenant.access import bare
from components.vocabulary import DeliveryMethod
from phonemfa import options
from phonemfa.console import give_up, results, working
from phonemfa.doctor import cpaas_checks, report
from phonemfa.doctor.checks import check
from phonemfa.doctor.cpaas import BadAddressError, probe
from phonemfa.doctor.findings import Finding, exit_status
from phonemfa.doctor.key import NoKeyError, find_key
from phonemfa.doctor.reading import read
from phonemfa.doctor.tenant_checks import generations
from phonemfa.engine import PulumiCli
from phonemfa.stack_file import StackFileError, read_stack_file


def doctor(
    *,
    stack: options.Stack,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    as_json: options.AsJson = False,
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
    """Compare a stack's config with the live tenant before `pulumi up`. Reads only.

    Exit status: 0 ready, 1 something would fail, 2 something could not be looked at.

    Example: AUTH0_CLIENT_ID=… AUTH0_CLIENT_SECRET=… python -m phonemfa doctor --stack dev
    """
    try:
        wanted = read_stack_file(project, stack, file=config_file)
    except (SettingsError, StackFileError) as error:
        give_up(str(error))
    tenant = wanted.domain or os.environ.get("AUTH0_DOMAIN", "")
    with working(f"reading the tenant {bare(tenant)}"):
        reading = read(wanted.auth0, generations(wanted.settings))
    findings = check(reading, wanted.settings)
    key: str | Finding | None = None
    if check_key or key_stdin:
        cli = PulumiCli(project, stack, config_file=config_file)
        try:
            with working("reading the CPaaS key"):
                key = find_key(cli, config_file=config_file, from_input=key_stdin)
        except NoKeyError as error:
            key = cpaas_checks.no_key(str(error))
    findings += _cpaas(wanted.settings, key, cpaas_address)
    if as_json:
        typer.echo(report.as_json(stack, reading.domain, findings))
    else:
        report.show(stack, reading.domain, findings, results())
    raise typer.Exit(exit_status(findings))


def _cpaas(settings: StackSettings, key: str | Finding | None, address: str) -> list[Finding]:
    if settings.cpaas_base_host is None:
        return [cpaas_checks.no_host()]
    methods = [one for one in DeliveryMethod if one in settings.delivery_methods]
    try:
        with working(f"asking the CPaaS {settings.cpaas_base_host}"):
            answered = probe(
                settings.cpaas_base_host,
                methods,
                key=key if isinstance(key, str) else None,
                address=address,
            )
    except BadAddressError as error:
        give_up(str(error))
    found = list(cpaas_checks.host_checks(answered))
    if key is None:
        return [*found, cpaas_checks.not_asked()]
    return (
        [*found, key] if isinstance(key, Finding) else [*found, *cpaas_checks.key_checks(answered)]
    )
