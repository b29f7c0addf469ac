"""Who runs when, with stacks that take no time and tenants that say what a test lets them say."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from components.tenant.access import Access
from phonemfa.fleet.conductor import Conductor, Pace, Tell
from phonemfa.fleet.limits import WITHOUT_HEADER, Budget, TenantSilentError
from phonemfa.fleet.members import Member
from phonemfa.fleet.outcome import Outcome, State

DONE = Outcome(state=State.DONE)
FAILED = Outcome(state=State.FAILED, why="no")
LIMITED = Outcome(state=State.FAILED, why="429", limited=True)
ROOM = Budget(limited=False, limit=50, remaining=50, reset_in=0)


def full(seconds: float) -> Budget:
    return Budget(limited=True, reset_in=seconds)


def members(*stacks: str, domain: str = "") -> list[Member]:
    return [Member(stack=one, file=Path(one), domain=domain or f"{one}.jp") for one in stacks]


@dataclass
class Fake:
    """Stacks, their tenants, and everybody who watches."""

    ends: dict[str, list[Outcome | Exception]] = field(default_factory=dict)
    says: dict[str, list[Budget | Exception]] = field(default_factory=dict)
    during: Callable[[Member], None] = lambda _member: None
    worked: list[str] = field(default_factory=list)
    most: int = 0
    slept: list[float] = field(default_factory=list)
    told: list[tuple[str, State]] = field(default_factory=list)
    _running: set[str] = field(default_factory=set)
    _together: list[frozenset[str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def credentials(self, member: Member) -> Access | None:
        return Access(domain=member.domain, client_id="id", client_secret="secret")

    def work(self, member: Member, access: Access | None, tell: Tell) -> Outcome:
        tell(f"as {access}")
        with self._lock:
            self.worked.append(member.stack)
            self._running.add(member.stack)
            self._together.append(frozenset(self._running))
            self.most = max(self.most, len(self._running))
        try:
            self.during(member)
            ends = self.ends.get(member.stack, [])
            end = ends.pop(0) if ends else DONE
        finally:
            with self._lock:
                self._running.discard(member.stack)
        if isinstance(end, Exception):
            raise end
        return end

    def changed(self, member: Member, outcome: Outcome) -> None:
        self.told.append((member.stack, outcome.state))

    def step(self, member: Member, what: str) -> None: ...

    def gauge(self, access: Access) -> _Gauge:
        return _Gauge(self.says.get(access.domain.removesuffix(".jp"), []))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    def run(
        self,
        waves: Sequence[Sequence[Member]],
        *,
        parallel: int = 4,
        known: dict[str, Outcome] | None = None,
        patience: float = 300,
    ) -> dict[str, State]:
        pace = Pace(parallel=parallel, requests=40, patience=patience, gauge=self.gauge)

        async def main() -> dict[str, Outcome]:
            conductor = Conductor(self, pace, self, sleep=self.sleep)
            self.conductor = conductor
            self.loop = asyncio.get_running_loop()
            return await conductor.run(waves, known or {})

        self.outcomes = asyncio.run(main())
        return {stack: one.state for stack, one in self.outcomes.items()}


@dataclass
class _Gauge:
    says: list[Budget | Exception]

    def read(self) -> Budget:
        said = self.says.pop(0) if self.says else ROOM
        if isinstance(said, Exception):
            raise said
        return said


def test_a_stack_that_fails_stops_no_other_of_its_wave() -> None:
    fake = Fake(ends={"a": [FAILED], "b": [RuntimeError("surprise")]})
    found = fake.run([members("a", "b", "c", "d")])
    assert found == {
        "a": State.FAILED,
        "b": State.UNANSWERED,
        "c": State.DONE,
        "d": State.DONE,
    }
    assert "surprise" in fake.outcomes["b"].why


def test_so_many_run_at_once_and_no_more() -> None:
    meet = threading.Barrier(3)
    fake = Fake(during=lambda _member: void(meet.wait(timeout=20)))
    found = fake.run([members(*"abcdef")], parallel=3)
    assert set(found.values()) == {State.DONE}
    assert fake.most == 3


def void(_: object) -> None: ...


def test_two_stacks_of_one_tenant_never_run_at_once() -> None:
    begun = threading.Event()

    def during(member: Member) -> None:
        # Begun in order: once the last one runs, whoever of these may run with it does.
        if member.stack == "e":
            begun.set()
        assert begun.wait(20)

    fake = Fake(during=during)
    same = members("a", "b", "c", domain="one.jp")
    found = fake.run([[*same, *members("d", "e")]], parallel=5)
    assert set(found.values()) == {State.DONE}
    assert frozenset("ade") in fake._together
    assert all(len(one & {"a", "b", "c"}) <= 1 for one in fake._together)


def test_the_rest_wait_for_the_canary_and_are_not_begun_when_it_fails() -> None:
    fake = Fake()
    fake.run([members("canary"), members("a", "b")])
    assert fake.worked[0] == "canary"
    fake = Fake(ends={"canary": [FAILED]})
    found = fake.run([members("canary"), members("a"), members("b")])
    assert fake.worked == ["canary"]
    assert found == {
        "canary": State.FAILED,
        "a": State.NOT_STARTED,
        "b": State.NOT_STARTED,
    }
    assert "canary" in fake.outcomes["b"].why


def test_what_stands_already_is_not_begun_and_a_bad_one_of_it_counts_in_its_wave() -> None:
    fake = Fake()
    fake.run([members("a", "b")], known={"a": DONE})
    assert fake.worked == ["b"]
    fake = Fake()
    found = fake.run([members("canary"), members("a")], known={"canary": FAILED})
    assert found["a"] is State.NOT_STARTED
    assert fake.worked == []


def test_a_stack_waits_for_its_tenants_reset_and_holds_no_slot_meanwhile() -> None:
    fake = Fake(says={"a": [full(42), full(7)]})
    found = fake.run([members("a", "b")], parallel=1)
    assert set(found.values()) == {State.DONE}
    assert fake.slept == [42, 7]
    assert fake.worked == ["b", "a"]
    assert ("a", State.HELD) in fake.told


def test_the_wait_for_a_tenant_is_bounded_and_then_told() -> None:
    fake = Fake(says={"a": [full(200), full(200)]})
    found = fake.run([members("a", "b")], patience=300)
    assert found == {"a": State.UNANSWERED, "b": State.DONE}
    assert fake.slept == [200]
    assert "rate limit of a.jp" in fake.outcomes["a"].why


def test_a_stack_that_the_limit_ended_is_begun_again_after_the_reset_at_most_thrice() -> None:
    fake = Fake(ends={"a": [LIMITED, DONE]}, says={"a": [ROOM, full(30)]})
    assert fake.run([members("a")]) == {"a": State.DONE}
    assert fake.slept == [WITHOUT_HEADER, 30]
    assert fake.outcomes["a"].tries == 2
    fake = Fake(ends={"a": [LIMITED] * 9})
    assert fake.run([members("a")]) == {"a": State.FAILED}
    assert fake.worked == ["a"] * 3


def test_a_tenant_without_an_answer_begins_no_engine() -> None:
    fake = Fake(says={"a": [TenantSilentError("nobody")]})
    assert fake.run([members("a", "b")]) == {"a": State.UNANSWERED, "b": State.DONE}
    assert fake.worked == ["b"]


def test_a_stack_with_a_broken_file_is_told_and_not_begun() -> None:
    broken = Member(stack="a", file=Path("a"), fault="Pulumi.a.yaml cannot be used")
    fake = Fake()
    assert fake.run([[broken, *members("b")]]) == {"a": State.UNANSWERED, "b": State.DONE}
    assert fake.worked == ["b"]


def test_a_run_that_is_to_stop_begins_nothing_any_more() -> None:
    fake = Fake()

    def stop(_member: Member) -> None:
        stopped = threading.Event()
        fake.loop.call_soon_threadsafe(fake.conductor.stop)
        fake.loop.call_soon_threadsafe(stopped.set)
        assert stopped.wait(20)

    fake.during = stop
    found = fake.run([members("a", "b"), members("c")], parallel=1)
    assert found == {"a": State.DONE, "b": State.NOT_STARTED, "c": State.NOT_STARTED}


@pytest.mark.parametrize("seconds", [250.0])
def test_a_run_that_is_to_stop_waits_for_no_tenant(seconds: float) -> None:
    class Sleepless(Fake):
        async def sleep(self, seconds: float) -> None:
            self.slept.append(seconds)
            self.conductor.stop()
            await asyncio.Event().wait()

    fake = Sleepless(says={"a": [full(seconds)]})
    assert fake.run([members("a")]) == {"a": State.NOT_STARTED}


def test_every_stack_has_an_end_that_was_told() -> None:
    fake = Fake(ends={"b": [FAILED]})
    found = fake.run([members("a", "b"), members("c")])
    assert {stack: state for stack, state in fake.told if state is not State.RUNNING} == found


def test_a_stack_whose_file_cannot_be_used_is_told_and_not_begun() -> None:
    fake = Fake()
    bad = Member(stack="a", file=Path(), fault="it has no `config:` block.")
    assert fake.run([[bad, *members("b")]]) == {"a": State.UNANSWERED, "b": State.DONE}
    assert (fake.worked, fake.outcomes["a"].why) == (["b"], bad.fault)


def test_a_limit_that_leaves_no_patience_ends_the_tries() -> None:
    fake = Fake(ends={"a": [LIMITED] * 9})
    assert fake.run([members("a")], patience=1) == {"a": State.FAILED}
    assert (fake.slept, fake.outcomes["a"].tries) == ([], 1)


def test_stacks_without_a_tenant_wait_for_nobody() -> None:
    fake = Fake()
    nowhere = [Member(stack=one, file=Path()) for one in "ab"]
    assert set(fake.run([nowhere]).values()) == {State.DONE}
    assert State.HELD not in {state for _, state in fake.told}


def test_a_run_that_is_stopped_while_it_waits_tries_no_more() -> None:
    class Stopping(Fake):
        async def sleep(self, seconds: float) -> None:
            self.slept.append(seconds)
            self.conductor.stop()

    fake = Stopping(ends={"a": [LIMITED] * 9})
    assert fake.run([members("a")]) == {"a": State.FAILED}, "how its one try ended"
    assert (fake.worked, fake.outcomes["a"].tries) == (["a"], 1)


def test_what_nobody_foresaw_is_told_without_numbers() -> None:
    fake = Fake(ends={"a": [ValueError("no route to +819012345678")]})
    assert fake.run([members("a", "b")]) == {"a": State.UNANSWERED, "b": State.DONE}
    assert fake.outcomes["a"].why == "not foreseen: ValueError: no route to ****"
