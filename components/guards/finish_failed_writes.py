"""Writes an Action's secrets before the auth0 provider does, so that no failed run can lose one.

The provider writes code, templates, the phone provider and tenant settings again by itself after a
failed run. Secrets it does not: a write of them that failed, or that it refused, is recorded as if
it had been done, and the next `up` exits 0 without the new key. Written here first, a secret that
cannot be written fails the update before the provider is asked, and every further `up` plans the
change again.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import pulumi

from components.guards.hooks import WriteHooks, refuse
from components.tenant import action
from components.tenant.model import Client, seen
from components.tenant.stack_access import plain

BUILD_TIME: Final = 120.0
"""Seconds that a version of an Action may take to build."""

_AT_WORK: Final = frozenset({"pending", "building", "packaged", "retrying"})


class FinishFailedWrites(WriteHooks):
    """Writes the secrets of an Action, or refuses to erase one: a transformation."""

    NAME, TYPES, WRITES = "action-secrets", (action.TOKEN,), ("update",)

    async def _before(self, args: pulumi.ResourceHookArgs) -> None:
        wanted, recorded = await plain(args.new_inputs), await plain(args.old_outputs)
        declared, earlier = _secrets(wanted), _secrets(recorded)
        # Without a difference it is an update of the engine's own, after a run that failed: with
        # a state of an earlier version of this package the secrets may not have been written.
        unfinished = bool(declared) and _covers(recorded, wanted)
        if declared == earlier and not unfinished:
            return
        known = {*declared, *earlier, *_secrets(await plain(args.old_inputs))}
        async with self._access.connect() as tenant:
            has = await _names(tenant, args.id)
            if has is None:
                return
            foreign = sorted(has - known)
            if foreign:
                refuse(_refusal(wanted["name"], foreign))
            elif not pulumi.runtime.is_dry_run():
                await _write(tenant, args.id, declared)


def _refusal(action: str, names: Sequence[str]) -> str:
    return (
        f"the Action {action} has secrets that this stack does not declare: {', '.join(names)}. "
        "Writing those that it declares would erase them, and nobody can read a secret back out of "
        f"a tenant. No secret was written. {ways_out(names)}."
    )


def ways_out(names: Sequence[str]) -> str:
    """What to do about secrets that an Action has and its stack does not declare."""
    listed = ", ".join(names)
    its, it = ("its", "it") if len(names) == 1 else ("their", "they")
    return (
        f"Two ways out: declare {listed} by {its} setting (in a program of your own: in "
        f"action_secrets), or say that {it} may go: set phonemfa:retiredSecrets to [{listed}] and "
        "run pulumi up, then remove that setting and run pulumi up once more"
    )


def _secrets(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {one["name"]: one.get("value") for one in properties.get("secrets") or []}


async def _names(tenant: Client, action_id: str) -> set[str] | None:
    """Of the secrets that the tenant's Action has; None without such an Action."""
    from auth0.management.core.api_error import ApiError  # noqa: PLC0415 - loaded already

    try:
        there = await action.read_one(tenant, action_id, "")
    except ApiError as error:
        if error.status_code == HTTPStatus.NOT_FOUND:
            return None  # Deleted by hand: the provider says so.
        raise
    return set(seen(there.secret_names))


async def _write(tenant: Client, action_id: str, declared: Mapping[str, Any]) -> None:
    secrets: list[Any] = [{"name": name, "value": value} for name, value in declared.items()]
    await tenant.actions.update(action_id, secrets=secrets)
    # The provider writes next. What it meets in the middle of a build is not established; what
    # comes of this one is not asked, as its write brings another code.
    end = time.monotonic() + BUILD_TIME
    while (await action.read_one(tenant, action_id, "")).status in _AT_WORK:
        if time.monotonic() > end:
            return
        await asyncio.sleep(1)


def _covers(recorded: Any, wanted: Any) -> bool:
    """Whether everything wanted is in the record, which may have more.

    The bridge answers an empty block as null, with empty members or not at all, and a set in an
    order of its own.
    """
    if _empty(wanted):
        return _empty(recorded)
    if isinstance(wanted, Mapping):
        return isinstance(recorded, Mapping) and all(
            _covers(recorded.get(key), value) for key, value in wanted.items()
        )
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        return (
            isinstance(recorded, Sequence)
            and len(recorded) == len(wanted)
            and all(any(_covers(one, other) for one in recorded) for other in wanted)
        )
    return bool(recorded == wanted)


def _empty(value: Any) -> bool:
    return all(map(_empty, value.values())) if isinstance(value, Mapping) else not value
