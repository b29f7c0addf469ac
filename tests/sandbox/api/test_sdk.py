"""auth0-python, Auth0's own client, calls every operation over TLS."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from auth0.management import ManagementClient
from auth0.management.errors import ForbiddenError, NotFoundError, UnauthorizedError

from sandbox.tenant import routes as table
from tests.sandbox.api import live
from tests.sandbox.api.live import Live

TRIGGER: Any = {"id": "custom-phone-provider", "version": "v1"}
SECRETS: Any = [{"name": "KEY", "value": "v"}]
LEGACY_TEMPLATES = {"enrollment_message": "{{code}} e", "verification_message": "{{code}} v"}


NOT_IN_THE_SDK = {
    (method, f"/guardian/factors/{factor}/settings")
    for method in ("GET", "PUT")
    for factor in ("webauthn-roaming", "webauthn-platform")
} | {(method, "/prompts/mfa-push") for method in ("GET", "PATCH")}
"""Only go-auth0 v1, and so Terraform and Pulumi, has these."""


class Recorder:
    """Stands in for the notification pipeline and the runner."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str | None]] = []

    async def try_out(
        self, to: str, delivery_method: str | None, template: dict[str, Any] | None
    ) -> None:
        self.sent.append((template["type"] if template else "provider", to, delivery_method))

    async def test_action(self, **run: Any) -> dict[str, Any]:
        return {"stats": {"action_duration_ms": 1}, "ran": run}


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def server(tmp_path: Path, recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    with live.serve(tmp_path, notifier=recorder) as running:
        # The SDK's token provider makes a client of its own, which trusts this file.
        monkeypatch.setenv("SSL_CERT_FILE", str(running.ca_file))
        yield running


@contextmanager
def client(server: Live) -> Iterator[ManagementClient]:
    """The SDK with the tenant's default client; it asks for a token of its own accord."""
    own = server.tenant.credentials
    with httpx.Client(verify=server.context()) as http:
        yield ManagementClient(
            domain=server.domain,
            client_id=own.client_id,
            client_secret=own.client_secret,
            httpx_client=http,
        )


@pytest.fixture
def auth0(server: Live) -> Iterator[ManagementClient]:
    with client(server) as made:
        yield made


def called(server: Live) -> list[tuple[str, str]]:
    with httpx.Client(base_url=server.url, verify=server.context()) as http:
        entries = http.get("/_sandbox/requests").json()["requests"]
        counters = http.get("/_sandbox/health").json()["counters"]
    assert (counters["unknown_routes"], counters["errors"]) == (0, 0)
    return [(one["method"], one["path"].partition("?")[0]) for one in entries]


def walk_actions(auth0: ManagementClient) -> None:
    actions, versions = auth0.actions, auth0.actions.versions
    made = actions.create(name="sender", supported_triggers=[TRIGGER], code="// 1", secrets=SECRETS)
    action_id = str(made.id)
    assert actions.get(action_id).status == "built"
    actions.update(action_id, code="// 2")
    version = actions.deploy(action_id)
    assert [one.name for one in actions.list(trigger_id="custom-phone-provider")] == ["sender"]
    assert actions.get(action_id).all_changes_deployed is True
    assert [one.number for one in versions.list(action_id)] == [1]
    assert versions.get(action_id, str(version.id)).deployed is True
    actions.update(action_id, code="// 3")
    assert versions.deploy(action_id, str(version.id)).number == 2
    tested = actions.test(action_id, payload={"event": {"x": 1}})
    assert tested.payload is not None
    ran: Any = tested.payload["ran"]
    # A draft follows when that is asked for.
    assert (ran["code"], ran["event"]) == ("// 3", {"event": {"x": 1}})
    assert ran["secrets"] == {one["name"]: one["value"] for one in SECRETS}
    assert actions.triggers.list().triggers
    assert list(actions.modules.list(per_page=1)) == []
    bindings = actions.triggers.bindings
    ref: Any = {"ref": {"type": "action_id", "value": action_id}, "display_name": "mine"}
    bindings.update_many("custom-phone-provider", bindings=[ref])
    bound = list(bindings.list("custom-phone-provider", per_page=1))
    assert [one.display_name for one in bound] == ["mine"]
    with pytest.raises(NotFoundError) as missing:
        actions.executions.get("nope")
    assert missing.value.body["message"] == "That execution does not exist."


def walk_branding(auth0: ManagementClient, recorder: Recorder) -> None:
    providers, templates = auth0.branding.phone.providers, auth0.branding.phone.templates
    both: Any = {"delivery_methods": ["text", "voice"]}
    provider_id = str(providers.create(name="custom", configuration=both, credentials={}).id)
    assert [one.id for one in providers.list().providers or []] == [provider_id]
    assert providers.get(provider_id).name == "custom"
    assert providers.update(provider_id, disabled=False).disabled is False
    assert providers.test(provider_id, to="+815012345678", delivery_method="voice").code == 202
    content: Any = {"from": "+8150", "body": {"text": "t", "voice": "v"}}
    template_id = str(templates.create(type="otp_verify", content=content).id)
    assert len(templates.list().templates or []) == 4
    assert templates.get(template_id).type == "otp_verify"
    assert templates.update(template_id, disabled=True).disabled is True
    assert templates.test(template_id, to="+815012345678").message
    assert "verification code" in str(templates.reset(template_id, request={}).content)
    assert recorder.sent == [
        ("provider", "+815012345678", "voice"),
        ("otp_verify", "+815012345678", None),
    ]
    templates.delete(template_id)
    providers.delete(provider_id)


def walk_guardian(auth0: ManagementClient) -> None:
    factors, policies = auth0.guardian.factors, auth0.guardian.policies
    assert factors.set("sms", enabled=True).enabled is True
    assert [one.name for one in factors.list() if one.enabled] == ["sms"]
    assert factors.phone.set_message_types(message_types=["sms"]).message_types == ["sms"]
    assert factors.phone.get_message_types().message_types == ["sms"]
    assert policies.set(request=["all-applications"]) == policies.list() == ["all-applications"]
    remembering = auth0.guardian.get().model_dump()
    assert auth0.guardian.set(**remembering).model_dump() == remembering
    for channel in (factors.phone, factors.email):
        assert channel.set(otp_length=8, otp_expiration_time=600).otp_length == 8
        assert channel.get().otp_expiration_time == 600


def walk_other_factors(auth0: ManagementClient) -> None:
    push, duo = auth0.guardian.factors.push_notification, auth0.guardian.factors.duo.settings
    assert push.get_sns_provider().aws_region is None
    assert push.set_sns_provider(aws_region="ap-northeast-1").aws_region == "ap-northeast-1"
    push.update_sns_provider(aws_access_key_id="id")
    push.set_apns_provider(sandbox=True, bundle_id="b", p_12="canary")
    push.update_apns_provider(bundle_id="c")
    assert push.get_apns_provider().bundle_id == "c"
    push.set_fcm_provider(server_key="k")
    push.update_fcm_provider(server_key="k")
    push.set_fcmv_1_provider(server_credentials="k")
    push.update_fcmv_1_provider(server_credentials="k")
    assert push.get_selected_provider().provider == "guardian"
    assert push.set_provider(provider="sns").provider == "sns"
    assert duo.get().host is None
    duo.set(ikey="i", skey="s", host="h")
    assert duo.update(host="other").ikey == "i"


def walk_logs(auth0: ManagementClient, server: Live) -> None:
    written = [server.tenant.logs.add("gd_send_sms", "sent", {"number": one}) for one in range(3)]
    assert [one.log_id for one in auth0.logs.list(per_page=2)] == written[::-1]
    assert auth0.logs.get(written[0]).type == "gd_send_sms"
    own = server.tenant.credentials.client_id
    assert [one.client_id for one in auth0.clients.list(per_page=1)] == [own]
    assert auth0.custom_domains.list() == []
    server.tenant.custom_domains.add("login.example.co.jp")
    assert [one.domain for one in auth0.custom_domains.list()] == ["login.example.co.jp"]


def walk_legacy(auth0: ManagementClient) -> None:
    phone, sms = auth0.guardian.factors.phone, auth0.guardian.factors.sms
    assert not sms.get_templates(), "an answer without a body"
    for family in (phone, sms):
        family.set_provider(provider="phone-message-hook")
        assert family.get_selected_provider().provider == "phone-message-hook"
        family.set_templates(**LEGACY_TEMPLATES)
        assert family.get_templates().enrollment_message == "{{code}} e"
        family.set_twilio_provider(sid="s", auth_token="t")
        assert family.get_twilio_provider().sid == "s"


def test_every_operation_can_be_called(
    auth0: ManagementClient, server: Live, recorder: Recorder
) -> None:
    settings = auth0.tenants.settings
    assert settings.get(fields="friendly_name").friendly_name == "Sandbox Tenant"
    walk_actions(auth0)
    walk_branding(auth0, recorder)
    walk_guardian(auth0)
    walk_other_factors(auth0)
    walk_logs(auth0, server)
    action_id = str(next(iter(auth0.actions.list())).id)
    auth0.actions.delete(action_id, force=True)
    settings.update(phone_consolidated_experience=False, friendly_name="Mine")
    walk_legacy(auth0)
    seen = called(server)
    unseen = [
        (one.method, one.path)
        for one in table.OPERATIONS
        if (one.method, one.path) not in NOT_IN_THE_SDK
        and not any(method == one.method and one.match(path) is not None for method, path in seen)
    ]
    assert unseen == []


def test_refusals_arrive_as_the_sdks_errors(auth0: ManagementClient, server: Live) -> None:
    with pytest.raises(NotFoundError):
        auth0.actions.get("nope")
    with pytest.raises(ForbiddenError) as forbidden:
        auth0.guardian.factors.phone.get_selected_provider()
    assert forbidden.value.body["errorCode"] == "legacy_mfa_phone_provider_not_allowed"
    server.tenant.clients.add(server.tenant.credentials, token_seconds=-1, default=True)
    with client(server) as expired, pytest.raises(UnauthorizedError):
        expired.actions.list()
