"""Tenants that were configured by hand become stacks, and `pulumi preview` finds no change."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from phonemfa.pulumi.preview import read_preview
from tests.end_to_end import hand_made
from tests.end_to_end.conftest import CONFIG, KEY, Project, Tenant, checkout
from tests.end_to_end.operators import Operator, operator_of
from tests.end_to_end.pulumi_cli import PulumiProject, changed

pytestmark = pytest.mark.end_to_end
legacy_tenant = pytest.mark.generation("legacy")
Shape = Callable[[Tenant], None]


@dataclass
class Adopter:
    """Runs the command in a stack's project, with the environment that Pulumi has."""

    stack: PulumiProject
    tenant: Tenant

    def adopt(self) -> dict[str, Any]:
        """Write, import, preview without a change; answers what `--json` printed."""
        before = everything(self.tenant)
        result = operator_of(self.tenant, self.stack).run("adopt", "--yes", "--json")
        assert hand_made.SECRET not in result.output
        answer: dict[str, Any] = json.loads(result.stdout)
        (imported,) = [one for one in answer["files"] if one.endswith("import.json")]
        where = ("--file", imported, "--generate-code=false")
        self.stack.run("import", *where, "--yes", "--skip-preview")
        # `pulumi preview` knows every resource and changes none.
        previewed = json.loads(self.stack.run("preview", "--json", "--show-sames").out)
        # An import gives the component no inputs; the next `up` records them.
        assert set(changed(previewed["steps"])) <= {("update", "phone-mfa")}
        assert read_preview(previewed).changes == []
        assert [one for one in previewed["steps"] if one["urn"].endswith("-factor-guardian")]
        assert everything(self.tenant) == before
        assert self.tenant.unknown_routes() == 0
        return answer

    def take_over(self) -> None:
        """The reviewed step: the block goes, and what the package needs of its own comes."""
        content = yaml.safe_load(self.stack.config.read_text("utf-8"))
        del content["config"]["phonemfa:adopted"]
        self.stack.config.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
        own = ("cpaasBaseHost", "smsSender", "voiceSender")
        self.stack.configure(secrets={"cpaasApiKey": KEY}, **{name: CONFIG[name] for name in own})

    @property
    def config(self) -> dict[str, Any]:
        """The stack's config, this package's keys without their namespace."""
        content = yaml.safe_load(self.stack.config.read_text("utf-8"))
        return {key.removeprefix("phonemfa:"): one for key, one in content["config"].items()}


@pytest.fixture
def adopter(tmp_path: Path, project: Project, tenant: Tenant) -> Adopter:
    return Adopter(project(checkout(tmp_path), folder="adopting"), tenant)


def everything(tenant: Tenant) -> dict[str, Any]:
    """The tenant's whole state but for what reading it leaves behind."""
    content: dict[str, Any] = tenant.control("GET", "/state?secrets=true")["content"]
    return {key: value for key, value in content.items() if key != "logs"}


# Three more are adopted on their way to being taken over.
SHAPES = [
    pytest.param(hand_made.half, marks=pytest.mark.thorough),
    pytest.param(hand_made.everything_off, marks=pytest.mark.thorough),
    pytest.param(hand_made.legacy_twilio, marks=[legacy_tenant, pytest.mark.thorough]),
    pytest.param(hand_made.marketplace, marks=[legacy_tenant, pytest.mark.thorough]),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_after_an_import_nothing_changes(shape: Shape, adopter: Adopter, tenant: Tenant) -> None:
    shape(tenant)
    adopter.adopt()
    assert hand_made.SECRET not in adopter.stack.run("stack", "export").out


def test_another_action_is_adopted_and_then_taken_over(adopter: Adopter, tenant: Tenant) -> None:
    hand_made.custom(tenant)
    rows = adopter.adopt()["rows"]
    told = {row["part"]: row for row in rows}
    assert told["its secrets"]["fate"] == "could not be read"
    assert told["its deployment"]["fate"] == "look at this"
    config = adopter.config
    assert config["policy"] == "adaptive"
    assert config["deliveryMethods"] == ["text", "voice"]
    assert config["otherFactors"] == {"email": True, "otp": False, "recoveryCode": True}
    assert config["texts"]["blocked_account"] == {"text": "blocked", "voice": "blocked"}
    found = (adopter.stack.folder / config["adopted"]["action"]["code"]).read_bytes()
    assert found == (hand_made.CODE + "// not deployed\n").encode()

    before = everything(tenant)
    adopter.stack.up()
    assert everything(tenant) == before

    adopter.take_over()
    assert set(adopter.stack.changes()) == {
        ("update", "phone-mfa"),
        ("update", "phone-mfa-sender-action"),
        ("update", "phone-mfa-sender-binding"),
        ("update", "phone-mfa-delivery-blocked-account"),
        ("update", "phone-mfa-delivery-otp-enroll"),
        ("create", "phone-mfa-delivery-otp-verify"),
        ("create", "phone-mfa-delivery-change-password"),
    }
    adopter.stack.up()
    (action,) = tenant.actions
    assert action["name"] == "社内SMS"
    assert "NTT CPaaS" in action["deployed_version"]["code"]
    # How it goes: test_undeclared_secrets_stay_until_they_may_go.
    assert adopter.config["retiredSecrets"] == ["OLD_KEY"]
    assert {"CPAAS_API_KEY", "OLD_KEY"} <= {one["name"] for one in action["secrets"]}
    assert tenant.sends_a_code()


@pytest.mark.thorough
def test_twilio_is_adopted_and_replaced_without_a_gap(adopter: Adopter, tenant: Tenant) -> None:
    hand_made.twilio(tenant)
    adopter.adopt()
    config = adopter.config
    assert config["adopted"]["provider"] == hand_made.TWILIO
    assert config["adopted"]["templates"] == {"otp_verify": {"from": "0120000000"}}
    assert config["texts"] == {
        "otp_verify": {"text": "{{ code }} は認証コード", "voice": "{{ code }}"}
    }

    adopter.take_over()
    adopter.stack.up()
    (provider,) = tenant.providers
    assert (provider["name"], provider["configuration"]) == (
        "custom",
        {"delivery_methods": ["text"]},
    )
    assert tenant.sends_a_code()


@legacy_tenant
@pytest.mark.thorough
def test_a_legacy_hook_is_taken_over_beside_others(adopter: Adopter, tenant: Tenant) -> None:
    hand_made.legacy_hook(tenant)
    rows = adopter.adopt()["rows"]
    assert [
        row["found"] for row in rows if row["fate"] == "left alone" and "Action" in row["found"]
    ]
    assert adopter.config["texts"] == {
        "otp_enroll": {"text": "{{ tenant.friendly_name }} {{ code }} を登録"},
        "otp_verify": {"text": "{{ tenant.friendly_name }} {{ code }} を確認"},
    }

    adopter.take_over()
    adopter.stack.up()
    bound = tenant.api("GET", "/actions/triggers/send-phone-message/bindings")["bindings"]
    assert [one["action"]["name"] for one in bound] == ["sms-sender-legacy", "logger"]
    texts = tenant.api("GET", "/guardian/factors/sms/templates")
    written = texts["verification_message"]
    assert "{% else %}{{ tenant.friendly_name }} {{ code }} を確認{% endif %}" in written


def test_read_scopes_are_enough_and_a_missing_one_is_named(tmp_path: Path, tenant: Tenant) -> None:
    scopes = ["actions", "phone_providers", "phone_templates", "tenant_settings"]
    scopes += ["guardian_factors", "mfa_policies"]
    for left_out, expected in (("", 0), ("mfa_policies", 2)):
        granted = [f"read:{scope}" for scope in scopes if scope != left_out]
        client = tenant.control("POST", "/clients", {"scopes": granted})
        environment = {
            "AUTH0_DOMAIN": tenant.domain,
            "AUTH0_CLIENT_ID": client["client_id"],
            "AUTH0_CLIENT_SECRET": client["client_secret"],
            "SSL_CERT_FILE": str(tenant.ca_file),
        }
        operator = Operator(tenant, tmp_path, "t1", environment)
        result = operator.run("adopt", "--yes", expect=expected)
        assert f"read:{left_out}" in result.output or not left_out
