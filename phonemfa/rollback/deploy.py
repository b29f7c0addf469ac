"""Getting a version of an Action to run, and knowing that it does.

Owns the two ways of deploying earlier code and the wait until the tenant runs it. Refuses to
choose a version (`versions`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from phonemfa.output.terminal import working
from phonemfa.rollback.versions import Version, digest, secret_times
from phonemfa.writing import plain

if TYPE_CHECKING:
    from auth0.management import ManagementClient

PATIENCE: Final = 60.0
"""Seconds that a build or a deploy may take; recorded ones took up to ten."""

_PAUSE: Final = 0.25

Pause = Callable[[float], None]


class NotLiveError(Exception):
    """What was asked for is not what the tenant runs; the text says how far it got."""


def deploy_version(
    client: ManagementClient, action_id: str, target: Version, *, pause: Pause = time.sleep
) -> dict[str, Any]:
    """Deploy a version as it is, with the secrets that it had; the draft becomes it too.

    The draft goes along so that what runs and what is edited are one, and `pulumi preview
    --refresh` sees the difference from the repository: of a version alone it sees none.

    Returns:
        The Action as the tenant shows it once the new version runs.

    Raises:
        NotLiveError: it does not run within `PATIENCE` seconds, or other code runs.
    """
    made = client.actions.versions.deploy(action_id, target.id, request={"update_draft": True})
    return _verified(client, action_id, str(made.id), target, pause)


def deploy_code(
    client: ManagementClient, action_id: str, target: Version, *, pause: Pause = time.sleep
) -> dict[str, Any]:
    """Deploy a version's code with the secrets that the Action has now.

    Raises:
        NotLiveError: secrets wait in the draft that nobody deployed, the draft cannot be built,
            or it does not run within `PATIENCE` seconds.
    """
    before = plain(client.actions.get(action_id))
    if secret_times(before) != secret_times(before.get("deployed_version") or {}):
        raise NotLiveError(
            "Nothing was written: the Action's draft has other secrets than what runs, and "
            "deploying would bring them in. Deploy or undo them first (phonemfa drift)."
        )
    client.actions.update(
        action_id,
        code=target.code,
        runtime=target.runtime,
        # The SDK's types name optional keys only; a version has no others that are sent.
        dependencies=[dict(one) for one in target.dependencies],  # type: ignore[misc]
    )
    wait(client, action_id, lambda now: now.get("status") == "built", "is not built", pause=pause)
    made = client.actions.deploy(action_id)
    return _verified(client, action_id, str(made.id), target, pause)


def wait(
    client: ManagementClient,
    action_id: str,
    ready: Callable[[dict[str, Any]], bool],
    otherwise: str,
    *,
    pause: Pause = time.sleep,
) -> dict[str, Any]:
    """The Action, once `ready` holds of it.

    Raises:
        NotLiveError: not within `PATIENCE` seconds.
    """
    deadline = time.monotonic() + PATIENCE
    with working("the tenant builds and deploys the Action"):
        while True:
            now = plain(client.actions.get(action_id))
            if ready(now):
                return now
            if now.get("status") == "failed" or time.monotonic() > deadline:
                raise NotLiveError(
                    f"The Action {now.get('name')!r} {otherwise} (its draft is "
                    f"{now.get('status')!r}). The tenant's log of the Action says why."
                )
            pause(_PAUSE)


def _verified(
    client: ManagementClient, action_id: str, version_id: str, target: Version, pause: Pause
) -> dict[str, Any]:
    def runs(now: dict[str, Any]) -> bool:
        deployed = now.get("deployed_version") or {}
        return deployed.get("id") == version_id and deployed.get("status") == "built"

    now = wait(client, action_id, runs, "does not run its new version", pause=pause)
    if digest(now["deployed_version"]["code"]) != target.digest:
        raise NotLiveError("The tenant runs other code than that of the version asked for.")
    return now
