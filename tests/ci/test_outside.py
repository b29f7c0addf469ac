"""A change from a fork or of Dependabot is previewed in a sandbox, at GitHub and at GitLab."""

from __future__ import annotations

import pytest

from tests.ci.company import Company
from tests.ci.workflows import gitlab_job
from tests.end_to_end.conftest import Tenant

# One worker has all days of a company: its packages are installed once.
pytestmark = [pytest.mark.end_to_end, pytest.mark.xdist_group("a company")]

THEIRS = "よその文面: {{ code }}\n"
WHY = "a change from a fork or from Dependabot gets no credentials"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("company", [()], indirect=True)
@pytest.mark.parametrize(
    # The job of GitLab calls the same script (test_workflows.py); an address that tenants.toml does
    # not name is refused without an engine too (components/test_tenants_file.py).
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

    if everywhere:
        company.settings(auth0_domain="evil.example.test")
        ended = company.pull_request(10, repository="stranger/fork")
        assert ended["outside dev"].result == "failure", ended["outside dev"].said
        told = f"is 'evil.example.test', and tenants.toml names '{tenant.domain}'"
        assert told in company.comment(10)

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
