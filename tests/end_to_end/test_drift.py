"""Drift, made in a tenant and seen named; repaired by the real engine; never seen where none is.

One applied stack a generation serves all tests of this module: each test puts the tenant back as
it was after `pulumi up`, so that a drift costs one look and no new stack. Every kind by itself,
without the engine: sandbox/drift/test_scenarios.py.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from typer.testing import Result

from phonemfa.drift.actions import NEW_KEY
from phonemfa.scopes import Need, names, needed_by
from sandbox.drift.hands import Hands
from sandbox.drift.scenarios import SCENARIOS
from sandbox.engine.ensure import Engine
from sandbox.engine.plugin import Plugin
from sandbox.server.running import start
from tests.end_to_end.conftest import (
    CONFIG,
    KEY,
    PHONE,
    Tenant,
    checkout,
    environment_of,
    tenant_of,
)
from tests.end_to_end.operators import operator_of, writes
from tests.end_to_end.pulumi_cli import PulumiProject
from tests.end_to_end.targets import Generation
from tests.sandbox.quick import quick

pytestmark = pytest.mark.end_to_end

# One worker has all tests of a generation, so that each stack is applied once.
on_unified = pytest.mark.xdist_group("drift of a unified tenant")
on_legacy = pytest.mark.xdist_group("drift of a legacy tenant")
GENERATIONS = [
    pytest.param("unified", marks=on_unified),
    pytest.param("legacy", marks=on_legacy),
]
REQUESTS_OF_A_LOOK = 29
"""The engine's refresh (ten) and the check's own reads, some lists in two pages."""


@dataclass
class Applied:
    """A stack that was applied to a tenant of its own, and both as they were then."""

    stack: PulumiProject
    tenant: Tenant
    content: dict[str, Any]
    state: str

    def restore(self) -> None:
        """Undo whatever a test did to the tenant."""
        self.tenant.control("PUT", "/state", {"content": self.content})

    def restore_stack(self) -> None:
        """Undo whatever a test's own `pulumi` did to the state."""
        self.stack.run("stack", "import", stdin=self.state)

    def drift(self, *options: str, expect: int = 0, **environment: str) -> Result:
        """The command, as somebody would run it; nothing that it says is secret or a number."""
        operator = operator_of(self.tenant, self.stack)
        operator.environment |= environment
        result = operator.run("drift", *options, expect=expect)
        for hidden in (KEY, "by-hand", CONFIG["voiceSender"]):
            assert hidden not in result.output
        return result

    def findings(self, *options: str, expect: int = 7) -> dict[str, dict[str, Any]]:
        """What the command found, by id."""
        answer = json.loads(self.drift("--json", *options, expect=expect).stdout)
        return {one["id"]: one for one in answer["findings"]}

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

    def provider(self) -> str:
        """The path of the phone provider."""
        return f"/branding/phone/providers/{self.hands.provider_id()}"


@pytest.fixture(scope="module")
def stacks(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, plugin: Plugin
) -> Iterator[Callable[[Generation], Applied]]:
    """The stack of a generation, applied when it is first asked for; its sandbox ends with us."""
    made: dict[Generation, Applied] = {}

    def stack_of(generation: Generation) -> Applied:
        if generation not in made:
            folder = tmp_path_factory.mktemp(generation)
            tenant = tenant_of(start(quick(folder / "sandbox", generation=generation)))
            environment = environment_of(tenant, folder / "sandbox", engine, plugin)
            stack = PulumiProject(folder / "stack", environment, program=checkout(folder))
            stack.init()
            stack.configure(
                secrets={"cpaasApiKey": KEY},
                **CONFIG | {"experience": generation},
                otherFactors={"email": True},
                bindAction=True,
            )
            stack.up()
            content = tenant.control("GET", "/state?secrets=true")["content"]
            made[generation] = Applied(stack, tenant, content, json.dumps(stack.state()))
        return made[generation]

    yield stack_of
    for one in made.values():
        one.tenant.http.close()
        one.tenant.running.stop()


@pytest.fixture
def applied(stacks: Callable[[Generation], Applied], generation: Generation) -> Iterator[Applied]:
    """The stack of the test's generation."""
    yield (stack := stacks(generation))
    stack.restore()


unified = pytest.mark.parametrize("generation", GENERATIONS[:1])
legacy = pytest.mark.parametrize("generation", GENERATIONS[1:])


def edits_and_switches(at: Applied) -> None:
    at.hands.edit_code(f"\nconst number = '{PHONE}';")
    at.act("unbound", "policy-switched", "other-factor")
    at.api("PATCH", at.template("otp_verify"), {"disabled": True})
    at.api("PUT", "/guardian/factors/email", {"enabled": False})
    at.api("PUT", "/guardian/factors/webauthn-roaming", {"enabled": True})


def rollback_and_company(at: Applied) -> None:
    at.act("action-undeployed", "second-action", "provider-switched", "factor-off")
    kind = "otp_enroll"
    at.api("DELETE", at.template(kind))
    texts = {"text": "{{ code }} by hand", "voice": "{{ code }} by hand"}
    at.api("POST", "/branding/phone/templates", {"type": kind, "content": {"body": texts}})
    at.api("PATCH", at.template("change_password"), {"content": {"from": PHONE}})


def secrets_that_wait(at: Applied) -> None:
    at.act("secret-changed", "provider-gone", "fewer-message-types")
    at.api("DELETE", at.template("otp_verify"))


def another_shape_of_the_action(at: Applied) -> None:
    at.hands.write_secrets(add="EXTRA", drop="RECIPIENT_LIMIT")
    at.act("action-renamed", "action-runtime", "action-dependencies")
    at.hands.deploy_action()


def gone(at: Applied) -> None:
    at.act("action-gone")


def switched(at: Applied) -> None:
    at.act("experience-switched")


def marketplace_and_dashboard(at: Applied) -> None:
    at.act("another-bound", "action-undeployed", "provider-switched")
    at.act("mfa-in-actions-off", "country-codes")
    texts = {"enrollment_message": "{{code}} x", "verification_message": "{{code}} y"}
    at.api("PUT", "/guardian/factors/sms/templates", texts)
    code = {"otp_length": 8, "otp_expiration_time": 300}
    at.api("PUT", "/guardian/factors/phone/settings", code)


OURS = "custom-phone-provider"
DRIFTS: list[tuple[Generation, Callable[[Applied], None], set[str]]] = [
    (
        "unified",
        edits_and_switches,
        {
            *(f"action-code:{OURS}", f"binding:{OURS}", "template:otp_verify", "policy"),
            *(f"other-factor:{one}" for one in ("email", "otp", "webauthn-roaming")),
        },
    ),
    (
        "unified",
        rollback_and_company,
        {
            *(f"action-undeployed:{OURS}", "second-action:theirs", "provider", "factor"),
            *("template:otp_enroll", "template:change_password"),
        },
    ),
    (
        "legacy",
        marketplace_and_dashboard,
        {
            *("binding:send-phone-message/theirs", "action-undeployed:send-phone-message"),
            *("provider", "template:enrollment_message", "template:verification_message"),
            "tenant-switch:customize_mfa_in_postlogin_action",
            *("tenant-setting:countryCodes", "mfa-setting:phone/settings.otp_length"),
        },
    ),
    (
        "unified",
        secrets_that_wait,
        {f"secret-changed:{OURS}", "provider", "template:otp_verify", "message-types"},
    ),
    (
        "unified",
        another_shape_of_the_action,
        {
            *(f"action:{OURS}", f"action-runtime:{OURS}", f"action-dependencies:{OURS}"),
            *(f"secret-names:{OURS}", f"secret-changed:{OURS}"),
        },
    ),
    ("unified", gone, {f"action:{OURS}"}),
    ("unified", switched, {"tenant-switch:phone_consolidated_experience"}),
    ("legacy", switched, {"tenant-switch:phone_consolidated_experience"}),
]
"""What makes drift, and the ids it is named by: several at once cost one look."""


def each_drift() -> Iterator[Any]:
    """As parameters; the first three are those of every change."""
    for nth, (generation, make, named) in enumerate(DRIFTS):
        marks = [on_unified if generation == "unified" else on_legacy]
        marks += [pytest.mark.thorough] if nth >= 3 else []
        name = f"{generation}-{make.__name__}"
        yield pytest.param(generation, make, named, id=name, marks=marks)


@pytest.mark.parametrize(("generation", "make", "named"), list(each_drift()))
def test_each_drift_is_named_once_and_no_secret_or_number_with_it(
    applied: Applied, make: Callable[[Applied], None], named: set[str]
) -> None:
    make(applied)
    assert set(applied.findings()) == named


# --- Nothing where nothing is; and nothing written by looking. ----------------------------------


@pytest.mark.parametrize("generation", GENERATIONS)
def test_an_untouched_tenant_has_no_drift_and_looking_needs_read_scopes_only(
    applied: Applied,
) -> None:
    scopes = sorted(names(needed_by([Need.LOOK])))
    assert all(scope.startswith("read:") for scope in scopes)
    client = applied.tenant.control("POST", "/clients", {"scopes": scopes})
    # A state that was put back (`stack import`) has other ciphertexts.
    state = applied.stack.state()
    applied.tenant.forget_requests()
    result = applied.drift(
        AUTH0_CLIENT_ID=client["client_id"], AUTH0_CLIENT_SECRET=client["client_secret"]
    )
    assert "no drift" in result.stdout
    requests = [one for one in applied.tenant.logged() if one["path"] != "/oauth/token"]
    assert {one["method"] for one in requests} == {"GET"}, "a look only reads"
    assert len(requests) <= REQUESTS_OF_A_LOOK
    assert applied.tenant.unknown_routes() == 0
    assert applied.stack.state() == state, "nor does it write the state"


@pytest.mark.thorough
@unified
def test_what_others_do_beside_what_the_stack_declares_is_no_drift(applied: Applied) -> None:
    applied.hands.deploy_action()
    applied.api("PATCH", "/tenants/settings", {"friendly_name": "Another name"})
    login = {"name": "login", "supported_triggers": [{"id": "post-login", "version": "v3"}]}
    applied.api("POST", "/actions/actions", login)
    blocked = {"body": {"text": "blocked", "voice": "blocked"}}
    template = {"type": "blocked_account", "content": blocked}
    applied.api("POST", "/branding/phone/templates", template)
    assert applied.findings(expect=0) == {}


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.fidelity
@pytest.mark.timeout(1200)
def test_fifty_full_looks_at_an_untouched_tenant_find_nothing(applied: Applied) -> None:
    for _ in range(50):
        applied.drift()


# --- What is told of it. -------------------------------------------------------------------------


def test_a_stack_that_was_never_applied_has_no_answer(
    package: PulumiProject, tenant: Tenant
) -> None:
    assert "no resources" in operator_of(tenant, package).run("drift", expect=2).stderr


@unified
@pytest.mark.thorough
def test_a_refresh_that_took_the_tenants_word_hides_no_drift(applied: Applied) -> None:
    applied.api("PUT", "/guardian/policies", [])
    applied.stack.run("refresh", "--yes", "--skip-preview")
    try:
        assert applied.findings()["policy"]["recorded"], "Pulumi alone says that nothing differs"
    finally:
        applied.restore_stack()


# --- Repair. -------------------------------------------------------------------------------------


@unified
def test_repair_leaves_a_tenant_as_declared_and_somebody_elses_things_alone(
    applied: Applied,
) -> None:
    edits_and_switches(applied)
    applied.api("DELETE", applied.provider())
    applied.act("second-action")
    try:
        done = applied.drift("--repair", "--any-checkout", "--yes", "--json", expect=7)
    finally:
        applied.restore_stack()
    foreseen = "pulumi up --refresh will: update phone-mfa-factor-guardian (email, policy)"
    assert foreseen in done.stderr
    assert [one["id"] for one in json.loads(done.stdout)["findings"]] == ["second-action:theirs"]
    assert "yours to do" in done.stderr
    there = applied.api("GET", "/actions/actions?triggerId=custom-phone-provider")["actions"]
    assert {one["name"] for one in there} == {"ntt-cpaas-phone", "theirs"}
    assert applied.api("GET", "/guardian/policies") == ["all-applications"]
    enabled = {one["name"] for one in applied.api("GET", "/guardian/factors") if one["enabled"]}
    assert enabled == {"sms", "email", "otp", "webauthn-roaming"}, "unnamed ones stay as they are"


@legacy
def test_what_pulumi_cannot_repair_is_repaired_by_deploying_the_draft(applied: Applied) -> None:
    applied.hands.roll_back()
    applied.tenant.forget_requests()
    asked = applied.drift("--repair", "--any-checkout", expect=7)
    assert "Nothing was written" in asked.stderr
    assert not applied.deployed

    applied.drift("--repair", "--any-checkout", "--yes")
    assert [one.rpartition("/")[2] for one in writes(applied.tenant)] == ["deploy"]
    assert applied.deployed


@unified
@pytest.mark.fidelity
def test_the_advice_for_a_written_secret_is_true(applied: Applied) -> None:
    applied.hands.write_secrets(drop="RECIPIENT_LIMIT")
    applied.hands.deploy_action()
    assert "pulumi config set --secret phonemfa:cpaasApiKey" in NEW_KEY
    try:
        applied.stack.configure(secrets={"cpaasApiKey": "another-key"})
        applied.stack.up("--refresh")
        assert applied.findings(expect=0) == {}
    finally:
        applied.stack.configure(secrets={"cpaasApiKey": KEY})
        applied.restore_stack()
