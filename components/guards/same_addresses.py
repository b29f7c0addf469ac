"""Keeps a stack that has resources from taking its secrets to another address by a slip.

Where a project has `tenants.toml`, its owners say which addresses a stack may contact. Where it has
none, they are those of the last run: the component recorded them. It is the first resource that a
run registers, so that nothing has been contacted when this hook refuses.
"""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.guards.hooks import RefusedError, WriteHooks
from components.tenant.model import at
from components.tenant.stack_access import plain
from components.tenant.tenants_file import NAME
from components.vocabulary import COMPONENT

_ADDRESSES = {"auth0:domain": "tenant", "phonemfa:cpaasBaseHost": "settings.cpaasBaseHost"}
"""Where secrets go, by the key of the stack's file: its place in what the component carries."""


class SameAddresses(WriteHooks):
    """Refuses another tenant or CPaaS host than the last run's: a transformation."""

    NAME, TYPES, WRITES = "same-addresses", (COMPONENT,), ("update",)

    async def _before(self, args: pulumi.ResourceHookArgs) -> None:
        wanted, asked = await plain(args.new_inputs), await plain(args.old_inputs)
        applied = (await plain(args.old_outputs)).get("applied")
        refusal = other_addresses(applied or asked, wanted)
        if refusal:
            raise RefusedError(refusal)


def other_addresses(before: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """What is refused, and the way out; empty when secrets go where they went."""
    moves = {key: (at(before, place), at(wanted, place)) for key, place in _ADDRESSES.items()}
    others = [
        f"{key} was {was!r} and is {is_now!r}"
        for key, (was, is_now) in moves.items()
        if isinstance(was, str) and isinstance(is_now, str) and _host(was) != _host(is_now)
    ]
    if not others:
        return ""
    return (
        f"{'; '.join(others)}. A secret of this stack goes there, and its resources are of the "
        "address before, so nothing was contacted. Fix: put it back; for another tenant make a "
        f"stack of its own. If it is meant, {NAME} beside Pulumi.yaml names the addresses of each "
        f"stack, reviewed by that file's owners, and goes before this check: "
        f'[{pulumi.get_stack()}], tenant = "…", cpaasBaseHost = "…".'
    )


def _host(address: str) -> str:
    # The sandbox on this machine may have another port every time.
    host, _, port = address.lower().rpartition(":")
    return host if host == "localhost" and port.isdecimal() else address.lower()
