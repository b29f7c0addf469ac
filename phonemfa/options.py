"""Options that several commands share, so that they are called and explained alike."""

from pathlib import Path
from typing import Annotated

import typer

Stack = Annotated[
    str | None,
    typer.Option(
        help="The stack, as pulumi takes it; the selected one when it is left out.",
        envvar="PHONEMFA_STACK",
        show_default=False,
    ),
]
Project = Annotated[
    Path,
    typer.Option(
        help="The folder with Pulumi.yaml and the stack files.", envvar="PHONEMFA_PROJECT"
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        help="The stack's file, when it is not Pulumi.<stack>.yaml.", envvar="PHONEMFA_CONFIG_FILE"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Junit = Annotated[Path | None, typer.Option(help="Write JUnit XML to this file, for CI systems.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")]
AuditFile = Annotated[
    Path | None,
    typer.Option(
        help="Append one line of JSON to this file (mode 0600): what was done to which tenant, and "
        "how it ended. - is standard error.",
        envvar="PHONEMFA_AUDIT_FILE",
        show_default=False,
    ),
]
