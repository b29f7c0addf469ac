"""A stack's whole life, step by step as the official plugin was recorded living it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from tests.contract import load_json
from tests.end_to_end.conftest import Tenant
from tests.end_to_end.pulumi_cli import PulumiProject
from tests.end_to_end.traces import differences, of_trace, steps_of_preview

pytestmark = pytest.mark.end_to_end
PROGRAMS = Path(__file__).parent / "programs"

CONFIG = {
    "code": "exports.h = async () => {};",
    "methods": ["text", "voice"],
    "policy": "all-applications",
}
# What changed before each step, as the trace's diffs tell.
CHANGES: dict[str, dict[str, Any]] = {
    "change template text": {"text": "{{ code }} new"},
    "change action code": {"code": "exports.h = async () => { /*2*/ };"},
    "drop voice": {"methods": ["text"]},
    "policy never": {"policy": "never"},
}
PREVIEWED = frozenset({"create", "change template text", "rotate secret", "drop voice"})
"""Previews in which each resource of the stack is made and, one step or another, updated.

What a step without a change is, its own `up` tells: it would ask the tenant something.
"""


@pytest.mark.parametrize(
    "previewed",
    [
        pytest.param(PREVIEWED, id="a preview of each kind"),
        pytest.param(None, id="every preview", marks=pytest.mark.thorough),
    ],
)
def test_the_life_of_a_unified_stack_is_the_recorded_one(
    tenant: Tenant, project: Callable[..., PulumiProject], previewed: Collection[str] | None
) -> None:
    stack = project(PROGRAMS / "unified")
    live(stack, tenant, "unified", text="{{ code }} is your code", previewed=previewed)


@pytest.mark.thorough  # request by request without the engine: sandbox/api/test_traces.py
@pytest.mark.generation("legacy")
def test_the_life_of_a_legacy_stack_is_the_recorded_one(
    tenant: Tenant, project: Callable[..., PulumiProject]
) -> None:
    live(project(PROGRAMS / "legacy"), tenant, "legacy", text="{{code}} v")


def live(
    stack: PulumiProject,
    tenant: Tenant,
    trace: str,
    *,
    text: str,
    previewed: Collection[str] | None = None,
) -> None:
    """Live a recorded life; every difference of every step is told at the end.

    `previewed` are the steps before which a preview is compared, too; without it, all that the
    trace has one of.
    """
    stack.configure(secrets={"key": "k-1"}, text=text, **CONFIG)
    wrong: dict[str, list[str]] = {}
    seen: set[str] = set()
    for step in load_json(f"provider-traces/{trace}.json"):
        name = step["step"]
        prepare(name, stack, tenant)
        if step["preview_steps"] is not None and (previewed is None or name in previewed):
            seen.add(name)
            tenant.forget_requests()
            ours = steps_of_preview(stack.preview_steps())
            theirs = steps_of_preview(step["preview_steps"])
            if ours != theirs:
                wrong[f"{name}: preview"] = [f"{ours}", "instead of", f"{theirs}"]
            assert tenant.requests() == [], f"a preview before {name!r} asked the tenant"
        tenant.forget_requests()
        command, *options = step["command"]
        ran = stack.run(command, *options, expect=step["exit"])
        found = differences(of_trace(step), tenant.requests())
        if found:
            wrong[name] = [*found, ran.text]
    assert not wrong, "\n".join(
        f"{name}:\n  " + "\n  ".join(lines) for name, lines in wrong.items()
    )
    assert previewed is None or seen == set(previewed), "the trace has other steps"
    assert tenant.unknown_routes() == 0


def prepare(step: str, stack: PulumiProject, tenant: Tenant) -> None:
    if step in CHANGES:
        stack.configure(**CHANGES[step])
    elif step == "rotate secret":
        stack.configure(secrets={"key": "k-2"})
    elif step.startswith("drift:"):
        tenant.api("PUT", "/guardian/policies", ["all-applications"])
