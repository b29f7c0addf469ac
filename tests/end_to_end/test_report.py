"""`phonemfa report` over what the real engine prints, through one stack's life."""

import json
import shutil
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.contract import PROJECT
from tests.end_to_end.conftest import KEY, Apply, Tenant
from tests.end_to_end.operators import operator_of
from tests.end_to_end.pulumi_cli import PulumiProject
from tests.phonemfa.report import previews

pytestmark = pytest.mark.end_to_end

NEXT_KEY = "canary-next-key"
BY_HAND = "canary-by-hand"


@dataclass
class Reporter:
    """Runs the command on a stack; keeps everything that it ever wrote."""

    tenant: Tenant
    stack: PulumiProject
    written: list[str] = field(default_factory=list)

    def run(self, *options: str, expect: int = 0) -> Result:
        result = operator_of(self.tenant, self.stack).run("report", *options, expect=expect)
        self.written += [result.stdout, result.stderr]
        return result

    def all_formats(self, *options: str, expect: int = 0) -> tuple[str, str, dict[str, Any]]:
        """(comment, page, JSON) of one preview."""
        comment, page = self.stack.folder / "c.md", self.stack.folder / "p.html"
        files = ("--markdown", str(comment), "--html", str(page), "--json")
        (environment,) = json.loads(self.run(*options, *files, expect=expect).stdout)
        shown = comment.read_text(encoding="utf-8"), page.read_text(encoding="utf-8")
        self.written += shown
        return *shown, environment


def with_sources_of_its_own(package: PulumiProject) -> Path:
    """Copies what the program is made of, so that a test may change the Action's code."""
    for name in ("components", "actions"):
        shutil.rmtree(package.folder / name, ignore_errors=True)
        (package.folder / name).unlink(missing_ok=True)
        shutil.copytree(PROJECT / name, package.folder / name)
    return package.folder / "actions" / "src" / "outcome.js"


def known_of_the_key(environment: dict[str, Any]) -> list[str]:
    return [one["known"] for one in environment["secrets"]]


def changes(environment: dict[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    return {one["subject"]: (one["before"], one["after"]) for one in environment["differences"]}


def titles(environment: dict[str, Any]) -> set[str]:
    return {one["title"] for one in environment["risks"]}


def test_a_report_tells_what_the_engine_will_do(
    package: PulumiProject, apply: Apply, tenant: Tenant
) -> None:
    source = with_sources_of_its_own(package)
    reporter = Reporter(tenant, package)
    a_new_stack_is_told(reporter, tenant)
    apply()
    the_form_of_the_engines_answer_is_that_of_the_fixture(package)
    no_change_is_three_lines(reporter)
    text_code_and_key_are_told(reporter, source)
    a_refresh_tells_the_same(reporter, fewer_users_reached_are_told(reporter))
    code_that_was_edited_by_hand_is_not_shown(reporter, tenant)
    assert "no deploy takes MFA away" in package.up(expect=None).text
    tenant.api("PUT", "/guardian/policies", [])  # break-glass
    package.up()
    always_while_the_sender_is_replaced_is_a_lockout(reporter)
    a_config_that_is_refused_is_no_answer(reporter)
    everything = "".join(reporter.written)
    for secret in (KEY, NEXT_KEY, BY_HAND, tenant.running.client_secret):
        assert secret not in everything


def a_new_stack_is_told(reporter: Reporter, tenant: Tenant) -> None:
    tenant.forget_requests()
    comment, _, environment = reporter.all_formats()
    assert "## Phone MFA: 6 creates in 1 environment" in comment
    assert "Always from the first try" in titles(environment)
    assert known_of_the_key(environment) == []
    asked = {one["method"] for one in tenant.logged() if one["path"] != "/oauth/token"}
    assert asked == {"GET"}, "a report writes nothing"


def the_form_of_the_engines_answer_is_that_of_the_fixture(package: PulumiProject) -> None:
    unchanged = json.loads(package.run("preview", "--json", "--show-sames").out)
    assert previews.missing(unchanged) == []


def no_change_is_three_lines(reporter: Reporter) -> None:
    assert reporter.run().stdout.splitlines() == [
        "## Phone MFA: nothing changes",
        "",
        "Nothing changes in `t1`.",
    ]


def text_code_and_key_are_told(reporter: Reporter, source: Path) -> None:
    """What a pull request usually changes."""
    source.write_text(source.read_text(encoding="utf-8") + "\n// reviewed\n", encoding="utf-8")
    reporter.stack.configure(
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
    assert (
        message["after"]["text"] == "123456 is your code for 株式会社日本架空銀行会員サービス. 😀"
    )
    assert message["after"]["units"] == 44
    assert "carriers may garble 😀" in comment
    assert "carriers may garble: 😀" in " ".join(environment["warnings"]), "the program's own"
    assert message["after"]["text"] in page
    assert environment["risks"] == []


def fewer_users_reached_are_told(reporter: Reporter) -> dict[str, Any]:
    reporter.stack.configure(
        policy="never",
        deliveryMethods=["text"],
        allowedPrefixes=["+8190"],
        messageTypes=["otp_enroll", "otp_verify"],
        otherFactors={"otp": True},
    )
    comment, _, environment = reporter.all_formats()
    assert "pulumi up will stop here: the tenant's policy is always" in comment
    told = changes(environment)
    assert told.pop("own text otp_verify.text")
    assert told == {
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
    return environment


def unordered(environment: dict[str, Any]) -> dict[str, list[str]]:
    """What is told; the engine takes resources as they come."""
    parts = ("planned", "differences", "risks", "violations", "secrets", "code", "not_compared")
    return {part: sorted(json.dumps(one) for one in environment[part]) for part in parts}


def a_refresh_tells_the_same(reporter: Reporter, environment: dict[str, Any]) -> None:
    """Before the preview or within it, which Pulumi.yaml may ask for: the tenant is as it was."""
    stack, told = reporter.stack, unordered(environment)
    project = stack.folder / "Pulumi.yaml"
    as_it_was = project.read_text(encoding="utf-8")
    project.unlink()  # a link to the package's own
    project.write_text(f"{as_it_was}\noptions:\n  refresh: always\n", encoding="utf-8")
    assert unordered(reporter.all_formats()[2]) == told
    project.write_text(as_it_was, encoding="utf-8")
    stack.run("refresh", "--yes", "--skip-preview")
    assert unordered(reporter.all_formats()[2]) == told


def code_that_was_edited_by_hand_is_not_shown(reporter: Reporter, tenant: Tenant) -> None:
    (action,) = tenant.actions
    edited = f"{action['code']}\nconst key = '{BY_HAND}';\n"
    tenant.api("PATCH", f"/actions/actions/{action['id']}", {"code": edited})
    reporter.stack.environment["PULUMI_OPTION_REFRESH"] = "true"
    comment, _, environment = reporter.all_formats()
    del reporter.stack.environment["PULUMI_OPTION_REFRESH"]
    (code,) = environment["code"]
    assert (code["before"]["ours"], code["after"]["ours"], code["lines"]) == (False, True, [])
    assert code["before"]["digest"] == sha256(edited.encode()).hexdigest()
    assert "not the package's, and so not shown" in comment


def always_while_the_sender_is_replaced_is_a_lockout(reporter: Reporter) -> None:
    package = reporter.stack
    package.run("state", "taint", package.resource("phone-mfa-sender-action")["urn"], "--yes")
    package.configure(policy="always")
    comment, _, environment = reporter.all_formats("--strict", expect=1)
    assert "🛑 **Lockout**, `t1`: The policy becomes always in the same change" in comment
    assert "A moment without a sender" in titles(environment)
    assert known_of_the_key(environment) == ["which of them, and whether the key does, is not told"]


def a_config_that_is_refused_is_no_answer(reporter: Reporter) -> None:
    reporter.stack.configure(smsSender="far-too-long-a-sender")
    refused = reporter.run(expect=2)
    assert "phonemfa:smsSender" in refused.stdout
    assert "no preview" in refused.stderr


@pytest.mark.thorough
@pytest.mark.generation("legacy")
def test_a_tenant_that_moves_loses_nothing_by_the_words_of_a_report(
    apply: Apply, tenant: Tenant
) -> None:
    stack = apply()
    reporter = Reporter(tenant, stack)
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
