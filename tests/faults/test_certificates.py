"""A certificate that nobody should take is not taken, by any client, and the reason is told."""

import asyncio
import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from components.vocabulary import DeliveryMethod
from phonemfa.doctor.cpaas import Failure, probe
from sandbox.runner.runner import ActionRunner
from tests.faults.clients import Reached, ask
from tests.faults.table import CERTIFICATES, SECRET, Client
from tests.sandbox.cpaas.account import HOST, run_action


@contextmanager
def served(folder: Path, kind: str) -> Iterator[int]:
    """A server that speaks TLS with such a certificate, and nothing else; its port."""
    trusted, other = trustme.CA(), trustme.CA()
    trusted.cert_pem.write_to_path(folder / "ca.pem")
    signed_by = other if kind == "of an unknown CA" else trusted
    names = ["other.example"] if kind == "of another host" else ["localhost", HOST]
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    ends = yesterday if kind == "that has expired" else None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    signed_by.issue_cert(*names, not_after=ends).configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_refused, args=(listener, context), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _refused(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.settimeout(2)
        with connection:
            try:
                with context.wrap_socket(connection, server_side=True) as secured:
                    assert secured.recv(1) == b""  # a request would be a leak
            except OSError:
                continue


@pytest.mark.parametrize("kind", CERTIFICATES)
def test_nobody_takes_a_bad_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with served(tmp_path, kind) as port:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        for client in Client:
            said = ask(client, Reached(f"localhost:{port}", "canary", SECRET))
            assert CERTIFICATES[kind] in said.error
            assert "SSL_CERT_FILE" in said.error
            assert SECRET not in said.error
        asked = probe(HOST, [DeliveryMethod.TEXT], key=SECRET, address=f"localhost:{port}")
        answer = asked.without_key[DeliveryMethod.TEXT]
        assert answer.failure is Failure.TLS
        assert CERTIFICATES[kind] in answer.detail
        assert asked.with_key == {}
        runner = ActionRunner(hosts={HOST: port}, ca_file=tmp_path / "ca.pem")
        outcome = asyncio.run(run_action(runner))
        runner.close()
        assert (outcome.kind, outcome.reason) == ("drop", "CPaaS host failed the TLS check")
