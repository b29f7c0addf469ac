"""Who runs when.

Owns the order: waves one after another, at most so many stacks at once, one stack of a tenant at a
time, none before its tenant's rate limit has room, and an orderly end when somebody asks for it. A
stack that waits holds no slot. Refuses to know what is done at a stack.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Protocol, TypeVar

from components.masking import redacted
from components.tenant.access import Access
from phonemfa.fleet.limits import REQUESTS, WITHOUT_HEADER, Budget, Gauge, TenantSilentError
from phonemfa.fleet.members import Member
from phonemfa.fleet.outcome import Outcome, State
from phonemfa.pulumi.engine import EngineFailedError

TRIES: Final = 3
"""Of one stack that its tenant's rate limit ended."""

PATIENCE: Final = 300.0
"""Seconds in all that a stack waits for its tenant's rate limit."""

_T = TypeVar("_T")
Tell = Callable[[str], None]


class Works(Protocol):
    """What is done at a stack; blocking, and called from several threads."""

    def credentials(self, member: Member) -> Access | None: ...
    def work(self, member: Member, access: Access | None, tell: Tell) -> Outcome: ...


class Watcher(Protocol):
    """Is told of every change; from the event loop's thread, `step` from any."""

    def changed(self, member: Member, outcome: Outcome) -> None: ...
    def step(self, member: Member, what: str) -> None: ...


class Asks(Protocol):
    """Reads a tenant's budget; a `Gauge`."""

    def read(self) -> Budget: ...


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How a run is paced.

    Attributes:
        parallel: stacks at once.
        requests: that one stack may make.
        patience: seconds in all that a stack waits for its tenant.
        tries: of a stack that the rate limit ended.
        gauge: asks a tenant; None: tenants are not asked.
    """

    parallel: int
    requests: int
    patience: float = PATIENCE
    tries: int = TRIES
    gauge: Callable[[Access], Asks] | None = Gauge

    @classmethod
    def of(cls, command: str, parallel: int, *, asking: bool = True) -> Pace:
        """The pace of a command."""
        gauge = Gauge if asking else None
        return cls(parallel=parallel, requests=REQUESTS[command], gauge=gauge)


class Conductor:
    """Runs one command over many stacks.

    Args:
        worker: does it at one.
        pace: how many at once, and how patiently.
        watcher: is told.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        worker: Works,
        pace: Pace,
        watcher: Watcher,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sleep = sleep
        self._worker = worker
        self._pace = pace
        self._watcher = watcher
        self._slots = asyncio.Semaphore(pace.parallel)
        self._tenants: dict[str, asyncio.Lock] = {}
        self._gauges: dict[str, Asks] = {}
        self._stopping = asyncio.Event()
        self._threads = ThreadPoolExecutor(pace.parallel, thread_name_prefix="fleet")

    def stop(self) -> None:
        """Begin no stack any more, and wait for no tenant. Engines are the caller's to stop."""
        self._stopping.set()

    async def run(
        self, waves: Sequence[Sequence[Member]], known: Mapping[str, Outcome]
    ) -> dict[str, Outcome]:
        """All stacks, wave by wave; each has an outcome in the end.

        A wave of which a stack has no good end is the last one. Within a wave nobody waits for
        anybody.

        Args:
            waves: the stacks.
            known: outcomes that stand already; those stacks are not begun.
        """
        try:
            return await self._waves(waves, known)
        finally:
            self._threads.shutdown()

    async def _waves(
        self, waves: Sequence[Sequence[Member]], known: Mapping[str, Outcome]
    ) -> dict[str, Outcome]:
        outcomes = dict(known)
        obstacle = ""
        for wave in waves:
            if self._stopping.is_set():
                obstacle = obstacle or "the run was stopped before"
            todo = [one for one in wave if one.stack not in known]
            if obstacle:
                ended = [self._not_started(one, obstacle) for one in todo]
            else:
                ended = await asyncio.gather(*(self._settle(one) for one in todo))
            outcomes |= {one.stack: end for one, end in zip(todo, ended, strict=True)}
            bad = [one.stack for one in wave if not outcomes[one.stack].settled]
            if bad and not obstacle:
                obstacle = f"not before all is well with {', '.join(bad)}"
        return outcomes

    def _not_started(self, member: Member, why: str) -> Outcome:
        outcome = Outcome(state=State.NOT_STARTED, why=why)
        self._watcher.changed(member, outcome)
        return outcome

    async def _settle(self, member: Member) -> Outcome:
        try:
            outcome = await self._until_settled(member)
        except Exception as error:  # noqa: BLE001 - one stack's trouble never stops the others
            why = redacted(f"not foreseen: {type(error).__name__}: {error}")
            outcome = Outcome(state=State.UNANSWERED, why=why)
        self._watcher.changed(member, outcome)
        return outcome

    async def _until_settled(self, member: Member) -> Outcome:
        if member.fault:
            return Outcome(state=State.UNANSWERED, why=member.fault)
        waited = _Patience(self._pace.patience)
        async with self._alone_at_its_tenant(member):
            for number in range(1, self._pace.tries + 1):
                outcome = await self._once_there_is_room(member, waited)
                outcome = replace(outcome, tries=number)
                if not outcome.limited or number == self._pace.tries:
                    break
                # Then the tenant is asked again, and says how long it takes; or it says nothing.
                if not waited.may_go_on(WITHOUT_HEADER):
                    break
                await self._hold(member, WITHOUT_HEADER)
                if self._stopping.is_set():
                    break
        return outcome

    def _alone_at_its_tenant(self, member: Member) -> AbstractAsyncContextManager[object]:
        """Two stacks of one tenant share its bucket, and its only provider and policy."""
        if not member.domain:
            return nullcontext()
        lock = self._tenants.setdefault(member.domain, asyncio.Lock())
        if lock.locked():
            why = f"for another stack of {member.domain}"
            self._watcher.changed(member, Outcome(state=State.HELD, why=why))
        return lock

    async def _once_there_is_room(self, member: Member, waited: _Patience) -> Outcome:
        while True:
            async with self._slots:
                if self._stopping.is_set():
                    return Outcome(state=State.NOT_STARTED, why="the run was stopped before")
                try:
                    access, pause = await self._in_thread(partial(self._ask, member))
                except (EngineFailedError, TenantSilentError) as error:
                    return Outcome(state=State.UNANSWERED, why=str(error))
                if pause == 0:
                    self._watcher.changed(member, Outcome(state=State.RUNNING))
                    return await self._in_thread(partial(self._work, member, access))
            # Without a slot: others run meanwhile.
            if not waited.may_go_on(pause):
                return Outcome(
                    state=State.UNANSWERED,
                    why=f"the rate limit of {member.domain} is used up by others; it names "
                    f"{pause:.0f} s to wait, and this run waits {self._pace.patience:.0f} s in all",
                )
            await self._hold(member, pause)

    def _ask(self, member: Member) -> tuple[Access | None, float]:
        access = self._worker.credentials(member)
        if self._pace.gauge is None or access is None:
            # The engine says which credentials are missing, where any are needed.
            return access, 0.0
        gauge = self._gauges.get(member.stack)
        if gauge is None:
            gauge = self._gauges[member.stack] = self._pace.gauge(access)
        return access, gauge.read().wait(self._pace.requests)

    def _work(self, member: Member, access: Access | None) -> Outcome:
        return self._worker.work(member, access, lambda what: self._watcher.step(member, what))

    async def _in_thread(self, call: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def _hold(self, member: Member, seconds: float) -> None:
        """Wait for a tenant's rate limit, but not when the run is to end."""
        why = f"for the rate limit of {member.domain}, {seconds:.0f} s"
        self._watcher.changed(member, Outcome(state=State.HELD, why=why))
        asked_to_stop = asyncio.ensure_future(self._stopping.wait())
        slept = asyncio.ensure_future(self._sleep(seconds))
        _, unfinished = await asyncio.wait(
            {asked_to_stop, slept}, return_when=asyncio.FIRST_COMPLETED
        )
        for one in unfinished:
            one.cancel()


class _Patience:
    """How long a stack may still wait for its tenant."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    def may_go_on(self, pause: float) -> bool:
        """Whether it may wait that long; it is counted when it may."""
        if pause > self._left:
            return False
        self._left -= pause
        return True
