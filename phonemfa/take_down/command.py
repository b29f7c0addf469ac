"""`phonemfa take-down`: what would stop `pulumi destroy` half-way, or harm somebody.

`pulumi destroy` runs no program, so nothing of ours can look first while it deletes: this says it
before the first deletion, with the way out of each.
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import typer

from components.masking import redacted_code
from components.tenant import action, guardian, phone_provider, snapshot, trigger
from components.tenant.client import ask
from components.tenant.guardian import NEVER, OTHER_FACTORS, name_of
from components.tenant.model import seen
from components.tenant.phone_provider import CUSTOM, PhoneProvider
from components.tenant.snapshot import About, Snapshot
from components.vocabulary import TRIGGERS, Experience, policy_word
from phonemfa import options
from phonemfa.answered import answered
from phonemfa.exits import Exit
from phonemfa.output.document import Document, Paragraph
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import show, working
from phonemfa.pulumi.stack_file import read_stack_file
from phonemfa.pulumi.state import Resource, State

ABOUT: Final = frozenset({About.ACTIONS, About.BINDINGS, About.PROVIDER, About.LOGIN})
"""What is to be read of the tenant."""


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
        answer = {"obstacles": [one._asdict() for one in found], "factors_switched_off": others}
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


class Obstacle(NamedTuple):
    """One thing that is in the way; no secret, no number."""

    what: str
    way_out: str


def obstacles(state: State, tenant: Snapshot) -> Iterator[Obstacle]:
    """What is in the way, in the order in which it is to be settled."""
    policy = seen(tenant.guardian.policy)
    if policy != NEVER and state.all(guardian.TOKEN):
        # One resource switches policy and factors off, and goes on when the first is refused.
        yield Obstacle(
            what=f"users are asked for codes (the policy is {policy_word([policy])}); a destroy "
            "that stops half-way may leave that on, and no factor to answer with",
            way_out="python -m phonemfa break-glass with a reason, which is recorded, and "
            "phonemfa:policy: never, so that no pulumi up asks again",
        )
    if names := sorted(one.name for one in state.resources if one.protect):
        yield Obstacle(
            what=f"protected, so that pulumi destroy deletes nothing: {', '.join(names)}",
            way_out="phonemfa:protect: false, then pulumi up; what stays protected after that was "
            "protected by hand (pulumi state unprotect URN)",
        )
    ours = {one.id for one in state.all(action.TOKEN)}
    bound = {one.id for one in state.all(trigger.TOKEN)}
    for one in seen(tenant.bindings):
        if one.action_id in ours and one.pulumi_id not in bound:
            yield Obstacle(
                what=f"the Action {redacted_code(one.action_name or one.display_name)} was bound "
                f"to {one.trigger} by hand: a tenant refuses to delete it (409), when the factor "
                "and the provider are gone already",
                way_out="take it out of the trigger's flow in the dashboard, or "
                "phonemfa:bindAction: true and pulumi up, which takes the binding into the stack",
            )
    there = tenant.provider
    for held in state.all(phone_provider.TOKEN):
        if isinstance(there, PhoneProvider):
            yield from _used_by_others(there, held, tenant, ours)


def _used_by_others(
    there: PhoneProvider, held: Resource, tenant: Snapshot, ours: Collection[str]
) -> Iterator[Obstacle]:
    keep = (
        "to leave it to them, pulumi destroy --target with Guardian's URN, then pulumi state "
        f"delete '{held.urn}', then the rest; if nobody needs it, nothing is to be done"
    )
    recorded = PhoneProvider.recorded(held.outputs)
    if there.name != recorded.name:
        yield Obstacle(
            what=f"the tenant's phone provider is {there.name} now, not {recorded.name}: somebody "
            "else set it up, and destroy deletes it",
            way_out=keep,
        )
    for one in tenant.actions_on(TRIGGERS[Experience.UNIFIED]):
        if there.name == CUSTOM and one.id not in ours and seen(one.deployed):
            yield Obstacle(
                what="the phone provider hands messages to the Action "
                f"{redacted_code(seen(one.name))} too, which is not this stack's and sends nothing "
                "without it",
                way_out=keep,
            )


def other_factors(state: State, tenant: Snapshot) -> list[str]:
    """Factors beside the phone that are on, and that Guardian's deletion switches off."""
    on = tenant.guardian.other_factors
    there = state.all(guardian.TOKEN)
    return [name_of(one) for one in OTHER_FACTORS if on.get(one.field)] if there else []
