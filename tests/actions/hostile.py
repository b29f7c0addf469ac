"""Servers that treat a connection badly, each in one way, and know what they read of a request."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal, get_args

import trustme

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
        if self.manner.stage == "refused":
            listener.close()
            return self
        self._kept.append(listener)
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


def contexts(folder: Path) -> tuple[dict[ssl.TLSVersion, ssl.SSLContext], Path]:
    """Server contexts of each TLS version for `*.sandbox.test`, and the file of their authority."""
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    leaf = authority.issue_cert("*.sandbox.test")
    found = {}
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = version
        leaf.configure_cert(context)
        found[version] = context
    return found, ca_file


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
