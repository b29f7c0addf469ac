"""`phonemfa take-down`: what is in the way of `pulumi destroy`, said before the first deletion."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from components.tenant import snapshot
from components.tenant.client import ask
from phonemfa import options
from phonemfa.answered import answered
from phonemfa.exits import Exit
from phonemfa.output.document import Document, Paragraph
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import show, working
from phonemfa.pulumi.stack_file import read_stack_file
from phonemfa.take_down.obstacles import ABOUT, obstacles, other_factors


@answered
def take_down(
    *,
    stack: options.Stack = None,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    as_json: options.AsJson = False,
) -> None:
    """Look whether `pulumi destroy` would go through, and leave nobody without a way to log in.

    Reads state and tenant, changes nothing, and deletes nothing: that is `pulumi destroy`, which
    runs no program that could look first.

    Exit status: 0 nothing is in the way, 1 something is, 2 no answer.

    Example: python -m phonemfa take-down --stack dev
    """
    wanted = read_stack_file(project, stack, file=config_file)
    experiences = wanted.settings.experiences
    with working(f"comparing the state with {wanted.access.domain}") as heard:
        state = wanted.cli.state()
        tenant = ask(
            wanted.access,
            lambda client: snapshot.read(client, ABOUT, experiences=experiences),
            heard=heard,
        )
    found, others = list(obstacles(state, tenant)), other_factors(state, tenant)
    if as_json:
        answer = {"obstacles": [asdict(one) for one in found], "factors_switched_off": others}
        print_json(answer)
    else:
        lines = [f"In the way: {one.what}. Way out: {one.way_out}." for one in found]
        if others:
            lines.append(f"Destroy switches every factor off, these too: {', '.join(others)}.")
        lines.append(
            "Nothing was changed. Settle that first, then look again."
            if found
            else f"Nothing is in the way: pulumi destroy --stack {wanted.stack}"
        )
        show(Document("", tuple(Paragraph((line,)) for line in lines)))
    raise typer.Exit(Exit.FAULTY if found else Exit.FINE)
