"""The Action against servers that break a connection anywhere: only what never left is repeated.

What left is what the server decrypted, so the server says which outcomes are right.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal, get_args

import pytest
import trustme

from components.action_code import Trigger
from sandbox.runner.runner import ActionOutcome, ActionRunner
from tests.sandbox.cpaas.account import LEGACY, run_action

SEED = 20261129
CASES = 48
Ending = Literal["close", "reset", "hang", "garbage"]
Stage = Literal["refused", "syn", "tcp", "handshake", "request", "answer", "good"]
ANSWER = b'{"messages":[{"status":{"groupName":"PENDING","name":"PENDING_ACCEPTED"}}]}'


@dataclass(frozen=True, kw_only=True)
class Manner:
    """What a server does with its first connections; later ones (`bad` of them gone) go well.

    Attributes:
        stage: `refused` and `syn` meet no server; `tcp`: nothing is answered to the ClientHello;
            `handshake`: only a part of the server's handshake is sent; `request`: the request is
            read up to a point; `answer`: the answer is sent up to a point.
        part: how much of that part, from 0 to less than 1.
        ending: how the connection ends then.
    """

    stage: Stage
    part: float = 0.0
    ending: Ending = "close"
    bad: int = 2
    tls: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3

    @property
    def before_the_first_byte(self) -> bool:
        """Whether the client's TLS cannot have come up."""
        return self.stage in {"refused", "syn", "tcp", "handshake"}


def manner(random: Random) -> Manner:
    """A manner at random: where and how the connection ends, and how often."""
    return Manner(
        # A handshake ends in most ways.
        stage=random.choice((*get_args(Stage), "handshake")),
        part=random.random(),
        ending=random.choice(get_args(Ending)),
        bad=random.choice((1, 2, 2)),
        tls=random.choice((ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)),
    )


@dataclass
class Hostile:
    """A listener at 127.0.0.1 that keeps to one manner."""

    manner: Manner
    context: ssl.SSLContext
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    """What was decrypted of each connection's request."""
    connections: int = 0
    _kept: list[socket.socket] = field(default_factory=list)

    def start(self) -> Hostile:
        """Listen; `refused` and `syn` take a port that cannot be connected to."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self._kept.append(listener)
        if self.manner.stage == "refused":
            return self  # Kept, as another server would be given the port.
        if self.manner.stage == "syn":
            # A full queue of connections that nobody takes: the kernel drops what comes next.
            listener.listen(0)
            for _ in range(2):
                filler = socket.socket()
                filler.settimeout(0)
                filler.connect_ex(("127.0.0.1", self.port))
                self._kept.append(filler)
            return self
        listener.listen()
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Close everything, which ends the threads."""
        for one in self._kept:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            self._kept.append(connection)
            bad = self.connections <= self.manner.bad and self.manner.stage != "good"
            threading.Thread(target=self._treat, args=(connection, bad), daemon=True).start()

    def _treat(self, connection: socket.socket, bad: bool) -> None:
        with contextlib.suppress(OSError, ssl.SSLError):
            self._speak(connection, self.manner if bad else Manner(stage="good"))

    def _speak(self, connection: socket.socket, how: Manner) -> None:
        if how.stage == "tcp":
            connection.recv(65536)
            return _end(connection, how.ending)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context.wrap_bio(incoming, outgoing, server_side=True)
        flights = 2 if how.tls is ssl.TLSVersion.TLSv1_2 else 1
        while True:
            try:
                tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                done = False
            flight = outgoing.read()
            if flight:
                flights -= 1
                if how.stage == "handshake" and flights == 0:
                    connection.sendall(flight[: int(len(flight) * how.part)])
                    return _end(connection, how.ending)
                connection.sendall(flight)
            if done:
                break
            incoming.write(connection.recv(65536) or _gone())
        self.requests.append(b"")
        length = None
        while length is None or len(self.requests[-1]) < length:
            try:
                self.requests[-1] += tls.read(65536)
            except ssl.SSLWantReadError:
                incoming.write(connection.recv(65536) or _gone())
                continue
            length = _length(self.requests[-1])
            if how.stage == "request":
                return _end(connection, how.ending)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        answer = head % len(ANSWER) + ANSWER
        tls.write(answer[: int(len(answer) * how.part)] if how.stage == "answer" else answer)
        connection.sendall(outgoing.read())
        return _end(connection, how.ending if how.stage == "answer" else "close")


def _gone() -> bytes:
    raise ConnectionResetError


def _length(request: bytes) -> int | None:
    head, blank, _ = request.partition(b"\r\n\r\n")
    if not blank:
        return None
    told = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return len(head) + 4 + int(told[0].split(b":")[1])


def _end(connection: socket.socket, ending: Ending) -> None:
    if ending == "hang":
        return  # Kept by the server, so it stays open.
    if ending == "garbage":
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    if ending == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextmanager
def serving(
    folder: Path, manners: Sequence[Manner]
) -> Iterator[tuple[list[Hostile], ActionRunner]]:
    authority, ca_file = trustme.CA(), folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    leaf = authority.issue_cert("*.sandbox.test")
    servers = []
    for how in manners:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = how.tls
        leaf.configure_cert(context)
        servers.append(Hostile(how, context).start())
    hosts = {f"h{at}.sandbox.test": one.port for at, one in enumerate(servers)}
    runner = ActionRunner(hosts=hosts, ca_file=ca_file)
    try:
        yield servers, runner
    finally:
        runner.close()
        for one in servers:
            one.stop()


def outcomes(
    runner: ActionRunner, count: int, trigger: Trigger = "custom-phone-provider"
) -> list[ActionOutcome]:
    async def all_at_once() -> list[ActionOutcome]:
        event = LEGACY if trigger == "send-phone-message" else None
        hosts = [f"h{at}.sandbox.test" for at in range(count)]
        runs = (run_action(runner, event, trigger=trigger, CPAAS_BASE_URL=one) for one in hosts)
        return await asyncio.gather(*runs)

    return asyncio.run(all_at_once())


def check(server: Hostile, outcome: ActionOutcome) -> None:
    how = server.manner
    said = f"{how}: {outcome.kind}, {outcome.reason}, {server.requests}"
    assert sum(1 for one in server.requests if one) <= 1, f"sent twice: {said}"
    if how.stage == "good" or (
        how.before_the_first_byte and how.bad == 1 and server.connections == 2
    ):
        assert outcome.kind == "success", said
    elif how.before_the_first_byte:
        assert outcome.kind == "retry", said
        assert not any(server.requests), said
        if how.stage in {"tcp", "handshake"}:
            assert server.connections == 2, said
    else:
        assert server.connections == 1, said
        assert outcome.kind in {"drop", "success"}, said
        if outcome.kind == "drop":
            assert (outcome.reason or "").endswith(": the message may have been sent"), said
        else:
            # The whole answer had come: what followed it is no matter.
            assert how.stage == "answer", said
            assert how.part > 0.9, said


def test_only_what_the_server_never_read_is_repeated(tmp_path: Path) -> None:
    random = Random(SEED)  # noqa: S311 - repeatable, nothing is secret
    manners = [manner(random) for _ in range(CASES)]
    assert {one.stage for one in manners} == {
        "refused", "syn", "tcp", "handshake", "request", "answer", "good"
    }  # fmt: skip
    with serving(tmp_path, manners) as (servers, runner):
        for server, outcome in zip(servers, outcomes(runner, CASES), strict=True):
            check(server, outcome)


@pytest.mark.parametrize("ending", ["close", "reset", "hang"])
def test_a_legacy_tenant_sends_with_the_second_try_too(tmp_path: Path, ending: str) -> None:
    how = Manner(stage="handshake", part=0.5, ending=ending, bad=1)  # type: ignore[arg-type]
    with serving(tmp_path, [how]) as (servers, runner):
        (outcome,) = outcomes(runner, 1, "send-phone-message")
        assert outcome.kind == "success"
        assert [bool(one) for one in servers[0].requests] == [True]


def test_a_tls_that_is_never_answered_ends_within_the_time_for_two(tmp_path: Path) -> None:
    hanging = Manner(stage="tcp", ending="hang", bad=8)
    with serving(tmp_path, [hanging]) as (_, runner):
        for _ in range(4):  # the first that no busy machine held up
            (outcome,) = outcomes(runner, 1)
            told = (outcome.kind, outcome.reason)
            assert told == ("retry", "no secure connection to the CPaaS host")
            if outcome.duration_ms < 7500:
                return
    pytest.fail(f"two tries of 2.5 s took {outcome.duration_ms:.0f} ms")
