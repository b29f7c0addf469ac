"""Drift, made in a tenant and seen named; repaired by the real engine; never seen where none is.

One applied stack a generation serves all tests of this module: each test puts the tenant back as
it was after `pulumi up`, so that a drift costs one look and no new stack.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from phonemfa.cli import app
from phonemfa.console import working
from phonemfa.drift.action_secrets import NEW_KEY
from phonemfa.drift.kinds import KINDS
from phonemfa.drift.look import Subject, look
from phonemfa.engine import PulumiCli, Refreshed
from phonemfa.scopes import Need, names, needed_by
from phonemfa.stack_file import read_stack_file
from phonemfa.tenant import Access
from sandbox.engine.ensure import Engine
from sandbox.engine.plugin import Plugin
from sandbox.server import ServerConfig, start
from tests.end_to_end.conftest import CONFIG, KEY, Tenant, checkout, environment_of
from tests.end_to_end.pulumi_cli import PulumiProject
from tests.end_to_end.targets import Generation
from tests.phonemfa.github_stand_in import GitHubStandIn

pytestmark = pytest.mark.end_to_end

NUMBER = "+819012345678"
TRIGGERS = {"unified": "custom-phone-provider", "legacy": "send-phone-message"}
REQUESTS_OF_A_LOOK = 26
"""The engine's refresh (ten) and the check's own reads, some lists in two pages."""
ONE_OF_ITS_OWN = "exports.onExecuteSendPhoneMessage = async () => {};"


@dataclass
class Applied:
    """A stack that was applied to a tenant of its own, and both as they were then."""

    generation: Generation
    stack: PulumiProject
    tenant: Tenant
    content: dict[str, Any]
    state: str

    @property
    def trigger(self) -> str:
        return TRIGGERS[self.generation]

    def restore(self) -> None:
        """Undo whatever a test did to the tenant."""
        self.tenant.control("PUT", "/state", {"content": self.content})

    def restore_stack(self) -> None:
        """Undo whatever a test's own `pulumi` did to the state."""
        self.stack.run("stack", "import", stdin=self.state)

    def drift(self, *options: str, **environment: str) -> Result:
        """The command, as somebody would run it."""
        arguments = ["drift", "--stack", self.stack.stack, "--project", str(self.stack.folder)]
        variables = {**self.stack.environment, "COLUMNS": "200", **environment}
        return CliRunner().invoke(app, [*arguments, *options], env=variables)

    def findings(self, *options: str, expect: int = 7) -> dict[str, dict[str, Any]]:
        """What the command found, by id."""
        result = self.drift("--json", *options)
        assert result.exit_code == expect, result.output
        return {one["id"]: one for one in json.loads(result.stdout)["findings"]}

    def api(self, method: str, path: str, body: Any = None) -> Any:
        return self.tenant.api(method, path, body)

    def action(self) -> dict[str, Any]:
        """Our Action."""
        path = f"/actions/actions?triggerId={self.trigger}"
        (ours,) = [
            one
            for one in self.api("GET", path)["actions"]
            if one["name"].startswith("ntt-cpaas-phone")
        ]
        found: dict[str, Any] = ours
        return found

    def edit_action(self, **changes: Any) -> None:
        self.api("PATCH", f"/actions/actions/{self.action()['id']}", changes)

    def deploy_action(self) -> None:
        self.api("POST", f"/actions/actions/{self.action()['id']}/deploy")

    def roll_back(self) -> None:
        """Deploy an older version as the dashboard does; the draft stays."""
        ours = self.action()
        self.edit_action(code=f"{ours['code']}// older")
        self.deploy_action()
        version = self.action()["deployed_version"]["id"]
        self.edit_action(code=ours["code"])
        self.deploy_action()
        self.api("POST", f"/actions/actions/{ours['id']}/versions/{version}/deploy", {})

    def write_secrets(self, *, add: str = "", drop: str = "") -> None:
        """Write every secret of our Action again, as a person at a form does."""
        names = [one["name"] for one in self.action()["secrets"] if one["name"] != drop]
        names += [add] if add else []
        self.edit_action(secrets=[{"name": name, "value": "by-hand"} for name in names])

    def bind(self, *names: str) -> None:
        bindings = [
            {"ref": {"type": "action_name", "value": name}, "display_name": name} for name in names
        ]
        self.api("PATCH", f"/actions/triggers/{self.trigger}/bindings", {"bindings": bindings})

    def template(self, kind: str) -> str:
        """The path of a customised template."""
        for one in self.api("GET", "/branding/phone/templates")["templates"]:
            if one["type"] == kind and "id" in one:
                return f"/branding/phone/templates/{one['id']}"
        raise AssertionError(f"{kind} is not customised")

    def provider(self) -> str:
        """The path of the phone provider."""
        (provider,) = self.api("GET", "/branding/phone/providers")["providers"]
        return f"/branding/phone/providers/{provider['id']}"

    def factor(self, name: str, *, enabled: bool) -> None:
        self.api("PUT", f"/guardian/factors/{name}", {"enabled": enabled})

    def add_unseen(self, collection: str, of: str, **changes: Any) -> None:
        """A copy of a stored object, for what the API lets nobody make (any more)."""
        content = self.tenant.control("GET", "/state?secrets=true")["content"]
        content[collection][f"{of}-copy"] = {**content[collection][of], **changes}
        self.tenant.control("PUT", "/state", {"content": content})


def applied_stack(
    generation: Generation, folder: Path, engine: Engine, plugin: Plugin
) -> Iterator[Applied]:
    """A stack of this generation, applied; its sandbox ends with the fixture."""
    running = start(
        ServerConfig(
            state_dir=folder / "sandbox", tenant_port=0, cpaas_port=0, generation=generation
        )
    )
    tenant = Tenant(
        running=running,
        domain=running.tenant_url.removeprefix("https://"),
        client_id=running.client_id,
        client_secret=running.client_secret,
        ca_file=running.ca_file,
    )
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
    yield Applied(generation, stack, tenant, content, json.dumps(stack.state()))
    tenant.http.close()
    running.stop()


@pytest.fixture(scope="module")
def unified_stack(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, plugin: Plugin
) -> Iterator[Applied]:
    yield from applied_stack("unified", tmp_path_factory.mktemp("unified"), engine, plugin)


@pytest.fixture(scope="module")
def legacy_stack(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, plugin: Plugin
) -> Iterator[Applied]:
    yield from applied_stack("legacy", tmp_path_factory.mktemp("legacy"), engine, plugin)


@pytest.fixture
def unified(unified_stack: Applied) -> Iterator[Applied]:
    yield unified_stack
    unified_stack.restore()


@pytest.fixture
def legacy(legacy_stack: Applied) -> Iterator[Applied]:
    yield legacy_stack
    legacy_stack.restore()


# --- Each kind of drift: made in the tenant, seen named. Several at once cost one look. ---------

Drifts = tuple[Callable[[Applied], None], set[str]]


def edits_and_switches(at: Applied) -> None:
    at.edit_action(code=at.action()["code"] + f"\nconst number = '{NUMBER}';")
    at.bind()
    at.api("PATCH", at.template("otp_verify"), {"disabled": True})
    at.api("PUT", "/guardian/policies", [])
    at.factor("email", enabled=False)
    at.factor("otp", enabled=True)
    at.factor("webauthn-roaming", enabled=True)


def rollback_and_company(at: Applied) -> None:
    at.roll_back()
    ours = at.action()["id"]
    at.add_unseen("actions", ours, id=f"{ours}-copy", name="theirs")
    path = at.provider()
    twilio = {"name": "twilio", "disabled": False, "credentials": {"auth_token": "canary"}}
    sender = {"sid": "AC1", "default_from": NUMBER, "delivery_methods": ["text", "voice"]}
    at.api("PATCH", path, {**twilio, "configuration": sender})
    kind = "otp_enroll"
    at.api("DELETE", at.template(kind))
    texts = {"text": "{{ code }} by hand", "voice": "{{ code }} by hand"}
    at.api("POST", "/branding/phone/templates", {"type": kind, "content": {"body": texts}})
    at.api("PATCH", at.template("change_password"), {"content": {"from": NUMBER}})
    at.factor("sms", enabled=False)


def secrets_that_wait(at: Applied) -> None:
    at.write_secrets()
    at.api("DELETE", at.provider())
    at.api("DELETE", at.template("otp_verify"))
    at.api("PUT", "/guardian/factors/phone/message-types", {"message_types": ["sms"]})


def another_shape_of_the_action(at: Applied) -> None:
    at.write_secrets(add="EXTRA", drop="RECIPIENT_LIMIT")
    at.edit_action(
        name="renamed",
        runtime="node18-actions",
        dependencies=[{"name": "left-pad", "version": "1.3.0"}],
    )
    path = f"/actions/actions/{at.api('GET', '/actions/actions')['actions'][0]['id']}"
    at.api("POST", f"{path}/deploy")


def gone(at: Applied) -> None:
    path = f"/actions/actions/{at.action()['id']}?force=true"
    at.api("DELETE", path)


def switched_to_legacy(at: Applied) -> None:
    at.api("PATCH", "/tenants/settings", {"phone_consolidated_experience": False})


UNIFIED: list[Drifts] = [
    (
        edits_and_switches,
        {
            "action-code:custom-phone-provider",
            "binding:custom-phone-provider",
            "template:otp_verify",
            "policy",
            "other-factor:email",
            "other-factor:otp",
            "other-factor:webauthn-roaming",
        },
    ),
    (
        rollback_and_company,
        {
            "action-undeployed:custom-phone-provider",
            "second-action:theirs",
            "provider",
            "template:otp_enroll",
            "template:change_password",
            "factor",
        },
    ),
    (
        secrets_that_wait,
        {
            "secret-changed:custom-phone-provider",
            "provider",
            "template:otp_verify",
            "message-types",
        },
    ),
    (
        another_shape_of_the_action,
        {
            "action:custom-phone-provider",
            "action-runtime:custom-phone-provider",
            "action-dependencies:custom-phone-provider",
            "secret-names:custom-phone-provider",
            "secret-changed:custom-phone-provider",
        },
    ),
    (gone, {"action:custom-phone-provider"}),
    (switched_to_legacy, {"tenant-switch:phone_consolidated_experience"}),
]


def marketplace_and_dashboard(at: Applied) -> None:
    ours = at.action()["name"]
    at.tenant.bind_foreign_action("theirs")
    at.bind("theirs", ours)
    at.roll_back()
    at.api("PUT", "/guardian/factors/phone/selected-provider", {"provider": "auth0"})
    texts = {"enrollment_message": "{{code}} x", "verification_message": "{{code}} y"}
    at.api("PUT", "/guardian/factors/sms/templates", texts)
    settings = {
        "customize_mfa_in_postlogin_action": False,
        "country_codes": {"list": ["JP"], "mode": "allow"},
    }
    at.api("PATCH", "/tenants/settings", settings)


def edited_and_unbound(at: Applied) -> None:
    at.edit_action(code=ONE_OF_ITS_OWN)
    at.deploy_action()
    at.bind()
    at.factor("sms", enabled=False)


def switched_to_unified(at: Applied) -> None:
    at.api("PATCH", "/tenants/settings", {"phone_consolidated_experience": True})


LEGACY: list[Drifts] = [
    (
        marketplace_and_dashboard,
        {
            "binding:send-phone-message/theirs",
            "action-undeployed:send-phone-message",
            "provider",
            "template:enrollment_message",
            "template:verification_message",
            "tenant-switch:customize_mfa_in_postlogin_action",
            "tenant-setting:countryCodes",
        },
    ),
    (
        edited_and_unbound,
        {"action-code:send-phone-message", "binding:send-phone-message", "factor"},
    ),
    (switched_to_unified, {"tenant-switch:phone_consolidated_experience"}),
]


def name_of(value: object) -> str:
    return getattr(value, "__name__", "all")


@pytest.mark.parametrize(("make", "named"), UNIFIED, ids=name_of)
def test_each_drift_of_a_unified_tenant_is_named_once(
    unified: Applied, make: Callable[[Applied], None], named: set[str]
) -> None:
    make(unified)
    assert set(unified.findings()) == named


@pytest.mark.parametrize(("make", "named"), LEGACY, ids=name_of)
def test_each_drift_of_a_legacy_tenant_is_named_once(
    legacy: Applied, make: Callable[[Applied], None], named: set[str]
) -> None:
    make(legacy)
    assert set(legacy.findings()) == named


def test_every_kind_is_made_in_a_tenant_by_one_of_these_tests() -> None:
    made = {one.partition(":")[0] for _, named in [*UNIFIED, *LEGACY] for one in named}
    assert made == KINDS.keys() - {"other"}, "`other` is what no known resource shows"


# --- Nothing where nothing is; and nothing written by looking. ----------------------------------

RUNS = 50
"""Looks at an untouched tenant, for each generation."""


def untouched(applied: Applied) -> None:
    scopes = sorted(names(needed_by([Need.LOOK])))
    assert all(scope.startswith("read:") for scope in scopes)
    client = applied.tenant.control("POST", "/clients", {"scopes": scopes})
    applied.tenant.forget_requests()
    result = applied.drift(
        AUTH0_CLIENT_ID=client["client_id"], AUTH0_CLIENT_SECRET=client["client_secret"]
    )
    assert (result.exit_code, "no drift" in result.stdout) == (0, True), result.output
    requests = [one for one in applied.tenant.logged() if one["path"] != "/oauth/token"]
    assert {one["method"] for one in requests} == {"GET"}, "a look only reads"
    assert len(requests) <= REQUESTS_OF_A_LOOK
    assert applied.tenant.unknown_routes() == 0
    assert json.loads(applied.state) == applied.stack.state(), "nor does it write the state"


def test_an_untouched_unified_tenant_has_no_drift_and_looking_needs_read_scopes_only(
    unified: Applied,
) -> None:
    untouched(unified)


def test_an_untouched_legacy_tenant_has_no_drift_and_looking_needs_read_scopes_only(
    legacy: Applied,
) -> None:
    untouched(legacy)


class Once(PulumiCli):
    """The engine's answer of one run, again and again."""

    _answer: Refreshed | None = None

    def refresh_preview(self) -> Refreshed:
        self._answer = self._answer or super().refresh_preview()
        return self._answer


def deeds_beside_the_stack(unified: Applied) -> None:
    """What others may do in a tenant without touching what the stack declares."""
    unified.deploy_action()
    unified.api("PATCH", "/tenants/settings", {"friendly_name": "Another name"})
    unified.api(
        "POST",
        "/actions/actions",
        {"name": "login", "supported_triggers": [{"id": "post-login", "version": "v3"}]},
    )
    texts = {"text": "blocked", "voice": "blocked"}
    unified.api(
        "POST", "/branding/phone/templates", {"type": "blocked_account", "content": {"body": texts}}
    )


def look_again_and_again(applied: Applied, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(applied.tenant.ca_file))
    stack = applied.stack
    settings = read_stack_file(stack.folder, stack.stack).settings
    access = Access.of(stack.environment)
    cli = Once(stack.folder, stack.stack, environ=stack.environment)
    subject = Subject(stack=stack.stack, settings=settings, access=access, cli=cli)
    for _ in range(RUNS):
        applied.tenant.control("POST", "/reset", {"generation": applied.generation})
        applied.restore()
        assert look(subject, working).findings == []
    if applied.generation == "unified":
        deeds_beside_the_stack(applied)
        assert look(subject, working).findings == []


def test_a_unified_tenant_made_anew_each_time_never_shows_drift(
    unified: Applied, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_again_and_again(unified, monkeypatch)


def test_a_legacy_tenant_made_anew_each_time_never_shows_drift(
    legacy: Applied, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_again_and_again(legacy, monkeypatch)


@pytest.mark.fidelity
@pytest.mark.timeout(1200)
def test_a_hundred_full_looks_at_untouched_tenants_find_nothing(
    unified: Applied, legacy: Applied
) -> None:
    runs = [applied.drift().exit_code for applied in (unified, legacy) for _ in range(RUNS)]
    assert runs == [0] * 2 * RUNS


# --- What is told of it. -------------------------------------------------------------------------


def test_every_output_tells_the_same_drift_and_no_secret_or_number(
    unified: Applied, tmp_path: Path
) -> None:
    rollback_and_company(unified)
    unified.api("PUT", "/guardian/policies", [])
    files = [tmp_path / "out" / name for name in ("drift.sarif", "drift.xml")]
    with GitHubStandIn() as github:
        options = ("--sarif", str(files[0]), "--junit", str(files[1]), "--issue")
        result = unified.drift(*options, **github.environment)
        assert result.exit_code == 7, result.output
        (issue,) = github.issues
    sarif, junit = (file.read_text(encoding="utf-8") for file in files)
    for text in (result.stdout, sarif, junit, issue["body"]):
        for told in ("policy", "action-undeployed", "second-action", "theirs", "target-replace"):
            assert told in text, text
        for hidden in (NUMBER, NUMBER[1:], KEY, "canary", CONFIG["voiceSender"]):
            assert hidden not in text


def test_no_answer_is_never_no_drift(unified: Applied, tmp_path: Path) -> None:
    client = unified.tenant.control("POST", "/clients", {"scopes": ["read:actions"]})
    sarif, junit = tmp_path / "drift.sarif", tmp_path / "drift.xml"
    refused = unified.drift(
        "--sarif",
        str(sarif),
        "--junit",
        str(junit),
        AUTH0_CLIENT_ID=client["client_id"],
        AUTH0_CLIENT_SECRET=client["client_secret"],
    )
    assert refused.exit_code == 2
    assert "read:phone_providers" in refused.stderr
    assert CONFIG["voiceSender"] not in refused.output
    assert (
        json.loads(sarif.read_text())["runs"][0]["invocations"][0]["executionSuccessful"] is False
    )
    assert 'errors="1"' in junit.read_text()

    assert unified.drift("--issue", GITHUB_TOKEN="").exit_code == 2
    assert unified.drift(PATH="/nowhere").exit_code == 2
    nothing = unified.drift(PULUMI_CONFIG_PASSPHRASE_FILE="/dev/null")
    assert (nothing.exit_code, "passphrase" in nothing.stderr) == (2, True)


def test_a_stack_that_was_never_applied_has_no_answer(package: PulumiProject) -> None:
    arguments = ["drift", "--stack", package.stack, "--project", str(package.folder)]
    result = CliRunner().invoke(app, arguments, env=package.environment)
    assert (result.exit_code, "no resources" in result.stderr) == (2, True), result.output


def test_a_refresh_that_took_the_tenants_word_hides_no_drift(unified: Applied) -> None:
    unified.api("PUT", "/guardian/policies", [])
    unified.stack.run("refresh", "--yes", "--skip-preview")
    try:
        assert unified.findings()["policy"]["recorded"], "Pulumi alone says that nothing differs"
    finally:
        unified.restore_stack()


# --- Repair. -------------------------------------------------------------------------------------


def test_repair_leaves_a_tenant_as_declared_and_somebody_elses_things_alone(
    unified: Applied,
) -> None:
    edits_and_switches(unified)
    unified.api("DELETE", unified.provider())
    ours = unified.action()["id"]
    unified.add_unseen("actions", ours, id=f"{ours}-copy", name="theirs")
    try:
        done = unified.drift("--repair", "--yes", "--json")
    finally:
        unified.restore_stack()
    foreseen = "pulumi up --refresh will: update phone-mfa-factor-guardian (email, policy)"
    assert (done.exit_code, foreseen in done.stderr) == (7, True), done.output
    assert [one["id"] for one in json.loads(done.stdout)["findings"]] == ["second-action:theirs"]
    assert "yours to do" in done.stderr
    there = unified.api("GET", "/actions/actions?triggerId=custom-phone-provider")["actions"]
    assert {one["name"] for one in there} == {"ntt-cpaas-phone", "theirs"}
    assert unified.api("GET", "/guardian/policies") == ["all-applications"]
    enabled = {one["name"] for one in unified.api("GET", "/guardian/factors") if one["enabled"]}
    assert enabled == {"sms", "email", "otp", "webauthn-roaming"}, "unnamed ones stay as they are"


def test_what_pulumi_cannot_repair_is_repaired_by_deploying_the_draft(legacy: Applied) -> None:
    legacy.roll_back()
    legacy.tenant.forget_requests()
    asked = legacy.drift("--repair")
    assert (asked.exit_code, "Nothing was written" in asked.stderr) == (7, True)
    assert not legacy.action()["all_changes_deployed"]

    done = legacy.drift("--repair", "--yes")
    assert done.exit_code == 0, done.output
    writes = {
        (one["method"], one["path"].rpartition("/")[2])
        for one in legacy.tenant.logged()
        if one["method"] != "GET"
    }
    assert writes == {("POST", "token"), ("POST", "deploy")}
    assert legacy.action()["all_changes_deployed"]


def test_repair_never_deploys_a_secret_that_somebody_wrote(unified: Applied) -> None:
    unified.write_secrets()
    unified.api("PUT", "/guardian/policies", [])
    unified.tenant.forget_requests()
    refused = unified.drift("--repair", "--yes")
    assert (refused.exit_code, "BLOCKS secret-changed" in refused.stderr) == (7, True)
    requests = [one for one in unified.tenant.logged() if one["path"] != "/oauth/token"]
    assert {one["method"] for one in requests} == {"GET"}, "nothing was written"


def test_the_advice_for_a_written_secret_is_true(unified: Applied) -> None:
    unified.write_secrets(drop="RECIPIENT_LIMIT")
    unified.deploy_action()
    assert "pulumi config set --secret phonemfa:cpaasApiKey" in NEW_KEY
    try:
        unified.stack.configure(secrets={"cpaasApiKey": "another-key"})
        unified.stack.up("--refresh")
        assert unified.findings(expect=0) == {}
    finally:
        unified.stack.configure(secrets={"cpaasApiKey": KEY})
        unified.restore_stack()
