"""The package itself, applied by the real engine to a sandbox tenant."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.tenant.tenants_file import NAME
from components.vocabulary import COMPONENT
from phonemfa.pulumi.preview import read_preview
from phonemfa.report.summary import environment as environment_of
from sandbox.engine.plugin import Plugin
from tests.contract import PROJECT
from tests.end_to_end import hand_made
from tests.end_to_end.conftest import CONFIG, KEY, PHONE, Project, Tenant
from tests.end_to_end.operators import codes_sent, writes
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end
legacy_tenant = pytest.mark.generation("legacy")

REQUESTS_OF_A_REFRESH = 13
"""Token, Action, provider, three templates, and seven of Guardian."""
PROGRAMS = Path(__file__).parent / "programs"
ELSEWHERE = "elsewhere.sandbox.test"
TYPES = "/guardian/factors/phone/message-types"
BINDINGS = "/actions/triggers/send-phone-message/bindings"
# What a first write of the provider's Tenant resource would clear or change if it were careless.
OWN_SETTINGS: dict[str, Any] = {
    "country_codes": {"list": ["JP", "US"], "mode": "allow"},
    "default_redirection_uri": "https://www.example.jp/login",
    "error_page": {"html": "<p>sorry</p>", "show_log_link": False, "url": ""},
    "mtls": {"enable_endpoint_aliases": True},
    "skip_non_verifiable_callback_uri_confirmation_prompt": True,
    "session_lifetime": 24,
    "idle_session_lifetime": 8,
    "flags": {"mfa_show_factor_list_on_enrollment": False, "revoke_refresh_token_grant": True},
    "enabled_locales": ["ja", "en"],
}


# --- An applied stack. ---------------------------------------------------------------------------


def test_no_more_than_needed_is_asked(applied: PulumiProject, tenant: Tenant) -> None:
    applied.up()
    assert tenant.logged() == [], "a no-op up asks the tenant nothing"
    applied.unchanged()
    assert 0 < len(tenant.logged()) <= REQUESTS_OF_A_REFRESH
    assert tenant.unknown_routes() == 0


@pytest.mark.usefixtures("applied")
def test_a_message_of_each_channel_reaches_the_phone_through_the_action(tenant: Tenant) -> None:
    for method, channel in (("text", "sms"), ("voice", "voice")):
        sent = tenant.control("POST", "/challenge", {"to": PHONE, "delivery_method": method})
        received = tenant.control("GET", f"/messages?to=%2B{PHONE[1:]}&wait=30")["messages"]
        (message,) = [one for one in received if one["channel"] == channel]
        assert sent["code"] in message["text"].replace(", ", "").replace(",", "")


def test_the_key_is_in_no_output_and_in_no_state(applied: PulumiProject, tmp_path: Path) -> None:
    # Nor in what the first `up` said: the fixture looks.
    outputs = [applied.run("preview", "--json"), applied.run("stack", "export")]
    assert KEY not in "".join(ran.text for ran in outputs)
    assert KEY not in json.dumps(applied.outputs())
    backend = tmp_path / "sandbox" / "pulumi-state"
    files = [path for path in backend.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


def test_settings_are_asked_before_a_run_and_applied_and_there_after_it(
    applied: PulumiProject, tenant: Tenant
) -> None:
    before = applied.resource("phone-mfa")
    assert before["inputs"]["settings"]["recipientLimit"] == 10
    assert before["outputs"]["applied"] == before["inputs"]
    assert before["inputs"]["settings"]["voiceLimit"] is None, "not set, and known to be a setting"

    applied.configure(
        recipientLimit=33,
        testNumbers=[PHONE],
        deliveryMethods=["text"],
        rememberBrowser={"shown": True, "ticked": True, "inactivity": "12h", "overall": "7d"},
        oneTimeCode={"length": 8, "lifetime": "10m"},
    )
    assert "recipientLimit" in (shown := applied.run("preview", "--diff").text)
    assert "10 => 33" in shown
    applied.up()
    after = applied.resource("phone-mfa")
    assert after["outputs"]["applied"]["settings"]["recipientLimit"] == 33
    assert KEY not in json.dumps(after)
    assert PHONE not in json.dumps(after), "test numbers are nobody's business"
    # By one up, where the API lets it.
    assert tenant.api("GET", TYPES) == {"message_types": ["sms"]}
    assert tenant.api("GET", "/guardian/settings") == {
        "display_remember_me_checkbox": True,
        "remember_me_default_value": True,
        "mfa_session_inactivity_timeout": 12 * 3_600,
        "mfa_session_overall_timeout": 7 * 86_400,
    }
    code = tenant.api("GET", "/guardian/factors/phone/settings")
    assert code == {"otp_length": 8, "otp_expiration_time": 600}
    listed = tenant.api("GET", "/branding/phone/templates")["templates"]
    (text,) = [one["content"]["body"]["text"] for one in listed if one["type"] == "otp_verify"]
    assert "10分間有効" in text
    # Undeclared, they stay as they are: the recorded life "mfa-settings" (test_traces.py).
    assert applied.outputs()["smsSizes"]["otp_enroll"] == "71 UTF-16 units, 2 parts"


@pytest.mark.thorough
def test_an_earlier_state_gets_both_unasked(applied: PulumiProject, tenant: Tenant) -> None:
    exported = applied.state()
    for one in exported["deployment"]["resources"]:
        if one["type"] == COMPONENT:
            one["inputs"], one["outputs"] = {}, {}
    applied.run("stack", "import", stdin=json.dumps(exported))
    # The engine calls inputs that appear an update of the component; nothing below it changes.
    assert applied.changes() == [("update", "phone-mfa")]
    tenant.forget_requests()
    applied.up()
    assert tenant.logged() == []
    component = applied.resource("phone-mfa")
    assert component["outputs"]["applied"] == component["inputs"]


@pytest.mark.thorough  # the other answer of an assumption
def test_a_channel_goes_by_the_guide_s_two_commands(applied: PulumiProject, tenant: Tenant) -> None:
    tenant.control("PUT", "/assumptions", {"narrowing_below_message_types_refused": True})
    applied.configure(deliveryMethods=["text"])
    assert "409 Conflict" in applied.refused().text
    assert tenant.api("GET", TYPES) == {"message_types": ["sms", "voice"]}

    applied.up("--target", "**::phone-mfa-factor-guardian")
    assert tenant.api("GET", TYPES) == {"message_types": ["sms"]}
    applied.up()
    (provider,) = tenant.providers
    assert provider["configuration"]["delivery_methods"] == ["text"]
    assert applied.changes() == []


# --- A tenant from before July 2025, and its way to the unified experience and back. -------------


@legacy_tenant
def test_a_legacy_stack_sends_by_its_bound_action(applied: PulumiProject, tenant: Tenant) -> None:
    applied.unchanged()
    selected = tenant.api("GET", "/guardian/factors/phone/selected-provider")
    assert selected == {"provider": "phone-message-hook"}
    assert tenant.api("GET", "/tenants/settings")["customize_mfa_in_postlogin_action"] is True
    assert tenant.unknown_routes() == 0
    for method in ("text", "voice"):
        with codes_sent(tenant, count=1, method=method):
            pass


@legacy_tenant
def test_settings_that_are_not_its_own_stay(package: PulumiProject, tenant: Tenant) -> None:
    tenant.api("PATCH", "/tenants/settings", OWN_SETTINGS)
    before = tenant.api("GET", "/tenants/settings")
    package.configure(experience="legacy")
    package.up()
    package.up("--refresh")
    after = tenant.api("GET", "/tenants/settings")
    for owned in ("customize_mfa_in_postlogin_action", "phone_consolidated_experience"):
        del before[owned], after[owned]
    assert after == before


@pytest.mark.thorough
@legacy_tenant
def test_actions_of_others_on_it_stay_bound(package: PulumiProject, tenant: Tenant) -> None:
    other = hand_made.action(tenant, hand_made.LEGACY, name="someone-elses", bind="someone-elses")
    package.configure(experience="legacy")
    package.up()
    bound = [one["action"]["id"] for one in tenant.api("GET", BINDINGS)["bindings"]]
    assert other in bound
    assert len(bound) == 2
    package.destroy()
    assert [one["action"]["id"] for one in tenant.api("GET", BINDINGS)["bindings"]] == [other]


# The other way round, and by a preview too, without the engine: components/test_guards.py.
@legacy_tenant
def test_a_unified_stack_is_refused_unwritten(package: PulumiProject, tenant: Tenant) -> None:
    refused = package.refused().text
    assert "pulumi config set phonemfa:experience legacy" in refused
    assert "Traceback" not in refused
    assert writes(tenant) == []


@legacy_tenant
@pytest.mark.parametrize(
    "way",
    [
        pytest.param({"unified": "ntt-cpaas-phone"}, id="moves"),
        pytest.param(
            {"unified": "ntt-cpaas-phone", "legacy": "ntt-cpaas-phone-legacy"},
            marks=pytest.mark.thorough,
            id="and moves back",
        ),
    ],
)
def test_no_login_goes_without_its_code_while_the_tenant_moves(
    applied: PulumiProject, tenant: Tenant, way: dict[str, str]
) -> None:
    with codes_sent(tenant):
        for experience, sender in way.items():
            applied.configure(experience=experience, transition=True)
            applied.up()
            assert tenant.generation == experience
            applied.configure(transition=False)
            applied.up()
            assert [one["name"] for one in tenant.actions] == [sender]
            assert applied.changes() == []


# --- What is refused. ----------------------------------------------------------------------------


def test_bad_config_is_told_whole_before_requests(package: PulumiProject, tenant: Tenant) -> None:
    bad: dict[str, Any] = {
        "cpaasBaseHost": "https://cpaas.sandbox.test",
        "smsSender": "far-too-long-a-sender",
        "colour": "blue",
        "texts": {"otp_verify": {"text": "no code"}},
        # The engine knows these from Pulumi.yaml, and must leave them to the program.
        "recipientLimit": "many",
        "protect": "perhaps",
    }
    package.configure(**bad)
    refused = package.refused().text
    assert "6 faults in the config of stack t1; nothing was sent" in refused
    assert [key for key in bad if f"phonemfa:{key}" not in refused] == []
    assert "Traceback" not in refused
    assert tenant.logged() == []


@pytest.mark.parametrize(
    "command",
    ["up", pytest.param("preview", marks=[pytest.mark.thorough, legacy_tenant])],
)
def test_wrong_credentials_are_said_once(
    package: PulumiProject, tenant: Tenant, command: str
) -> None:
    package.configure(experience=tenant.generation)
    package.environment["AUTH0_CLIENT_SECRET"] = "canary-wrong"
    ran = package.refused(command)
    assert "canary" not in ran.text
    # What the engine prints while it works, it lists by resource once more.
    listed = ran.out.partition("Diagnostics:")[2]
    assert listed.count(f"{tenant.domain} refused a token for client {tenant.client_id}") == 1
    places = "The client is from AUTH0_CLIENT_ID, its secret from AUTH0_CLIENT_SECRET, the domain"
    assert listed.count(f"{places} from AUTH0_DOMAIN.") == 1
    # The language host's own program may be cut off while it ends; ours may not end in one.
    assert "components/" not in ran.text
    assert tenant.actions == []


def test_another_address_is_refused_unless_named(applied: PulumiProject, tenant: Tenant) -> None:
    applied.configure(cpaasBaseHost=ELSEWHERE, recipientLimit=33)
    here = applied.environment
    applied.environment = here | {"AUTH0_DOMAIN": ELSEWHERE}
    refused = applied.refused().text
    assert f"phonemfa:cpaasBaseHost was '{CONFIG['cpaasBaseHost']}' and is '{ELSEWHERE}'" in refused
    assert f"auth0:domain was '{tenant.domain}' and is '{ELSEWHERE}'" in refused
    assert "Traceback" not in refused
    assert tenant.logged() == []
    # The way out that it names. A first run, and one that changes no address, need none
    # (components/test_guards.py).
    applied.environment = here
    (applied.folder / NAME).write_text(
        f'[{applied.stack}]\ntenant = "{tenant.domain}"\ncpaasBaseHost = "{ELSEWHERE}"\n', "utf-8"
    )
    applied.run("preview")


def test_what_the_stand_in_plugin_does_not_have_is_told(project: Project, plugin: Plugin) -> None:
    if plugin.official:
        pytest.skip("the official plugin knows every type")
    refused = project(PROGRAMS / "unknown").refused().text
    assert "auth0:index/role:Role is not in the stand-in plugin" in refused


def test_the_plugin_s_function_tells_what_the_tenant_is(project: Project, tenant: Tenant) -> None:
    stack = project(PROGRAMS / "functions")
    stack.up()
    flags = tenant.api("GET", "/tenants/settings")["flags"]
    assert stack.outputs() == {
        "domain": tenant.domain,
        "audience": f"https://{tenant.domain}/api/v2/",
        "unified": True,
        "flags": flags["mfa_show_factor_list_on_enrollment"],
    }


# --- The policy pack. ----------------------------------------------------------------------------


def test_the_pack_stops_and_warns(applied: PulumiProject, tenant: Tenant, tmp_path: Path) -> None:
    def pack(**levels: Any) -> tuple[str, ...]:
        """Its options, with these levels."""
        file = tmp_path / "levels.json"
        file.write_text(json.dumps(levels), encoding="utf-8")
        program = str(PROJECT / "policy" / "__main__.py")
        return ("--policy-pack", program, "--policy-pack-config", str(file))

    # Mandatory: the preview fails, and an apply without its preview is stopped before it writes.
    applied.configure(policy="never", allowedPrefixes=["+81", "+886"])
    level = {"enforcementLevel": "mandatory", "production": ["t1"]}
    mandatory = pack(**{"always-in-production": level})
    refused = applied.refused("preview", *mandatory).out
    assert "❌ phonemfa@v0.1.0" in refused
    assert "[mandatory]  always-in-production" in refused
    assert "Fix: set phonemfa:policy to always" in refused
    tenant.forget_requests()
    applied.refused("up", *mandatory)
    assert writes(tenant) == []
    assert tenant.policies == ["all-applications"]

    # The rules alone say of the preview's steps what the engine said, at the stack's own levels.
    printed = json.loads(applied.run("preview", "--json", "--show-sames").out)
    (alone,) = environment_of(read_preview(printed), PROJECT).violations
    assert (alone.rule, alone.enforcement) == ("country-allow-list", "mandatory")
    assert alone.message in refused

    # Advisory: the same change passes, with a warning.
    advisory = pack(all="advisory", **{"always-in-production": {"production": ["t1"]}})
    warned = applied.run("preview", *advisory).out
    assert "⚠️ phonemfa@v0.1.0" in warned
    assert "[advisory]  country-allow-list" in warned
    assert KEY not in warned
