"""A tenant without HTTP, and the bodies that tests send most."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sandbox.tenant import DeployedAction, Tenant
from sandbox.tenant.errors import ApiError
from sandbox.tenant.settings import Generation
from sandbox.tenant.store import Store
from tests.sandbox.clock import ManualClock

PHONE, LOGIN = "custom-phone-provider", "post-login"


def tenant(
    store: Store | None = None,
    *,
    generation: Generation = "unified",
    clock: ManualClock | None = None,
) -> Tenant:
    """A tenant on a clock that stands still unless it is moved."""
    clock = clock or ManualClock()
    return Tenant(store or Store(), domain="localhost:8443", generation=generation, clock=clock)


def action(trigger: str = PHONE, version: str = "v1", **more: Any) -> dict[str, Any]:
    """A body that creates an Action."""
    supported = {"id": trigger, "version": version}
    return {"name": f"on {trigger}", "supported_triggers": [supported], "code": "// 1"} | more


def login_action(**more: Any) -> dict[str, Any]:
    """A body that creates an Action on a trigger that takes many."""
    return action(LOGIN, "v3", **more)


def deployed(of: Tenant, body: dict[str, Any] | None = None) -> str:
    """Create and deploy an Action; answers its id."""
    action_id = str(of.versions.create(body or action())["id"])
    of.versions.deploy(action_id)
    return action_id


def running(of: Tenant, trigger: str = PHONE) -> DeployedAction:
    """What runs for a trigger."""
    found = of.deployed_action(trigger)
    assert found is not None
    return found


def script(of: Tenant, *phases: tuple[str, float]) -> None:
    """The next draft's build: states, and how many seconds each takes."""
    scripted = [{"status": status, "seconds": seconds} for status, seconds in phases]
    of.context.builds.scripted.append(scripted)


def custom_provider(*methods: str) -> dict[str, Any]:
    """A body that creates a custom phone provider."""
    configuration = {"delivery_methods": list(methods or ("text", "voice"))}
    return {"name": "custom", "credentials": {}, "configuration": configuration}


def twilio(*without: str, **more: Any) -> dict[str, Any]:
    """A body that creates a Twilio provider."""
    whole = {"sid": "sid", "default_from": "+1", "delivery_methods": ["text"]} | more
    configuration = {key: one for key, one in whole.items() if key not in without}
    credentials = {"auth_token": "tw"}
    return {"name": "twilio", "credentials": credentials, "configuration": configuration}


@contextmanager
def refused(status: int, fragment: str = "", code: str | None = None) -> Iterator[None]:
    """Expect a refusal with this status, this part of a sentence and this error code."""
    with pytest.raises(ApiError) as caught:
        yield
    assert (caught.value.status, caught.value.error_code) == (status, code), caught.value
    assert fragment in caught.value.message
