"""The vendor's own client reads what the CPaaS answers, and would send what the Action sends."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from infobip_api_client.models.api_error import ApiError
from infobip_api_client.models.api_exception import ApiException
from infobip_api_client.models.calls_advanced_body import CallsAdvancedBody
from infobip_api_client.models.calls_language import CallsLanguage
from infobip_api_client.models.calls_voice_response import CallsVoiceResponse
from infobip_api_client.models.sms_request import SmsRequest
from infobip_api_client.models.sms_response import SmsResponse

from components.action_code import assemble
from sandbox.cpaas.cpaas import LANGUAGES
from sandbox.cpaas.statuses import STATUSES, error_body
from sandbox.inbox.inbox import Channel
from sandbox.runner.runner import find_node
from tests.sandbox.cpaas.account import notification, run_action, runner_for, serving
from tests.sandbox.cpaas.test_cpaas import account, both, error_of, send

pytestmark = pytest.mark.fidelity

RESPONSES: dict[str, Any] = {"sms": SmsResponse, "voice": CallsVoiceResponse}


@pytest.mark.parametrize("name", STATUSES)
def test_every_status_is_read(name: str) -> None:
    for channel, body in both():
        cpaas = account()
        answer = cpaas.send(channel, authorization="App key-1", body=body, forced=STATUSES[name])
        (message,) = RESPONSES[channel].from_dict(answer.body).messages
        assert message.status.name == STATUSES[name].name
        delivered = STATUSES[name].group in ("PENDING", "DELIVERED")
        assert len(cpaas.inbox.messages()) == int(delivered)


def test_every_refusal_is_read() -> None:
    answers: list[tuple[Channel, object]] = [("sms", {}), ("voice", {})]
    for channel, body in [*answers, *both()]:
        answer = send(account(), channel, body, "App wrong" if body else "App key-1")
        old = channel == "voice"
        read: Any = (ApiException if old else ApiError).from_dict(answer.body)
        code = read.request_error.service_exception.message_id if old else read.error_code
        assert str(code) == error_of(channel, answer)
    for status in (403, 404, 429, 500):
        assert ApiError.from_dict(error_body("sms", status))
        assert ApiException.from_dict(error_body("voice", status))


def test_the_actions_requests_are_what_it_would_send(tmp_path: Path) -> None:
    with serving(tmp_path) as account, runner_for(account) as runner:
        for method in ("text", "voice"):
            event = notification(delivery_method=method)
            outcome = asyncio.run(run_action(runner, event, DEDUPLICATE="on"))
            assert outcome.kind == "success"
        sms, call = account.cpaas.requests()
    # What a model does not know it drops: equal means every field is the vendor's.
    parsed_sms, parsed_call = SmsRequest.from_dict(sms.body), CallsAdvancedBody.from_dict(call.body)
    assert parsed_sms is not None
    assert parsed_call is not None
    assert parsed_sms.to_dict() == sms.body
    assert parsed_call.to_dict() == call.body


def test_the_cpaas_speaks_what_it_enumerates_and_the_action_asks_for_no_other() -> None:
    vendors = {one.value for one in CallsLanguage}
    assert vendors == LANGUAGES
    program = f"""
        const code = {json.dumps(assemble("custom-phone-provider") + "; return LANGUAGES;")};
        const asked = new Function('exports', 'require', code)({{}}, require);
        console.log(JSON.stringify([...asked.values()]));
    """
    done = subprocess.run(
        [find_node(), "-e", program], capture_output=True, text=True, check=True, timeout=60
    )
    asked = set(json.loads(done.stdout))
    assert asked <= vendors
    # English alone of a country, Galician, Esperanto and Welsh are left to English and the stack.
    assert {one for one in vendors - asked if not one.startswith("en-")} == {"epo", "es-gl", "wls"}
