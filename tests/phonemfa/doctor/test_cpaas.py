"""The CPaaS is asked over real TLS, sends nothing, and sees the key only when it is the CPaaS."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from components.vocabulary import DeliveryMethod
from phonemfa.doctor import cpaas
from phonemfa.doctor.cpaas import (
    Answer,
    BadAddressError,
    Failure,
    Probe,
    host_checks,
    key_checks,
    probe,
)
from phonemfa.doctor.findings import Level
from phonemfa.pulumi.engine import PulumiCli
from phonemfa.pulumi.stack_file import StackFile
from sandbox.cpaas.app import build_cpaas
from sandbox.cpaas.cpaas import Cpaas
from sandbox.cpaas.script import ScriptedAnswer
from sandbox.inbox.inbox import Inbox
from sandbox.server.serving import HttpsServer
from tests.phonemfa.doctor.support import settings
from tests.sandbox.cpaas.account import HOST, KEY, Account, listener

BOTH = [DeliveryMethod.TEXT, DeliveryMethod.VOICE]
TEXT_ONLY_KEY = "sandbox-text-only-key"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder = tmp_path_factory.mktemp("cpaas")
    authority, certificate = trustme.CA(), folder / "server.pem"
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(certificate)
    keys = {
        KEY: {"sms:message:send", "voice-message:message:send"},
        TEXT_ONLY_KEY: {"sms:message:send"},
    }
    inbox = Inbox()
    account = Cpaas(inbox, keys)
    server = HttpsServer(build_cpaas(account), listener(), certificate=certificate, name="cpaas")
    server.start()
    yield Account(inbox, account, server.port, folder / "ca.pem")
    server.stop()
    inbox.close()


@pytest.fixture
def account(served: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    served.cpaas.reset()
    monkeypatch.setenv("SSL_CERT_FILE", str(served.ca_file))
    return served


def ask(account: Account, *, host: str = HOST, key: str | None = None) -> Probe:
    return probe(host, BOTH, key=key, address=f"localhost:{account.port}")


def test_a_host_that_refuses_who_has_no_key_is_the_cpaas(account: Account) -> None:
    answered = ask(account)
    assert [one.level for one in host_checks(answered)] == [Level.OK]
    assert not any(seen.authorised for seen in account.cpaas.requests())


def test_a_good_key_is_accepted_for_each_channel_and_nothing_is_sent(account: Account) -> None:
    answered = ask(account, key=KEY)
    assert [one.level for one in key_checks(answered)] == [Level.OK, Level.OK]
    assert account.inbox.messages() == []
    assert all(seen.body == {"messages": []} for seen in account.cpaas.requests())


def test_an_address_of_ones_own_is_reached_without_a_proxy(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert [one.level for one in key_checks(ask(account, key=KEY))] == [Level.OK, Level.OK]


def test_a_wrong_key_is_a_fault_and_is_not_told(account: Account) -> None:
    findings = list(key_checks(ask(account, key="canary-wrong")))
    assert [one.level for one in findings] == [Level.FAULT, Level.FAULT]
    assert all("401" in one.what for one in findings)
    assert not any("canary" in one.what + one.fix for one in findings)


def test_a_key_without_a_channels_scope_is_told_with_the_scope(account: Account) -> None:
    text, voice = key_checks(ask(account, key=TEXT_ONLY_KEY))
    assert text.level is Level.OK
    assert voice.level is Level.FAULT
    assert "voice-message:message:send" in voice.fix


@pytest.mark.parametrize(
    ("script", "level", "words"),
    [
        ({"fault": "redirect"}, "fault", "redirects to"),
        ({"fault": "html"}, "warning", "The key is not shown"),
        ({"status": 404}, "fault", "(404)"),
        ({"status": 503}, "unknown", "503"),
        ({"status": 429}, "unknown", "429"),
        ({"status": 401, "body": {"who": "a proxy"}}, "warning", "a form of its own"),
        ({"status": 400}, "warning", "answered 400"),
        ({"fault": "reset"}, "fault", "the connection broke"),
    ],
)
def test_a_host_that_answers_otherwise_is_told_and_never_sees_the_key(
    account: Account, script: dict[str, Any], level: str, words: str
) -> None:
    account.cpaas.script.add([ScriptedAnswer(**script), ScriptedAnswer(**script)])
    answered = ask(account, key=KEY)
    one, *same = host_checks(answered)
    assert all(other.level is one.level for other in same), "one for each channel at most"
    assert one.level.value == level
    assert words in one.what
    assert not answered.with_key
    assert not any(seen.authorised for seen in account.cpaas.requests())
    assert [found.level for found in key_checks(answered)] == [Level.UNKNOWN]


def test_a_certificate_for_another_name_is_a_fault(account: Account) -> None:
    answered = ask(account, host="cpaas.example.com", key=KEY)
    (one,) = host_checks(answered)
    assert one.level is Level.FAULT
    assert "TLS failed" in one.what
    assert "cpaas.example.com" in one.what
    assert account.cpaas.requests() == []


def test_an_authority_that_nobody_trusts_is_a_fault(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    (one,) = host_checks(ask(account, key=KEY))
    assert "TLS failed" in one.what
    assert account.cpaas.requests() == []


def test_a_host_that_nobody_serves_is_a_fault_and_is_asked_once(account: Account) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"localhost:{taken.getsockname()[1]}"
        answered = probe(HOST, BOTH, key=KEY, address=address)
    (one,) = host_checks(answered)
    assert one.level is Level.FAULT
    assert "no connection" in one.what
    assert len(answered.without_key) == 1


def test_a_name_that_is_not_known_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    (one,) = host_checks(probe("typo.example.com", BOTH))
    assert one.level is Level.FAULT
    assert "its name is not known" in one.what
    assert "cpaasBaseHost" in one.fix


def test_a_host_that_never_answers_is_given_up_on(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpaas, "TIMEOUT", 0.2)
    account.cpaas.script.add([ScriptedAnswer(fault="silent")])
    (one,) = host_checks(ask(account, key=KEY))
    assert one.level is Level.FAULT
    assert "no answer in time" in one.what


def test_an_address_of_another_form_is_refused() -> None:
    with pytest.raises(BadAddressError):
        probe(HOST, BOTH, address="https://localhost:8444/")


@pytest.mark.parametrize("status", [429, 500, 302])
def test_an_answer_that_says_nothing_about_the_key_leaves_it_unknown(status: int) -> None:
    known = Answer(status=401, is_cpaas=True)
    answered = Probe(
        host=HOST,
        without_key={DeliveryMethod.TEXT: known},
        with_key={DeliveryMethod.TEXT: Answer(status=status)},
    )
    assert [one.level for one in key_checks(answered)] == [Level.UNKNOWN]


def test_a_key_that_met_no_answer_is_unknown_too() -> None:
    broken = Answer(failure=Failure.BROKEN)
    answered = Probe(host=HOST, without_key={}, with_key={DeliveryMethod.TEXT: broken})
    assert [one.level for one in key_checks(answered)] == [Level.UNKNOWN]


@pytest.mark.parametrize(("is_cpaas", "level"), [(True, Level.OK), (False, Level.UNKNOWN)])
def test_a_refusal_of_nothing_to_send_is_past_the_key_where_the_cpaas_says_it(
    is_cpaas: bool, level: Level
) -> None:
    said = Answer(status=400, is_cpaas=is_cpaas)
    answered = Probe(host=HOST, without_key={}, with_key={DeliveryMethod.TEXT: said})
    assert [one.level for one in key_checks(answered)] == [level]


ADOPTED = {"adopted": {"phone": {"enabled": True}}}


@pytest.mark.parametrize(
    ("stack", "secrets", "try_key", "told"),
    [
        (ADOPTED | {"cpaasBaseHost": None}, (), False, "none is set: the adopted Action has"),
        (ADOPTED, (), False, "set, and not tried"),
        ({}, (), False, "is not set: pulumi up ends"),
        ({}, (cpaas.KEY,), False, "set, and not tried"),
        ({}, (cpaas.KEY,), True, "could not be tried: no engine here"),
    ],
)
def test_what_is_not_asked_of_the_cpaas_is_told_with_why(
    monkeypatch: pytest.MonkeyPatch,
    stack: dict[str, Any],
    secrets: tuple[str, ...],
    try_key: bool,
    told: str,
) -> None:
    def no_key(*_args: object, **_options: object) -> str:
        raise cpaas.NoKeyError("no engine here")

    monkeypatch.setattr(cpaas, "find_key", no_key)
    refusing = {DeliveryMethod.TEXT: Answer(status=401, is_cpaas=True)}
    monkeypatch.setattr(
        cpaas, "probe", lambda host, *_, **__: Probe(host=host, without_key=refusing)
    )
    wanted = StackFile(
        stack="dev",
        file=Path("Pulumi.dev.yaml"),
        project=Path(),
        cli=PulumiCli(Path(), "dev", environ={}),
        settings=settings(**stack),
        domain="t.example.com",
        project_name="phonemfa",
        secrets=secrets,
    )
    *_, last = cpaas.checks(wanted, "", try_key=try_key, from_input=False)
    assert told in last.what
