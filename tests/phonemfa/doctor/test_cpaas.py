"""The CPaaS is asked over real TLS, sends nothing, and sees the key only when it is the CPaaS.

The key is found where it may be, and stays out of every message.
"""

import io
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from components.vocabulary import DeliveryMethod
from phonemfa.answered import RefusedError
from phonemfa.doctor import cpaas
from phonemfa.doctor.cpaas import (
    VARIABLE,
    Answer,
    Probe,
    find_key,
    host_checks,
    key_checks,
    probe,
)
from phonemfa.doctor.findings import Finding
from phonemfa.pulumi.engine import PulumiCli
from sandbox.cpaas.script import ScriptedAnswer
from tests.phonemfa.doctor.support import stack_file
from tests.sandbox.cpaas.account import HOST, KEY, Account, serving

BOTH = [DeliveryMethod.TEXT, DeliveryMethod.VOICE]
TEXT_ONLY_KEY = "sandbox-text-only-key"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    every = {"sms:message:send", "voice-message:message:send"}
    keys = {KEY: every, TEXT_ONLY_KEY: {"sms:message:send"}}
    with serving(tmp_path_factory.mktemp("cpaas"), keys=keys) as account:
        yield account


@pytest.fixture
def account(served: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    served.cpaas.reset()
    monkeypatch.setenv("SSL_CERT_FILE", str(served.ca_file))
    return served


def ask(account: Account, *, host: str = HOST, key: str | None = None) -> Probe:
    return probe(host, BOTH, key=key, address=f"localhost:{account.port}")


def told(findings: Iterable[Finding]) -> list[str]:
    """A line each, without one that is told of both channels."""
    lines = [f"{one.level}: {one.what} → {one.fix}" for one in findings]
    assert not any("canary" in one for one in lines)
    return lines


def test_a_host_that_refuses_who_has_no_key_is_the_cpaas(account: Account) -> None:
    (line,) = told(host_checks(ask(account)))
    assert line.startswith("ok: ")
    assert not any(seen.authorised for seen in account.cpaas.requests())


@pytest.mark.parametrize(
    ("key", "text", "voice"),
    [
        (KEY, "ok: ", "ok: "),
        ("canary-wrong", "fault: text: refused (401)", "fault: voice: refused (401)"),
        (TEXT_ONLY_KEY, "ok: ", "→ give the key voice-message:message:send"),
    ],
)
def test_a_key_is_tried_for_each_channel_without_a_proxy_and_nothing_is_sent(
    account: Account, monkeypatch: pytest.MonkeyPatch, key: str, text: str, voice: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")  # The address is one's own.
    of_text, of_voice = told(key_checks(ask(account, key=key)))
    assert text in of_text
    assert voice in of_voice
    assert account.inbox.messages() == []
    assert all(seen.body == {"messages": []} for seen in account.cpaas.requests())


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ({"fault": "redirect"}, "fault: … redirects to"),
        ({"fault": "html"}, "warning: … The key is not shown"),
        ({"status": 404}, "fault: … (404)"),
        ({"status": 503}, "unknown: … 503"),
        ({"status": 429}, "unknown: … 429"),
        ({"status": 401, "body": {"who": "a proxy"}}, "warning: … a form of its own"),
        ({"status": 400}, "warning: … answered 400"),
        ({"fault": "reset"}, "fault: … the connection broke"),
        ({"fault": "silent"}, "fault: … no answer in time"),
    ],
    ids=str,
)
def test_a_host_that_answers_otherwise_is_told_and_never_sees_the_key(
    account: Account, monkeypatch: pytest.MonkeyPatch, script: dict[str, Any], words: str
) -> None:
    monkeypatch.setattr(cpaas, "TIMEOUT", 0.2 if script == {"fault": "silent"} else 10)
    account.cpaas.script.add([ScriptedAnswer(**script), ScriptedAnswer(**script)])
    answered = ask(account, key=KEY)
    level, said = words.split(" … ")
    lines = told(host_checks(answered))
    assert all(one.startswith(level) for one in lines)
    assert said in lines[0]
    assert len(set(lines)) == len(lines), "what is said of both channels is said once"
    assert not answered.with_key
    assert not any(seen.authorised for seen in account.cpaas.requests())
    (key,) = told(key_checks(answered))
    assert key.startswith("unknown: ")


@pytest.mark.parametrize("location", ["https://a:b", "https://xn--/"])
def test_an_answer_that_nobody_can_read_is_not_the_cpaass(location: str) -> None:
    def hostile(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401, headers={"location": location}, content=b"[" * 100_000)

    http = httpx.Client(base_url="https://c.test", transport=httpx.MockTransport(hostile))
    assert cpaas._ask(http, DeliveryMethod.TEXT) == Answer(status=401)


@pytest.mark.parametrize(
    ("host", "trusted"), [("cpaas.example.com", True), (HOST, False)], ids=["name", "authority"]
)
def test_a_certificate_of_another_name_or_of_nobody_is_a_fault(
    account: Account, monkeypatch: pytest.MonkeyPatch, host: str, *, trusted: bool
) -> None:
    if not trusted:
        monkeypatch.delenv("SSL_CERT_FILE")
    (line,) = told(host_checks(ask(account, host=host, key=KEY)))
    assert line.startswith(f"fault: {host}: TLS failed")
    assert "[SSL" not in line
    assert account.cpaas.requests() == []


def test_a_host_that_nobody_serves_is_a_fault_and_is_asked_once(account: Account) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"localhost:{taken.getsockname()[1]}"
        answered = probe(HOST, BOTH, key=KEY, address=address)
    (line,) = told(host_checks(answered))
    assert line.startswith(f"fault: {HOST}: no connection")
    assert len(answered.without_key) == 1


def test_a_name_that_is_not_known_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    (line,) = told(host_checks(probe("typo.example.com", BOTH)))
    assert line.startswith("fault: typo.example.com: its name is not known")
    assert "cpaasBaseHost" in line


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        *((Answer(status=one), "unknown") for one in (429, 500, 302, 400)),
        (Answer(failure="the connection broke"), "unknown"),
        # A refusal of nothing to send is past the key where the CPaaS says it.
        (Answer(status=400, is_cpaas=True), "ok"),
    ],
    ids=str,
)
def test_what_an_answer_says_about_the_key(answer: Answer, level: str) -> None:
    answered = Probe(host=HOST, without_key={}, with_key={DeliveryMethod.TEXT: answer})
    (line,) = told(key_checks(answered))
    assert line.startswith(f"{level}: ")


ADOPTED = {"adopted": {"phone": {"enabled": True}}}


@pytest.mark.parametrize(
    ("stack", "secrets", "try_key", "words"),
    [
        (ADOPTED | {"cpaasBaseHost": None}, (), False, "note: none is set: the adopted Action has"),
        (ADOPTED, (), False, "note: set, and not tried"),
        ({}, (), False, "fault: phonemfa:cpaasApiKey is not set: pulumi up ends"),
        ({}, (cpaas.KEY,), False, "note: set, and not tried"),
        ({}, (cpaas.KEY,), True, "unknown: could not be tried: There is no `pulumi` on PATH"),
    ],
)
def test_what_is_not_asked_of_the_cpaas_is_told_with_why(
    monkeypatch: pytest.MonkeyPatch,
    stack: dict[str, Any],
    secrets: tuple[str, ...],
    try_key: bool,
    words: str,
) -> None:
    refusing = Probe(
        host=HOST, without_key={DeliveryMethod.TEXT: Answer(status=401, is_cpaas=True)}
    )
    monkeypatch.setattr(cpaas, "probe", lambda *_, **__: refusing)
    engineless = PulumiCli(Path(), "dev", environ={"PATH": ""})
    wanted = stack_file(engineless, secrets=secrets, **stack)
    *_, last = told(cpaas.checks(wanted, "", try_key=try_key, from_input=False))
    assert last.startswith(words)


# --- The key --------------------------------------------------------------------------------------


def cli(folder: Path, script: str) -> PulumiCli:
    """A `pulumi` that does what the script says."""
    program = folder / "pulumi"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    environ = {"PATH": f"{folder}:/usr/bin:/bin"}
    return PulumiCli(folder, "dev", config_file=Path("other.yaml"), environ=environ)


def test_the_variable_goes_before_the_stack_and_the_input_before_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = cli(tmp_path, 'echo "$@" | tr " " "_"')
    asked = find_key(stack)
    assert asked.startswith("config_get_phonemfa:cpaasApiKey_--config-file_")
    assert "other.yaml" in asked, "in the stack's own file"
    monkeypatch.setenv(VARIABLE, "of-the-variable")
    assert find_key(stack) == "of-the-variable"
    monkeypatch.setattr("sys.stdin", io.StringIO("of-the-input\nnot this\n"))
    assert find_key(stack, from_input=True) == "of-the-input"


@pytest.mark.parametrize("key", ["canary key", "canary鍵", "canary\x07", ""])
def test_a_key_that_no_header_can_carry_is_refused_without_being_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{key}\n"))
    with pytest.raises(RefusedError) as raised:
        find_key(cli(tmp_path, "echo"), from_input=True)
    assert "canary" not in str(raised.value)
