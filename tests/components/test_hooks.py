"""Hooks are bound to the resources of their types, made once, and to nothing without an engine."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.guards import hooks
from components.guards.finish_failed_writes import FinishFailedWrites
from components.guards.generation import GenerationGuard
from components.guards.hooks import WriteHooks
from components.guards.keep_sender import KeepSender
from components.guards.policy_last import PolicyLast
from components.guards.same_addresses import SameAddresses
from components.guards.test_message import Messages
from components.tenant.access import Access
from components.tenant.stack_access import TenantAccess
from components.vocabulary import Experience, Gate


class Counted(WriteHooks):
    made = 0

    def hooks(self) -> pulumi.ResourceHookBinding:
        self.made += 1
        return pulumi.ResourceHookBinding(before_create=["one"])  # type: ignore[list-item]


def offered(type_: str = "one:index:Type", *, custom: bool = True) -> Any:
    """What the SDK offers a transformation."""
    kind = pulumi.CustomResource if custom else pulumi.ComponentResource
    return pulumi.ResourceTransformationArgs(
        resource=kind.__new__(kind),
        type_=type_,
        name="n",
        props={"a": 1},
        opts=pulumi.ResourceOptions(protect=True),
    )


@pytest.fixture(autouse=True)
def _an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "get_monitor", object)


def test_a_resource_of_the_type_gets_the_hooks_beside_its_own_options() -> None:
    transformation = Counted("one:index:Type")
    for _ in range(2):
        result = transformation(offered())
        assert result is not None
        assert (result.props, result.opts.protect) == ({"a": 1}, True)
        assert result.opts.hooks is not None
    assert transformation.made == 1, "a hook is registered by its name once"


@pytest.mark.parametrize(
    ("types", "args"),
    [
        (["one:index:Type"], offered("two:index:Type")),
        (["one:index:Type"], offered("two:index:Type", custom=False)),
        ([], offered(custom=False)),
    ],
)
def test_other_types_get_none_nor_do_components_that_are_not_named(
    types: list[str], args: Any
) -> None:
    transformation = Counted(*types)
    assert transformation(args) is None
    assert transformation.made == 0


def test_a_component_gets_the_hooks_that_name_its_type() -> None:
    assert Counted("one:index:Type")(offered(custom=False)) is not None


NOBODY = TenantAccess(access=Access(domain=""))


@pytest.mark.parametrize(
    "guard", [GenerationGuard(NOBODY, Experience.UNIFIED), FinishFailedWrites(NOBODY)]
)
def test_the_guards_look_before_each_write(guard: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi, "ResourceHook", lambda name, _hook, **_: f"hook {name}")
    binding = guard.hooks()
    assert str(binding.before_update).startswith("['hook ")


GUARDS = [
    GenerationGuard(NOBODY, None),
    KeepSender(NOBODY),
    FinishFailedWrites(NOBODY),
    SameAddresses(),
    PolicyLast(
        NOBODY, experience=Experience.UNIFIED, gate=Gate.READY, trial=Messages(to="", methods=[])
    ),
]


@pytest.mark.parametrize("guard", GUARDS)
def test_no_hook_is_left_in_the_state_for_a_destroy_that_runs_no_program(
    guard: WriteHooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("ResourceHook", "ErrorHook"):
        monkeypatch.setattr(pulumi, kind, lambda name, _hook, **_: f"hook {name}")
    binding = guard.hooks()
    assert not binding.before_delete
    assert not binding.after_delete
