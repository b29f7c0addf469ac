"""Another project's login tests: a foreign test file, run by a pytest of its own."""

from pathlib import Path

import pytest

from sandbox.server.record import read_record
from sandbox.server.running import RunningSandbox, start
from sandbox.testing.phonemfa_sandbox import SandboxUnavailableError, _start
from tests.contract import PROJECT
from tests.sandbox.quick import quick
from tests.sandbox.sending import set_up

pytest_plugins = ["pytester"]

LOGIN_TESTS = """
import json
import re
import pytest
from phonemfa_sandbox import NoMessageError

TO = "+819012345678"


def test_a_login_gets_its_code(phonemfa_sandbox, phone):
    sent = phonemfa_sandbox.challenge(TO)
    assert phone.wait_for_code(TO) == sent["code"]
    assert [one.channel for one in phone.messages("090-1234-5678")] == []
    assert [one.channel for one in phone.messages(TO)] == ["sms"]


@pytest.mark.parametrize("digits", [4, 10])
def test_a_code_of_another_length_is_read(phonemfa_sandbox, phone, digits):
    path = "/_sandbox/state"
    before = phonemfa_sandbox.client.get(path, params={"secrets": "true"}).json()
    codes = {"otp_length": digits, "otp_expiration_time": 300}
    state = json.loads(json.dumps(before))
    state["content"]["singletons"]["mfa phone codes"] = codes
    phonemfa_sandbox.client.put(path, json=state).raise_for_status()
    sent = phonemfa_sandbox.challenge(TO)
    phonemfa_sandbox.client.put(path, json=before).raise_for_status()
    assert len(sent["code"]) == digits
    assert phone.wait_for_code(TO) == sent["code"]


def test_a_call_is_told_from_an_sms_and_each_comes_once(phonemfa_sandbox, phone):
    assert phone.messages(TO) == [], "what came before the test is not there"
    first = phonemfa_sandbox.challenge(TO)
    call = phonemfa_sandbox.challenge(TO, delivery_method="voice", locale="en")
    second = phonemfa_sandbox.challenge(TO)
    assert phone.wait_for_code(TO, channel="voice") == call["code"]
    assert phone.wait_for_code(TO, channel="sms") == first["code"]
    message = phone.wait_for_message(TO, timeout=30, channel="sms")
    assert second["code"] in message.text and message.sender == "MIRAIBANK"
    with pytest.raises(NoMessageError, match="ended with success"):
        phone.wait_for_message(TO, timeout=0.1, channel="sms")
    with pytest.raises(NoMessageError):
        phone.wait_for_message(TO, timeout=0.1)


def test_a_message_that_does_not_come_says_why(phonemfa_sandbox, phone):
    phonemfa_sandbox.challenge("+815012345678")
    with pytest.raises(NoMessageError, match="ended with drop: recipient is a Japanese number"):
        phone.wait_for_message("+815012345678", timeout=0.1)
    with pytest.raises(NoMessageError, match="nothing was sent"):
        phone.wait_for_message("+817000000000", timeout=0.1)


def test_a_text_without_its_code_is_a_failure(phonemfa_sandbox, phone):
    phonemfa_sandbox.challenge(TO)
    with pytest.raises(NoMessageError, match="0 codes instead of one"):
        phone.wait_for_code(TO, pattern=r"PIN (\\d+)")
    phonemfa_sandbox.clear(TO)
    assert phone.messages(TO) == []


def test_the_application_under_test_is_told_where_its_tenant_is(phonemfa_sandbox):
    assert re.fullmatch(r"localhost:\\d+", phonemfa_sandbox.environment["AUTH0_DOMAIN"])
    assert phonemfa_sandbox.ca_file.exists()
    assert phonemfa_sandbox.pages_url.startswith("http://localhost:")
"""


@pytest.fixture
def foreign(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project that has the plugin on its path and nothing else of ours."""
    monkeypatch.setenv("PYTHONPATH", str(PROJECT / "sandbox" / "testing"))
    monkeypatch.setenv("SANDBOX_STATE_DIR", str(pytester.path / "state"))
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makepyfile(test_login=LOGIN_TESTS)
    return pytester


def run(foreign: pytest.Pytester, *options: str) -> pytest.RunResult:
    return foreign.runpytest_subprocess("-p", "phonemfa_sandbox", "-p", "no:xdist", *options)


def sandbox_of(foreign: pytest.Pytester) -> RunningSandbox:
    state: Path = foreign.path / "state"
    return set_up(start(quick(state)))


def test_a_sandbox_that_runs_is_used_and_left_running(foreign: pytest.Pytester) -> None:
    with sandbox_of(foreign) as sandbox:
        run(foreign).assert_outcomes(passed=7)
        assert read_record(sandbox.state_dir) == sandbox.record


def test_a_sandbox_that_was_set_up_is_started_and_ended(foreign: pytest.Pytester) -> None:
    sandbox_of(foreign).stop()
    run(foreign, "-k", "gets_its_code").assert_outcomes(passed=1, deselected=6)
    assert read_record(foreign.path / "state") is None


def test_without_a_sandbox_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    with pytest.raises(SandboxUnavailableError, match="run `make up` in the checkout"):
        _start(PROJECT, tmp_path)
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    with pytest.raises(SandboxUnavailableError, match="share one sandbox: start it first"):
        _start(PROJECT, tmp_path)
