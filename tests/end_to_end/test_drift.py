"""Drift, made in a tenant and seen named; repaired by the real engine; never seen where none is.

Several at once cost one look. Every kind by itself, without the engine:
sandbox/drift/test_scenarios.py.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from typer.testing import Result

from phonemfa.drift.actions import NEW_KEY
from phonemfa.scopes import Need, names, needed_by
from sandbox.drift.hands import Hands
from sandbox.drift.scenarios import SCENARIOS
from tests.end_to_end.conftest import CONFIG, EACH_GENERATION, KEY, PHONE, Apply, Tenant
from tests.end_to_end.operators import operator_of, writes
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end
legacy_tenant = pytest.mark.generation("legacy")

REQUESTS_OF_A_LOOK = 29
"""The engine's refresh (ten) and the check's own reads, some lists in two pages."""


@dataclass
class Drifting:
    """A stack that was applied, what somebody does to its tenant, and who looks for it."""

    stack: PulumiProject
    tenant: Tenant

    def drift(self, *options: str, expect: int = 0, **environment: str) -> Result:
        """The command, as somebody would run it; nothing that it says is secret or a number."""
        operator = operator_of(self.tenant, self.stack)
        operator.environment |= environment
        result = operator.run("drift", *options, expect=expect)
        for hidden in (KEY, "by-hand", CONFIG["voiceSender"]):
            assert hidden not in result.output
        return result

    def findings(self, expect: int = 7) -> dict[str, dict[str, Any]]:
        """What the command found, by id."""
        found = json.loads(self.drift("--json", expect=expect).stdout)["findings"]
        by_id = {one["id"]: one for one in found}
        assert len(by_id) == len(found), "each is named once"
        return by_id

    def api(self, method: str, path: str, body: Any = None) -> Any:
        return self.tenant.api(method, path, body)

    def act(self, *scenarios: str) -> None:
        """Do what `python -m sandbox drift` does."""
        for one in scenarios:
            SCENARIOS[one].play(self.tenant.running.parts.tenant)

    @property
    def hands(self) -> Hands:
        """What else somebody can do beside Pulumi."""
        return Hands(self.tenant.running.parts.tenant)

    @property
    def deployed(self) -> bool:
        """Whether our Action's draft runs, as the API says."""
        found = self.api("GET", f"/actions/actions/{self.hands.action()['id']}")
        return bool(found["all_changes_deployed"])

    def template(self, kind: str) -> str:
        """The path of a customised template."""
        return f"/branding/phone/templates/{self.hands.template_id(kind)}"


@pytest.fixture
def at(apply: Apply, tenant: Tenant) -> Drifting:
    more = {"otherFactors": {"email": True}, "bindAction": True}
    return Drifting(apply(**more if tenant.generation == "unified" else {}), tenant)


def edits_and_switches(at: Drifting) -> None:
    at.hands.edit_code(f"\nconst number = '{PHONE}';")
    at.act("unbound", "policy-switched", "other-factor")
    at.api("PATCH", at.template("otp_verify"), {"disabled": True})
    at.api("PUT", "/guardian/factors/email", {"enabled": False})
    at.api("PUT", "/guardian/factors/webauthn-roaming", {"enabled": True})


def rollback_and_company(at: Drifting) -> None:
    at.act("action-undeployed", "second-action", "provider-switched", "factor-off")
    kind = "otp_enroll"
    at.api("DELETE", at.template(kind))
    texts = {"text": "{{ code }} by hand", "voice": "{{ code }} by hand"}
    at.api("POST", "/branding/phone/templates", {"type": kind, "content": {"body": texts}})
    at.api("PATCH", at.template("change_password"), {"content": {"from": PHONE}})


def secrets_that_wait(at: Drifting) -> None:
    at.act("secret-changed", "provider-gone", "fewer-message-types")
    at.api("DELETE", at.template("otp_verify"))


def another_shape_of_the_action(at: Drifting) -> None:
    at.hands.write_secrets(add="EXTRA", drop="RECIPIENT_LIMIT")
    at.act("action-renamed", "action-runtime", "action-dependencies")
    at.hands.deploy_action()


def gone(at: Drifting) -> None:
    at.act("action-gone")


def switched(at: Drifting) -> None:
    at.act("experience-switched")


def marketplace_and_dashboard(at: Drifting) -> None:
    at.act("another-bound", "action-undeployed", "provider-switched")
    at.act("mfa-in-actions-off", "country-codes")
    texts = {"enrollment_message": "{{code}} x", "verification_message": "{{code}} y"}
    at.api("PUT", "/guardian/factors/sms/templates", texts)
    code = {"otp_length": 8, "otp_expiration_time": 300}
    at.api("PUT", "/guardian/factors/phone/settings", code)


OURS = "custom-phone-provider"


def drift(
    make: Callable[[Drifting], None], *named: str, legacy: bool = False, thorough: bool = True
) -> Any:
    """As a parameter: what makes drift, and the ids it is named by."""
    marks = [legacy_tenant] if legacy else []
    marks += [pytest.mark.thorough] if thorough else []
    name = f"{'legacy' if legacy else 'unified'}-{make.__name__}"
    return pytest.param(make, set(named), id=name, marks=marks)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        drift(
            edits_and_switches,
            *(f"action-code:{OURS}", f"binding:{OURS}", "template:otp_verify", "policy"),
            *(f"other-factor:{one}" for one in ("email", "otp", "webauthn-roaming")),
        ),
        drift(
            rollback_and_company,
            *(f"action-undeployed:{OURS}", "second-action:theirs", "provider", "factor"),
            *("template:otp_enroll", "template:change_password"),
            thorough=False,
        ),
        drift(
            marketplace_and_dashboard,
            *("binding:send-phone-message/theirs", "action-undeployed:send-phone-message"),
            *("provider", "template:enrollment_message", "template:verification_message"),
            "tenant-switch:customize_mfa_in_postlogin_action",
            *("tenant-setting:countryCodes", "mfa-setting:phone/settings.otp_length"),
            legacy=True,
            thorough=False,
        ),
        drift(
            secrets_that_wait,
            *(f"secret-changed:{OURS}", "provider", "template:otp_verify", "message-types"),
        ),
        drift(
            another_shape_of_the_action,
            *(f"action:{OURS}", f"action-runtime:{OURS}", f"action-dependencies:{OURS}"),
            *(f"secret-names:{OURS}", f"secret-changed:{OURS}"),
        ),
        drift(gone, f"action:{OURS}"),
        drift(switched, "tenant-switch:phone_consolidated_experience"),
        drift(switched, "tenant-switch:phone_consolidated_experience", legacy=True),
    ],
)
def test_each_drift_is_named_once_and_no_secret_or_number_with_it(
    at: Drifting, make: Callable[[Drifting], None], named: set[str]
) -> None:
    make(at)
    assert set(at.findings()) == named


# --- Nothing where nothing is; and nothing written by looking. ----------------------------------


@EACH_GENERATION
def test_no_drift_is_found_with_read_scopes_and_nothing_written(
    at: Drifting, generation: str
) -> None:
    scopes = sorted(names(needed_by([Need.LOOK])))
    assert all(scope.startswith("read:") for scope in scopes)
    client = at.tenant.control("POST", "/clients", {"scopes": scopes})
    state = at.stack.state()
    at.tenant.forget_requests()
    result = at.drift(
        AUTH0_CLIENT_ID=client["client_id"], AUTH0_CLIENT_SECRET=client["client_secret"]
    )
    assert "no drift" in result.stdout
    requests = [one for one in at.tenant.logged() if one["path"] != "/oauth/token"]
    assert {one["method"] for one in requests} == {"GET"}, "a look only reads"
    assert len(requests) <= REQUESTS_OF_A_LOOK
    assert at.tenant.unknown_routes() == 0
    assert at.stack.state() == state, "nor does it write the state"


@pytest.mark.thorough
def test_what_others_do_beside_what_the_stack_declares_is_no_drift(at: Drifting) -> None:
    at.hands.deploy_action()
    at.api("PATCH", "/tenants/settings", {"friendly_name": "Another name"})
    login = {"name": "login", "supported_triggers": [{"id": "post-login", "version": "v3"}]}
    at.api("POST", "/actions/actions", login)
    blocked = {"body": {"text": "blocked", "voice": "blocked"}}
    template = {"type": "blocked_account", "content": blocked}
    at.api("POST", "/branding/phone/templates", template)
    assert at.findings(expect=0) == {}


@EACH_GENERATION
@pytest.mark.fidelity
@pytest.mark.timeout(1200)
def test_fifty_looks_at_an_untouched_tenant_find_nothing(at: Drifting, generation: str) -> None:
    for _ in range(50):
        at.drift()


# --- What is told of it. -------------------------------------------------------------------------


def test_a_stack_never_applied_has_no_answer(package: PulumiProject, tenant: Tenant) -> None:
    assert "no resources" in operator_of(tenant, package).run("drift", expect=2).stderr


@pytest.mark.thorough
def test_a_refresh_that_took_the_tenants_word_hides_no_drift(at: Drifting) -> None:
    at.api("PUT", "/guardian/policies", [])
    at.stack.run("refresh", "--yes", "--skip-preview")
    assert at.findings()["policy"]["recorded"], "Pulumi alone says that nothing differs"


# --- Repair. -------------------------------------------------------------------------------------


def test_repair_leaves_a_tenant_as_declared_and_somebody_elses_things_alone(at: Drifting) -> None:
    edits_and_switches(at)
    at.api("DELETE", f"/branding/phone/providers/{at.hands.provider_id()}")
    at.act("second-action")
    done = at.drift("--repair", "--any-checkout", "--yes", "--json", expect=7)
    foreseen = "pulumi up --refresh will: update phone-mfa-factor-guardian (email, policy)"
    assert foreseen in done.stderr
    assert [one["id"] for one in json.loads(done.stdout)["findings"]] == ["second-action:theirs"]
    assert "yours to do" in done.stderr
    there = at.api("GET", "/actions/actions?triggerId=custom-phone-provider")["actions"]
    assert {one["name"] for one in there} == {"ntt-cpaas-phone", "theirs"}
    assert at.api("GET", "/guardian/policies") == ["all-applications"]
    enabled = {one["name"] for one in at.api("GET", "/guardian/factors") if one["enabled"]}
    assert enabled == {"sms", "email", "otp", "webauthn-roaming"}, "unnamed ones stay as they are"


@legacy_tenant
def test_what_pulumi_cannot_repair_is_repaired_by_deploying_the_draft(at: Drifting) -> None:
    at.hands.roll_back()
    at.tenant.forget_requests()
    asked = at.drift("--repair", "--any-checkout", expect=7)
    assert "Nothing was written" in asked.stderr
    assert not at.deployed

    at.drift("--repair", "--any-checkout", "--yes")
    assert [one.rpartition("/")[2] for one in writes(at.tenant)] == ["deploy"]
    assert at.deployed


@pytest.mark.fidelity
def test_the_advice_for_a_written_secret_is_true(at: Drifting) -> None:
    at.hands.write_secrets(drop="RECIPIENT_LIMIT")
    at.hands.deploy_action()
    assert "pulumi config set --secret phonemfa:cpaasApiKey" in NEW_KEY
    at.stack.configure(secrets={"cpaasApiKey": "another-key"})
    at.stack.up("--refresh")
    assert at.findings(expect=0) == {}
