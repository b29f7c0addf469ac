"""`phonemfa new`: a company's own repository, for its three tenants.

`pulumi new` asks for one stack; a login has three, whose names, tenants and rules belong together.
"""

from pathlib import Path
from typing import Annotated

import typer

from phonemfa.answered import RefusedError
from phonemfa.asking import on_terminal
from phonemfa.files import FileNotWrittenError
from phonemfa.new.package import package_at, sandbox_beside
from phonemfa.new.repository import Answers, files_of, stacks_of, write
from phonemfa.options import AsJson
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import give_up, say, working

_STACKS = ("dev", "staging", "prod")


def new(
    folder: Annotated[Path, typer.Argument(help="A folder that is empty, or not there yet.")],
    *,
    stack: Annotated[
        list[str] | None,
        typer.Option(help="NAME=TENANT (its domain), in the order of deployment; repeat it."),
    ] = None,
    production: Annotated[
        list[str] | None,
        typer.Option(help="A stack that users depend on; repeat it. Default: the last one."),
    ] = None,
    package: Annotated[
        str | None, typer.Option(help="Address or file of the wheel that it depends on.")
    ] = None,
    package_sha256: Annotated[
        str, typer.Option(help="What the wheel's SHA-256 must be. Default: that of what is found.")
    ] = "",
    sandbox_package: Annotated[
        str | None,
        typer.Option(help="The same of the sandbox's wheel. Default: the one of a release beside."),
    ] = None,
    sandbox_package_sha256: Annotated[
        str, typer.Option(help="What its SHA-256 must be. Default: that of what is found.")
    ] = "",
    owners: Annotated[
        str | None, typer.Option(help="Who reviews program, rules and workflows: @company/team.")
    ] = None,
    cpaas_host: Annotated[
        str | None, typer.Option(help="Host of the NTT CPaaS account: abc123.api.infobip.com.")
    ] = None,
    sms_sender: Annotated[
        str | None, typer.Option(help="Registered sender of SMS; empty for no SMS.")
    ] = None,
    voice_sender: Annotated[
        str | None, typer.Option(help="Caller ID in E.164, +815012345678; empty for no calls.")
    ] = None,
    experience: Annotated[
        str, typer.Option(help="The tenants' generation: unified (since July 2025) or legacy.")
    ] = "unified",
    as_json: AsJson = False,
) -> None:
    """Make a company's own repository: stacks, rules, workflows, and a README for the first hour.

    Asks for what no option says. Contacts nothing but the address of the wheel.

    Example: python -m phonemfa new login-mfa

    Exit status: 0 made, 2 nothing was written.
    """
    given = {
        "--package": (package, "Address or file of the phonemfa wheel"),
        "--owners": (owners, "Who reviews rules and workflows (@company/team)"),
        "--cpaas-host": (cpaas_host, "Host of the NTT CPaaS account"),
        "--sms-sender": (sms_sender, "Registered sender of SMS (empty: no SMS)"),
        "--voice-sender": (voice_sender, "Caller ID of calls (empty: no calls)"),
    }
    asked = {name: words for name, (value, words) in given.items() if value is None}
    if not stack:
        asked = {f"--stack {name}=…": f"Domain of the tenant {name}" for name in _STACKS} | asked
    if asked and not on_terminal():
        give_up(
            "Nothing was written: nobody can be asked here, and these options are missing: "
            f"{', '.join(asked)}."
        )
    said = {name: (value or "").strip() for name, (value, _) in given.items()}
    for name, words in asked.items():
        said[name] = str(typer.prompt(words, default="", show_default=False, err=True)).strip()
    tenants = stack or [f"{name}={said[f'--stack {name}=…']}" for name in _STACKS]
    address = said["--package"]
    try:
        stacks = stacks_of(tenants, production or [tenants[-1].partition("=")[0]])
        with working(f"looking at {address}"):
            wheel = package_at(address, package_sha256)
            beside = sandbox_package or sandbox_beside(address)
            sandbox = package_at(beside, sandbox_package_sha256)
        answers = Answers(
            name=folder.resolve().name,
            stacks=stacks,
            experience=experience,
            cpaas_host=said["--cpaas-host"],
            sms_sender=said["--sms-sender"],
            voice_sender=said["--voice-sender"],
            owners=said["--owners"],
            package=wheel,
            sandbox=sandbox,
        )
        answers.check()
        files = files_of(answers)
        write(folder, files)
    except (FileNotWrittenError, RefusedError) as error:
        give_up(f"Nothing was written.\n{error}")
    if as_json:
        print_json({"folder": str(folder), "files": sorted(files)})
        return
    say(f"{folder} has {len(files)} files.")
    for lock, one in (("requirements.lock", wheel), ("requirements-sandbox.lock", sandbox)):
        if one.first_use:
            say(
                f"{lock} names the wheel's hash as it was found now: {one.sha256}. Compare it with "
                "the release's own."
            )
    say(f"Next: {folder}/README.md, The first hour.")
