"""go-auth0 v1 and v2 call every operation of the sandbox that they have a method for."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.api.limiter import PLANS
from sandbox.server.running import RunningSandbox
from tests.clients.go_auth0 import BUILD_SECONDS, go_is_missing, run_steps
from tests.clients.steps import ALL, Steps, assert_succeeded, called
from tests.clients.tenants import assert_nothing_was_missing, control, sandbox_of

pytestmark = [
    pytest.mark.fidelity,
    pytest.mark.timeout(BUILD_SECONDS),
    pytest.mark.skipif(go_is_missing() is not None, reason=str(go_is_missing())),
]

FORBIDDEN = (
    "403 Forbidden: Insufficient privileges to use this deprecated feature. "
    "To handle Phone Provider/Templates refer to Tenant Phone Settings"
)
LEGACY_TEMPLATES = {"enrollment_message": "{{code}} e", "verification_message": "{{code}} v"}

NOT_IN_V1 = {
    *(
        (method, f"/guardian/factors/{path}")
        for method in ("GET", "PUT")
        for path in (
            "phone/templates",
            "phone/providers/twilio",
            "sms/selected-provider",
        )
    ),
    *(
        ("PATCH", f"/guardian/factors/{path}")
        for path in (
            "push-notification/providers/sns",
            "push-notification/providers/apns",
            "push-notification/providers/fcm",
            "push-notification/providers/fcmv1",
            "duo/settings",
        )
    ),
    ("GET", "/actions/modules"),
}
"""v1 writes settings whole, and the legacy delivery through `sms` alone."""

NOT_IN_V2 = {
    *(
        (method, f"/guardian/factors/{factor}/settings")
        for method in ("GET", "PUT")
        for factor in ("webauthn-roaming", "webauthn-platform")
    ),
    *((method, "/prompts/mfa-push") for method in ("GET", "PATCH")),
}
"""Not in Auth0's OpenAPI, from which v2 is generated."""


def played(folder: Path, version: str, part: str) -> Steps:
    with sandbox_of("legacy" if part == "legacy" else "unified", folder) as running:
        for _ in range(3):
            running.parts.tenant.logs.add("gd_send_sms", "sent", {})
        steps = run_steps(running, version, part)
        assert_nothing_was_missing(running)
        assert "canary" not in str(control(running, "GET", "/requests"))
    return steps


@pytest.fixture(scope="module")
def v1(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    return played(tmp_path_factory.mktemp("v1"), "v1", "unified")


@pytest.fixture(scope="module")
def v1_legacy(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    return played(tmp_path_factory.mktemp("v1l"), "v1", "legacy")


@pytest.fixture(scope="module")
def v2(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    return played(tmp_path_factory.mktemp("v2"), "v2", "unified")


@pytest.fixture(scope="module")
def v2_legacy(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    return played(tmp_path_factory.mktemp("v2l"), "v2", "legacy")


def test_every_operation_is_called_by_v1(v1: Steps, v1_legacy: Steps) -> None:
    assert ALL - called(v1, v1_legacy) == NOT_IN_V1


def test_every_operation_is_called_by_v2(v2: Steps, v2_legacy: Steps) -> None:
    assert ALL - called(v2, v2_legacy) == NOT_IN_V2


def test_v1_succeeds_where_auth0_would(v1: Steps, v1_legacy: Steps) -> None:
    assert_succeeded(
        v1, "errors.", "forbidden.", "actions.delete a bound one", "templates.create twice"
    )
    assert_succeeded(v1_legacy, "legacy.after the switch")


def test_v2_succeeds_where_auth0_would(v2: Steps, v2_legacy: Steps) -> None:
    assert_succeeded(v2, "errors.", "actions.delete a bound one")
    assert_succeeded(v2_legacy, "sms.templates unset")


def test_v1_writes_back_what_it_read_of_the_settings(v1: Steps) -> None:
    read = v1["settings.read again"].value
    assert read["flags"]["mfa_show_factor_list_on_enrollment"] is True
    assert (read["friendly_name"], read["enabled_locales"]) == ("みらい銀行", ["ja", "en"])


class TestActionsOfV1:
    def test_a_token_is_asked_for_once_with_basic_credentials(self, v1: Steps) -> None:
        assert v1["settings.read"].calls == ("POST /oauth/token 200", "GET /tenants/settings 200")
        own = {name: one for name, one in v1.items() if not name.startswith("errors.")}
        asked = [call for one in own.values() for call in one.calls if "/oauth/token" in call]
        assert len(asked) == 1

    def test_a_life_from_draft_to_rollback(self, v1: Steps) -> None:
        created, deployed = v1["actions.create"].value, v1["actions.deploy"].value
        assert created["status"] == "pending"
        assert [one["name"] for one in created["secrets"]] == ["KEY"]
        assert (deployed["number"], deployed["deployed"], deployed["status"]) == (1, False, "built")
        live = v1["actions.read"].value
        assert (live["deployed_version"]["number"], live["all_changes_deployed"]) == (1, True)
        assert [one["name"] for one in v1["actions.update"].value["secrets"]] == ["KEY", "OTHER"]
        versions = v1["actions.versions"].value
        assert (versions["total"], [one["number"] for one in versions["versions"]]) == (2, [2, 1])
        assert v1["actions.version"].value["deployed"] is False
        back = v1["actions.read rolled back"].value
        assert back["deployed_version"]["number"] == 3
        assert back["deployed_version"]["code"] == created["code"]
        assert back["code"] == v1["actions.update"].value["code"] != created["code"]

    def test_a_page_past_the_end_has_no_total_so_that_paging_ends(self, v1: Steps) -> None:
        pages = v1["actions.bindings"].value
        assert [len(one["bindings"] or []) for one in pages] == [1, 0]
        assert [one["total"] for one in pages] == [1, 0]
        assert v1["actions.list"].value["total"] == 1
        assert v1["actions.list a page"].value == {
            **v1["actions.list a page"].value,
            "total": 0,
            "actions": [],
        }

    def test_a_test_run_answers_its_figures(self, v1: Steps) -> None:
        assert {"action_duration_ms", "network_duration_ms"} <= v1["actions.test"].value[
            "stats"
        ].keys()

    def test_a_bound_action_stays(self, v1: Steps) -> None:
        assert v1["actions.delete a bound one"].error == {
            "type": "*management.managementError",
            "status": 409,
            "message": "409 Conflict: Unable to delete an action bound to a trigger.",
        }


class TestPhoneOfV1:
    def test_a_provider_is_switched_in_place_and_keeps_no_credentials(self, v1: Steps) -> None:
        assert v1["providers.list none"].value == {}
        created = v1["providers.create"].value
        read = v1["providers.read"].value
        assert read == {key: one for key, one in created.items() if key != "credentials"}
        assert v1["providers.list"].value == {"providers": [read]}
        twilio = v1["providers.update to twilio"].value
        assert (twilio["id"], twilio["name"]) == (created["id"], "twilio")
        assert v1["providers.update back"].value["configuration"] == read["configuration"]
        assert v1["providers.try"].value == {
            "code": 202,
            "message": "Test notification successfully sent for processing",
        }

    def test_a_template_is_a_default_until_it_is_created(self, v1: Steps) -> None:
        defaults = v1["templates.list defaults"].value["templates"]
        assert [one["type"] for one in defaults] == [
            "blocked_account",
            "change_password",
            "otp_enroll",
            "otp_verify",
        ]
        assert not any("id" in one for one in defaults)
        assert v1["templates.create twice"].error == {
            "type": "*management.managementError",
            "status": 409,
            "message": "409 Conflict: Phone template already configured for tenant",
        }
        first = v1["templates.list"].value["templates"][0]
        assert (first["type"], first["disabled"]) == ("otp_verify", True)
        assert first["content"]["body"] == {"text": "{{ code }} !", "voice": "{{ code }}"}
        reset = v1["templates.read reset"].value
        assert reset["content"]["body"] == defaults[3]["content"]["body"]
        assert reset["content"]["from"] == "0005212345"

    def test_the_channels_are_kept_in_order(self, v1: Steps) -> None:
        assert v1["phone.message types unset"].value == {"message_types": []}
        assert v1["phone.message types"].value == {"message_types": ["sms", "voice"]}


class TestOtherFactorsOfV1:
    """What the provider's acceptance tests look at after each apply."""

    def test_push_notifications(self, v1: Steps) -> None:
        assert v1["push.provider unset"].value == {"provider": "guardian"}
        assert v1["push.provider"].value == {"provider": "sns"}
        assert v1["push.sns"].value == {
            "aws_access_key_id": "id",
            "aws_region": "ap-northeast-1",
            "sns_apns_platform_application_arn": "arn1",
            "sns_gcm_platform_application_arn": "arn2",
        }
        assert v1["push.custom app"].value["app_name"] == "Mine"
        assert v1["push.apns"].value == {
            "sandbox": False,
            "bundle_id": "com.example.app",
            "enabled": True,
        }

    def test_webauthn_and_duo(self, v1: Steps) -> None:
        assert v1["roaming"].value == {
            "userVerification": "required",
            "overrideRelyingParty": False,
        }
        assert v1["platform"].value == {
            "overrideRelyingParty": True,
            "relyingPartyIdentifier": "example.com",
        }
        assert v1["duo"].value == {"host": "api-hostname", "ikey": "someKey", "skey": "someSecret"}

    def test_each_factor_is_switched_on_and_off(self, v1: Steps) -> None:
        assert all(not one["enabled"] for one in v1["guardian.factors"].value)
        assert all(one["enabled"] for one in v1["others.factors"].value)
        assert v1["guardian.policy unset"].value == []
        assert v1["guardian.policy"].value == ["all-applications"]
        assert len(v1["guardian.destroy"].calls) == 9


class TestLogsOfV1:
    def test_pages_search_and_checkpoint(self, v1: Steps) -> None:
        listed = v1["logs.list"].value
        assert v1["logs.read"].value == listed[0]
        found = v1["logs.search"].value
        assert {one["type"] for one in found} == {"gd_send_sms"}
        after = [one["_id"] for one in v1["logs.from a checkpoint"].value]
        assert after == [one["_id"] for one in reversed(listed[:-1])][:2]


class TestRefusals:
    @pytest.mark.parametrize(
        ("step", "status", "message"),
        [
            ("errors.action", 404, "404 Not Found: That action does not exist."),
            ("errors.execution", 404, "404 Not Found: That execution does not exist."),
            ("errors.provider", 404, "404 Not Found: Notification Resource not found"),
            ("errors.template", 404, "404 Not Found: Notification Resource not found"),
            ("errors.body", 400, "400 Bad Request: Payload validation error: "),
            ("errors.query", 400, "Additional properties not allowed: include_totals"),
            ("errors.token", 400, "Bad HTTP authentication header format"),
            ("forbidden.provider", 403, FORBIDDEN),
            ("forbidden.set provider", 403, FORBIDDEN),
            ("forbidden.template", 403, FORBIDDEN),
            ("forbidden.twilio", 403, FORBIDDEN),
        ],
    )
    def test_v1_reads_status_and_message(
        self, v1: Steps, step: str, status: int, message: str
    ) -> None:
        error = v1[step].error
        assert error is not None
        assert (error["type"], error["status"]) == ("*management.managementError", status)
        assert message in error["message"]

    def test_a_wrong_secret_is_tried_as_basic_and_as_form(self, v1: Steps) -> None:
        refused = v1["errors.secret"]
        assert set(refused.calls) == {"POST /oauth/token 401"}
        assert len(refused.calls) % 2 == 0
        assert refused.error is not None
        assert 'oauth2: "access_denied" "Unauthorized"' in refused.error["message"]

    @pytest.mark.parametrize(
        ("step", "kind", "status"),
        [
            ("errors.action", "NotFoundError", 404),
            ("errors.execution", "NotFoundError", 404),
            ("errors.log", "NotFoundError", 404),
            ("errors.body", "BadRequestError", 400),
            ("errors.forbidden", "ForbiddenError", 403),
            ("actions.delete a bound one", "ConflictError", 409),
        ],
    )
    def test_v2_finds_its_own_error_types(
        self, v2: Steps, step: str, kind: str, status: int
    ) -> None:
        error = v2[step].error
        assert error is not None
        assert (error["type"], error["status"]) == (f"*management.{kind}", status)


class TestLegacy:
    def test_v1_writes_the_delivery_in_the_provider_s_order(self, v1_legacy: Steps) -> None:
        assert v1_legacy["settings.read"].value["phone_consolidated_experience"] is False
        assert v1_legacy["legacy.provider unset"].value == {"provider": "auth0"}
        assert v1_legacy["legacy.template unset"].calls == (
            "GET /guardian/factors/sms/templates 204",
        )
        assert v1_legacy["legacy.provider"].value == {"provider": "phone-message-hook"}
        assert v1_legacy["legacy.template"].value == LEGACY_TEMPLATES
        assert v1_legacy["legacy.read twilio"].value == {
            "from": "+815012345678",
            "auth_token": "canary",
            "sid": "sid",
        }

    def test_the_switch_to_unified_forbids_it(self, v1_legacy: Steps) -> None:
        error = v1_legacy["legacy.after the switch"].error
        assert error is not None
        assert (error["status"], error["message"]) == (403, FORBIDDEN)

    def test_v2_takes_no_body_for_a_failure_as_it_does_with_auth0(self, v2_legacy: Steps) -> None:
        """auth0-cli has a case for it: no templates is a valid state."""
        unset = v2_legacy["sms.templates unset"]
        assert unset.calls == ("GET /guardian/factors/sms/templates 204",)
        assert unset.error is not None
        assert "the server responded with nothing" in unset.error["message"]

    def test_v2_sees_one_setting_under_both_names(self, v2_legacy: Steps) -> None:
        assert v2_legacy["phone.provider"].value == {"provider": "auth0"}
        assert v2_legacy["sms.provider"].value == {"provider": "phone-message-hook"}
        assert v2_legacy["sms.templates"].value == LEGACY_TEMPLATES
        assert v2_legacy["phone.templates"].value["enrollment_message"] == "{{code}} 2"
        assert v2_legacy["phone.twilio"].value == {"messaging_service_sid": "ms"}


class TestV2:
    def test_its_pagers_end(self, v2: Steps) -> None:
        assert v2["actions.list"].value == ["sender"]
        assert len(v2["actions.list"].calls) == 2
        assert v2["logs.list"].value['"gd_send_sms"'] >= 3
        assert all("include_totals=true" in call for call in v2["logs.list"].calls)

    def test_its_types_take_every_answer(self, v2: Steps) -> None:
        assert v2["settings.update"].value["friendly_name"] == "みらい銀行"
        assert v2["actions.version"].value["number"] == 1
        assert v2["actions.rollback"].value["number"] == 2
        assert v2["providers.read"].value["name"] == "custom"
        assert v2["templates.reset"].value["type"] == "otp_enroll"
        assert v2["templates.try"].value["code"] == 202
        assert (v2["beyond.clients"].value, v2["beyond.modules"].value) == (1, 0)

    def test_a_merge_of_settings_keeps_the_rest(self, v2: Steps) -> None:
        assert v2["push.sns"].value == {"aws_access_key_id": "id", "aws_region": "r2"}
        assert v2["push.apns"].value == {"sandbox": True, "bundle_id": "b2", "enabled": True}
        assert v2["push.update fcm"].value == {}
        assert v2["duo"].value == {"host": "h2", "ikey": "i", "skey": "canary"}


def test_v1_waits_out_the_free_plan_s_limit(tmp_path: Path) -> None:
    running: RunningSandbox
    with sandbox_of("unified", tmp_path / "state", PLANS["free"]) as running:
        steps = run_steps(running, "v1", "limited")
        assert_nothing_was_missing(running)
    reads = [call for call in steps["limited.reads"].calls if "/tenants/settings" in call]
    assert steps["limited.reads"].error is None
    assert reads.count("GET /tenants/settings 200") == 4
    assert "GET /tenants/settings 429" in reads
