"""Two runs on one stack: at most one works, and the other says who does."""

from __future__ import annotations

import getpass
import re
import socket

import pytest

from tests.end_to_end.conftest import Tenant
from tests.end_to_end.pulumi_cli import PulumiProject, changed
from tests.end_to_end.team_state.backends import PostgresServer, Store
from tests.end_to_end.team_state.conftest import OnStore
from tests.end_to_end.team_state.killing import Run
from tests.sandbox.engine.test_ensure import until

pytestmark = [pytest.mark.end_to_end, pytest.mark.thorough]


def test_of_two_ups_one_wins_and_the_other_says_who_works(
    store: Store, on_store: OnStore, tenant: Tenant
) -> None:
    stack = on_store(store)
    hold_deployment(tenant, seconds=5)
    first = Run.of_up(stack)
    until(lambda: bool(store.locks()))
    refused = stack.up(expect=None)
    assert refused.exit != 0
    says_who_works(refused.text, first)
    assert first.wait() == 0, first.text()
    one_of_each(tenant)
    assert store.locks() == []
    assert changed(stack.preview_steps()) == []


def hold_deployment(tenant: Tenant, *, seconds: float, lost: bool = False) -> None:
    """Keep the next deployment of an Action under way that long; `lost`: then nothing is done."""
    fault = {"method": "POST", "path": "/deploy$", "delay_seconds": seconds, "close": lost}
    tenant.control("POST", "/faults", fault)


def says_who_works(text: str, run: Run) -> None:
    found = re.search(r"created by (\S+)@(\S+) \(pid (\d+)\) at \d{4}-", text)
    assert found, text
    who = (getpass.getuser(), socket.gethostname(), str(run.process.pid))
    assert found.groups() == who
    assert "pulumi cancel" in text


def one_of_each(tenant: Tenant) -> bool:
    (_,) = tenant.api("GET", "/actions/actions")["actions"]
    (_,) = tenant.api("GET", "/branding/phone/providers")["providers"]
    return True


def test_an_underscore_in_a_stack_s_name_crashes_the_cli_on_postgresql(
    postgres: PostgresServer, on_store: OnStore
) -> None:
    """Why the guide wants none: the backend looks keys up with LIKE, where `_` is any character."""
    stack = on_store(postgres.store())
    crashing, bystander = other(stack, "t_1"), other(stack, "t-1")
    crashing.init()
    crashing.run("stack", "export")
    bystander.init()
    crashed = crashing.run("stack", "export", expect=None)
    assert crashed.exit != 0
    assert "slice bounds out of range" in crashed.text


def other(stack: PulumiProject, name: str) -> PulumiProject:
    return PulumiProject(stack.folder, stack.environment, program=stack.folder, stack=name)
