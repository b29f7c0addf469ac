"""Who holds a lock is read from the engine's own words."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from phonemfa.pulumi.locks import Lock, locks_in

REFUSAL = (
    "error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to "
    "end or delete the lock file with `pulumi cancel`.\n"
    "  s3://state/.pulumi/locks/organization/p/prod/1.json?region=x: created by ci@runner-1 "
    "(pid 12) at 2026-11-25T18:26:27Z\n"
    "  postgres://****:****@db/state/.pulumi/locks/organization/p/prod/2.json: created by "
    "a.b@host.example (pid 4711) at 2026-11-25T18:26:28+09:00\n"
)


def lock(*, host: str, pid: int) -> Lock:
    return Lock(user="ci", host=host, pid=pid, since="2026-11-25T18:26:27Z")


def test_every_holder_is_read() -> None:
    first, second = locks_in(REFUSAL)
    assert first.holder == "ci@runner-1 (pid 12), since 2026-11-25T18:26:27Z"
    assert (second.user, second.host, second.pid) == ("a.b", "host.example", 4711)


def test_another_failure_is_no_lock() -> None:
    assert locks_in("error: stack 'prod' not found") == []


def test_only_a_process_of_this_machine_can_look_dead() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here = socket.gethostname()
    assert lock(host=here, pid=gone.pid).looks_dead
    assert not lock(host=f"not-{here}", pid=gone.pid).looks_dead
    assert not lock(host=here, pid=os.getpid()).looks_dead


def test_a_process_of_somebody_else_counts_as_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_pid: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", forbidden)
    assert not lock(host=socket.gethostname(), pid=1).looks_dead
