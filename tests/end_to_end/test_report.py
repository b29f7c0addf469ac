"""`phonemfa report` over what the real engine prints, through one stack's life."""

import json
import shutil
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest

from phonemfa.pulumi.preview import read_preview
from tests.contract import PROJECT
from tests.end_to_end.conftest import ASKS_NOBODY, KEY, Apply, Tenant
from tests.end_to_end.operators import operator_of
from tests.end_to_end.pulumi_cli import PulumiProject
from tests.phonemfa.report import previews

pytestmark = pytest.mark.end_to_end

NEXT_KEY = "canary-next-key"
BY_HAND = "canary-by-hand"


@dataclass
class Reporter:
    """Runs the command on a stack; nothing that it writes is secret."""

    tenant: Tenant
    stack: PulumiProject

    def all_formats(self, *options: str, expect: int = 0) -> tuple[str, str, dict[str, Any]]:
        """(comment, page, JSON) of one preview."""
        comment, page = self.stack.folder / "c.md", self.stack.folder / "p.html"
        files = ("--markdown", str(comment), "--html", str(page), "--json")
        ran = operator_of(self.tenant, self.stack).run("report", *options, *files, expect=expect)
        shown = comment.read_text(encoding="utf-8"), page.read_text(encoding="utf-8")
        for secret in (KEY, NEXT_KEY, BY_HAND, self.tenant.client_secret):
            assert secret not in "".join((*shown, ran.output))
        (environment,) = json.loads(ran.stdout)
        return *shown, environment


@pytest.fixture
def reporter(package: PulumiProject, tenant: Tenant) -> Reporter:
    return Reporter(tenant, package)


def known_of_the_key(environment: dict[str, Any]) -> list[str]:
    return [one["known"] for one in environment["secrets"]]


def changes(environment: dict[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    return {one["subject"]: (one["before"], one["after"]) for one in environment["differences"]}


def titles(environment: dict[str, Any]) -> set[str]:
    return {one["title"] for one in environment["risks"]}


def test_a_report_tells_what_the_engine_will_do(reporter: Reporter, apply: Apply) -> None:
    tenant, stack = reporter.tenant, reporter.stack
    comment, _, environment = reporter.all_formats()
    assert "## Phone MFA: 6 creates in 1 environment" in comment
    assert "Always from the first try" in titles(environment)
    assert known_of_the_key(environment) == []
    asked = {one["method"] for one in tenant.logged() if one["path"] != "/oauth/token"}
    assert asked == {"GET"}

    apply()
    unchanged = json.loads(stack.run("preview", "--json", "--show-sames").out)
    assert previews.missing(unchanged) == [], "the fixture has the form of the engine's answer"
    assert read_preview(unchanged).changes == []

    # What a pull request usually changes.
    for name in ("components", "actions"):
        (stack.folder / name).unlink(missing_ok=True)
        shutil.copytree(PROJECT / name, stack.folder / name)
    source = stack.folder / "actions" / "src" / "outcome.js"
    source.write_text(source.read_text(encoding="utf-8") + "\n// reviewed\n", encoding="utf-8")
    stack.configure(
        secrets={"cpaasApiKey": NEXT_KEY},
        texts={"otp_verify": {"text": "{{ code }} is your code for {{ friendly_name }}. 😀"}},
    )
    comment, page, environment = reporter.all_formats()
    assert "`t1`: **2 updates.**" in comment
    assert "the Action `ntt-cpaas-phone` (code, secrets)" in comment
    assert "```diff\n--- before\n+++ after\n" in comment
    assert "\n+// reviewed\n" in comment
    assert known_of_the_key(environment) == ["a key was changed"]
    assert "own text otp_verify.text" in changes(environment)
    (message,) = [one for one in environment["messages"] if one["before"] != one["after"]]
    assert message["before"]["text"].endswith("社員を含め、誰にも教えないでください。")
    shown = "123456 is your code for 株式会社日本架空銀行会員サービス. 😀"
    assert (message["after"]["text"], message["after"]["units"]) == (shown, 44)
    assert "carriers may garble 😀" in comment
    assert "carriers may garble: 😀" in " ".join(environment["warnings"]), "the program's own"
    assert shown in page
    assert environment["risks"] == []

    stack.configure(smsSender="far-too-long-a-sender")
    refused = operator_of(tenant, stack).run("report", expect=2)
    assert "phonemfa:smsSender" in refused.stdout
    assert "no preview" in refused.stderr


# On every change each difference and risk by itself, from a recorded preview: phonemfa/report.
@pytest.mark.thorough
def test_fewer_users_are_told_also_after_a_refresh(reporter: Reporter, apply: Apply) -> None:
    """Before the preview or within it, which Pulumi.yaml may ask for: the tenant is as it was."""
    stack = apply()
    stack.configure(
        policy="never",
        deliveryMethods=["text"],
        allowedPrefixes=["+8190"],
        messageTypes=["otp_enroll", "otp_verify"],
        otherFactors={"otp": True},
    )
    comment, _, environment = reporter.all_formats()
    assert "pulumi up will stop here: the tenant's policy is always" in comment
    assert changes(environment) == {
        "policy": ("always", "never"),
        "channels": ("SMS, voice call", "SMS"),
        "message types that are sent": (
            "change_password, otp_enroll, otp_verify",
            "otp_enroll, otp_verify",
        ),
        "country prefixes that are sent to": ("+81", "+8190"),
        "other factor otp": ("off", "on"),
    }
    assert titles(environment) >= {
        *("MFA asked for less often", "Channel taken away", "Countries taken away"),
        *("Messages no longer sent", "Text deleted"),
    }
    assert "Deletes the text `change_password`." in comment
    assert known_of_the_key(environment) == ["whether the key changes too is not told"]

    told = unordered(environment)
    project = stack.folder / "Pulumi.yaml"
    as_it_was = project.read_text(encoding="utf-8")
    project.unlink()  # a link to the package's own
    project.write_text(f"{as_it_was}\noptions:\n  refresh: always\n", encoding="utf-8")
    assert unordered(reporter.all_formats()[2]) == told
    project.write_text(as_it_was, encoding="utf-8")
    stack.run("refresh", "--yes", "--skip-preview")
    assert unordered(reporter.all_formats()[2]) == told
    assert "no deploy takes MFA away" in stack.refused().text


def unordered(environment: dict[str, Any]) -> dict[str, list[str]]:
    """What is told; the engine takes resources as they come."""
    parts = ("planned", "differences", "risks", "violations", "secrets", "code", "not_compared")
    return {part: sorted(json.dumps(one) for one in environment[part]) for part in parts}


@pytest.mark.thorough
def test_code_that_was_edited_by_hand_is_not_shown(reporter: Reporter, apply: Apply) -> None:
    applied, tenant = apply(), reporter.tenant
    (action,) = tenant.actions
    edited = f"{action['code']}\nconst key = '{BY_HAND}';\n"
    tenant.api("PATCH", f"/actions/actions/{action['id']}", {"code": edited})
    applied.environment["PULUMI_OPTION_REFRESH"] = "true"
    comment, _, environment = reporter.all_formats()
    (code,) = environment["code"]
    assert (code["before"]["ours"], code["after"]["ours"], code["lines"]) == (False, True, [])
    assert code["before"]["digest"] == sha256(edited.encode()).hexdigest()
    assert "not the package's, and so not shown" in comment


@pytest.mark.thorough
def test_always_while_the_sender_is_replaced_is_a_lockout(reporter: Reporter, apply: Apply) -> None:
    stack = apply(**ASKS_NOBODY)
    stack.run("state", "taint", stack.resource("phone-mfa-sender-action")["urn"], "--yes")
    stack.configure(policy="always")
    comment, _, environment = reporter.all_formats("--strict", expect=1)
    assert "🛑 **Lockout**, `t1`: The policy becomes always in the same change" in comment
    assert "The Action is not replaced" in titles(environment)
    assert known_of_the_key(environment) == ["which of them, and whether the key does, is not told"]


@pytest.mark.thorough
@pytest.mark.generation("legacy")
def test_a_tenant_that_moves_is_said_to_lose_nothing(reporter: Reporter, apply: Apply) -> None:
    stack = apply()
    stack.configure(experience="unified", transition=True)
    assert titles(reporter.all_formats()[2]) == {
        "The tenant changes its phone experience",
        "A transition begins",
    }
    stack.up()
    stack.configure(transition=False)
    stack.run("refresh", "--yes", "--skip-preview")
    comment, _, environment = reporter.all_formats()
    assert titles(environment) == {"A transition ends"}
    (ends,) = environment["risks"]
    assert sorted(ends["subjects"]) == ["the Action ntt-cpaas-phone-legacy", "the Action's binding"]
    assert "Pulumi's record of the tenant's switches, which stay as they are" in comment
