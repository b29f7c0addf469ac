"""A repository made by `phonemfa new`, its workflows run as declared.

A company's first day; and a change from a fork or of Dependabot, which is previewed in a sandbox.
"""

import json
from functools import partial

import pytest

from tests.ci.company import Company, ran
from tests.ci.workflows import gitlab_job
from tests.end_to_end.conftest import KEY, Tenant
from tests.end_to_end.operators import NEW_KEY, cpaas_of, running_version

pytestmark = [pytest.mark.end_to_end, pytest.mark.xdist_group("a company")]

PHONE = "+819012345678"
ELSEWHERE = "evil.example.test"


@pytest.mark.parametrize(
    "until", ["the first pull request", pytest.param("the evening", marks=pytest.mark.thorough)]
)
@pytest.mark.timeout(900)  # a day is longer than a test
def test_a_day_with_a_repository_of_ones_own(  # noqa: PLR0915 - a day is one story
    company: Company, tenant: Tenant, until: str
) -> None:
    runner = company.runner

    # The first hour, as its README says.
    pulumi = partial(
        ran,
        *("pulumi", "--non-interactive", "--stack", "dev"),
        cwd=company.desk,
        environment=company.at_desk,
    )
    pulumi("stack", "init")
    pulumi("config", "set", "--secret", "phonemfa:cpaasApiKey", stdin=KEY)
    company.settings(phonemfa_testNumbers=[PHONE])
    # A program of somebody's own may have a package that is called as one of ours.
    (company.desk / "components").mkdir()
    (company.desk / "components" / "__init__.py").write_text('OWN = "theirs"\n')
    with (company.desk / "__main__.py").open("a", encoding="utf-8") as program:
        program.write('\nimport components\n\npulumi.export("own", components.OWN)\n')
    company.commit("the first hour")
    company.push()

    # Deploy: dev is applied with its policy at never; the next one has no credentials here.
    ended = runner.run("deploy")
    assert ended["dev"].result == "success", ended["dev"].said
    assert ended["staging"].result == "failure"
    assert "not set: AUTH0_CLIENT_ID AUTH0_CLIENT_SECRET" in ended["staging"].said
    assert "prod" not in ended
    assert tenant.api("GET", "/guardian/policies") == []
    assert pulumi("stack", "output", "own") == "theirs\n"

    # A pull request of data: a text as a file, and a setting.
    (company.desk / "texts" / "otp_verify.text.liquid").write_text("新しい文面: {{ code }}\n")
    company.settings(phonemfa_recipientLimit=4)
    tenant.forget_requests()
    ended = company.pull_request(7)
    assert ended["look"].outputs["kind"] == "data"
    assert ended["preview dev"].result == "success", ended["preview dev"].said
    assert {one["method"] for one in tenant.logged() if one["path"] != "/oauth/token"} <= {"GET"}
    said = company.comment(7)
    assert "新しい文面" in said
    assert "per number" in said
    assert "**`staging`**: no report" in said, "one bad preview hides no other"
    assert company.git("rev-parse", "pull-7").strip()[:10] in said
    handed_over = [file for kept in runner.artifacts.values() for file in kept.rglob("*")]
    assert {file.suffix for file in handed_over} <= {".md", ".html"}, "no raw preview"
    if until == "the first pull request":
        return

    # One that changes what runs: nothing of it runs before an owner has approved.
    script = company.desk / "ci" / "preview"
    script.write_text(script.read_text("utf-8") + '\nenv >"$folder/stolen.md"\n')
    ended = company.pull_request(8)
    assert ended["look"].outputs["kind"] == "program"
    assert {one.result for name, one in ended.items() if name.startswith("preview")} == {"waiting"}
    assert "ci/preview" in company.comment(8)

    # One that relaxes a rule, approved: its report names it.
    levels = company.desk / "policy" / "stacks" / "dev.json"
    levels.write_text('{"no-dependency": "advisory"}\n', "utf-8")
    runner.approved = True
    ended = company.pull_request(10)
    runner.approved = False
    assert ended["preview dev"].result == "success", ended["preview dev"].said
    assert "`dev`: `no-dependency: mandatory → advisory`" in company.comment(10)

    # One that sends the client's secret elsewhere: refused before anything is asked.
    company.settings(auth0_domain=ELSEWHERE)
    tenant.forget_requests()
    ended = company.pull_request(9)
    assert ended["look"].outputs["kind"] == "data"
    assert ended["preview dev"].result == "failure"
    assert ELSEWHERE in company.comment(9)
    assert "tenants.toml" in company.comment(9)
    assert tenant.logged() == []

    # Merged and deployed; then there is no drift, until somebody changes something by hand.
    company.git("merge", "--quiet", "pull-7")
    company.push()
    assert runner.run("deploy")["dev"].result == "success"
    watched = runner.run("drift")["drift dev"]
    assert watched.result == "success", watched.said
    tenant.api("PUT", "/guardian/policies", ["confidence-score"])
    assert runner.run("drift")["drift dev"].result == "failure"
    issue = company.issue("dev")
    assert issue is not None
    assert "policy" in issue["body"]
    unseen = company.issue("prod")
    assert unseen is not None
    assert "Not set: AUTH0_CLIENT_ID" in unseen["body"], "nobody has looked at prod"
    tenant.api("PUT", "/guardian/policies", [])
    runner.run("drift")
    assert issue["state"] == "closed"

    # Operations: always as the last step, proposed as a pull request.
    company.operate("enforce")
    assert tenant.api("GET", "/guardian/policies") == ["all-applications"]
    kept = runner.artifacts["enforce-dev"] / "dev-enforce.jsonl"
    enforced = json.loads(kept.read_text("utf-8"))
    assert (enforced["before"], enforced["after"]) == ([], ["all-applications"])
    assert runner.run("deploy")["dev"].result == "success"
    assert tenant.api("GET", "/guardian/policies") == ["all-applications"]

    # A new key, and the stack's file with it.
    with cpaas_of(tenant) as cpaas:
        cpaas.post("/_sandbox/keys", json={"key": NEW_KEY}).raise_for_status()
    rotated = company.operate("rotate")
    version = running_version(tenant)["number"]
    assert runner.run("deploy")["dev"].result == "success"
    assert running_version(tenant)["number"] == version, "the deploy had nothing to do"

    # Somebody deployed other code by hand; rollback, whose key is today's.
    good = running_version(tenant)["code"]
    (action,) = tenant.api("GET", "/actions/actions")["actions"]
    tenant.api("PATCH", f"/actions/actions/{action['id']}", {"code": f"{good}// by hand\n"})
    tenant.api("POST", f"/actions/actions/{action['id']}/deploy")
    company.operate("rollback")
    assert running_version(tenant)["code"] == good
    company.operate("smoke")

    # No deploy takes MFA away; break-glass does, and then a merge of never works at once.
    company.settings(phonemfa_policy="never")
    company.commit("never")
    company.push()
    refused = runner.run("deploy")["dev"]
    assert refused.result == "failure"
    assert "the stack would lower it to never: no pulumi up does" in refused.said, "doctor"
    assert tenant.api("GET", "/guardian/policies") == ["all-applications"]
    broken = company.operate("break-glass")
    assert tenant.api("GET", "/guardian/policies") == []
    record = json.loads(
        (runner.artifacts["break-glass-dev"] / "dev-break-glass.jsonl").read_text("utf-8")
    )
    assert record["claimed"]["reason"] == "INC-1 no codes arrive"
    assert runner.run("deploy")["dev"].result == "success"
    assert tenant.api("GET", "/guardian/policies") == []

    told = [said, company.comment(8), company.comment(9), issue["body"]]
    told += [one.said for one in (*ended.values(), watched, rotated, refused, broken)]
    for secret in (KEY, NEW_KEY, tenant.client_secret):
        assert not any(secret in one for one in told)


THEIRS = "よその文面: {{ code }}\n"
WHY = "a change from a fork or from Dependabot gets no credentials"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("company", [()], indirect=True)
@pytest.mark.parametrize(
    # An address that tenants.toml does not name is left to the program (phonemfa/ci), which refuses
    # it without an engine too (components/tenant/test_access.py).
    "everywhere",
    [False, pytest.param(True, marks=pytest.mark.thorough)],
)
def test_a_strangers_change_is_previewed_in_a_sandbox_and_the_report_says_why(
    company: Company, tenant: Tenant, everywhere: bool
) -> None:
    # Nobody applied its stack yet: what a preview knows of before, its sandbox was told.
    company.settings(phonemfa_policy="always")
    company.commit("the first hour")
    company.push()
    tenant.forget_requests()

    (company.desk / "texts" / "otp_verify.text.liquid").write_text(THEIRS, "utf-8")
    with (company.desk / "requirements.lock").open("a") as lock:
        lock.write("evil==1\n")
    ended = company.pull_request(11, repository="stranger/fork")
    assert {name: one.result for name, one in ended.items()} == {
        "look": "success",
        "outside dev": "success",
        "comment": "success",
    }, [one.said for one in ended.values()]
    reports = [company.comment(11)]
    if everywhere:
        company.git("switch", "--quiet", "pull-11")
        variables = {"STACK": "dev", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
        ref = "refs/pull/11/merge"
        report = gitlab_job(company.runner, "preview in a sandbox", ref, variables)
        reports.append((report / "build" / "report" / "dev.md").read_text("utf-8"))

    for said in reports:
        assert WHY in said
        assert "a stand-in on the runner, one to which the stack was applied as it is" in said
        assert "よその文面" in said
        assert "`dev`: **1 update.**" in said, "the sandbox has what the base declares"
    assert tenant.logged() == [], "nobody's tenant was asked"
