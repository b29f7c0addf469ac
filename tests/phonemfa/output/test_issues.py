"""One issue a subject, against local stand-ins of GitHub and of GitLab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from phonemfa.output.issues import HostError, Issues, issues_of_this_run
from tests.phonemfa.github_stand_in import GitHubStandIn
from tests.phonemfa.gitlab_stand_in import GitLabStandIn

HOSTS = [pytest.param(GitHubStandIn, id="github"), pytest.param(GitLabStandIn, id="gitlab")]
VARIABLES = {
    GitHubStandIn: ["GITHUB_TOKEN", "GITHUB_REPOSITORY"],
    GitLabStandIn: ["CI_API_V4_URL", "CI_PROJECT_ID", "GITLAB_ISSUES_TOKEN"],
}


@pytest.fixture(params=HOSTS)
def stand_in(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[GitHubStandIn]:
    with request.param() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def issues(stand_in: GitHubStandIn) -> Issues:
    return issues_of_this_run()


def drift_issue(issues: Issues, body: str, *, marker: str = "drift:dev") -> str:
    return issues.upsert_issue(marker, label="drift", title="Drift in dev", body=body).outcome


def test_an_issue_is_opened_once_updated_and_closed_when_it_is_over(
    issues: Issues, stand_in: GitHubStandIn
) -> None:
    outcomes = [drift_issue(issues, text) for text in ("policy", "policy", "policy, template")]
    assert outcomes == ["opened", "unchanged", "updated"]
    again = issues.upsert_issue("drift:dev", label="drift", title="t", body="policy, template")
    assert again.outcome == "updated", "a title is text too"
    assert [one.outcome for one in issues.close_issue("drift:dev", label="drift", comment="over")]
    assert issues.close_issue("drift:dev", label="drift", comment="over") == []
    (issue,) = stand_in.issues
    assert (issue["state"], stand_in.comments[issue["number"]][0]["body"]) == ("closed", "over")
    assert drift_issue(issues, "again") == "opened", "a closed issue's story has ended"
    assert len(stand_in.issues) == 2


def test_an_own_issue_is_found_behind_a_hundred_others(
    issues: Issues, stand_in: GitHubStandIn
) -> None:
    for _ in range(130):
        stand_in.add_issue("another", labels=["drift"])
    drift_issue(issues, "policy")
    assert drift_issue(issues, "template") == "updated"


def test_issues_of_other_subjects_and_pull_requests_are_left_alone(
    issues: Issues, stand_in: GitHubStandIn
) -> None:
    drift_issue(issues, "prod", marker="drift:prod")
    if isinstance(stand_in, GitLabStandIn):  # which lists no merge requests among issues
        stand_in.issues.clear()
    else:
        stand_in.issues[0]["pull_request"] = {}
    stand_in.add_issue("no marker", labels=["drift"])
    stand_in.add_issue("<!-- phonemfa:drift:dev -->\nunlabelled", labels=[])
    assert issues.close_issue("drift:prod", label="drift", comment="over") == []
    assert drift_issue(issues, "dev") == "opened"


def test_an_issue_without_its_label_is_an_error_because_it_would_never_be_found(
    issues: Issues, stand_in: GitHubStandIn
) -> None:
    stand_in.drops_labels = True
    with pytest.raises(HostError, match=r"issues: write|role Reporter and the scope"):
        drift_issue(issues, "policy")


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_says_what_to_do_and_never_the_token(
    issues: Issues, stand_in: GitHubStandIn, status: int
) -> None:
    stand_in.refuse_with = status
    with pytest.raises(HostError, match=r"TOKEN|token|GITHUB_REPOSITORY") as refused:
        drift_issue(issues, "policy")
    assert f"{status} said by the stand-in." in str(refused.value)
    assert stand_in.token not in str(refused.value)


def test_no_answer_is_an_error_that_names_the_host(
    stand_in: GitHubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GITHUB_API_URL", "CI_API_V4_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with pytest.raises(HostError, match=r"No answer from 127\.0\.0\.1"):
        drift_issue(issues_of_this_run(), "policy")


def test_missing_variables_are_all_named(
    stand_in: GitHubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES[type(stand_in)]:
        monkeypatch.delenv(name)
    with pytest.raises(HostError, match=", ".join(VARIABLES[type(stand_in)])):
        issues_of_this_run()


def test_every_request_is_authorised_and_below_the_repository(
    issues: Issues, stand_in: GitHubStandIn
) -> None:
    drift_issue(issues, "y")
    issues.close_issue("drift:dev", label="drift", comment="over")
    below = ("/repos/o/r/issues", "/api/v4/projects/42/issues")
    assert all(path.startswith(below) for _, path in stand_in.requests)
    assert stand_in.authorisations in ({f"token {stand_in.token}"}, {stand_in.token})


@pytest.mark.parametrize("answer", [{"hello": "proxy"}, [{"hello": "proxy"}], "hello"])
def test_an_answer_that_is_not_the_hosts_names_the_variable_to_look_at(
    issues: Issues, stand_in: GitHubStandIn, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    monkeypatch.setattr(stand_in, "answer", lambda *_: (200, answer, ""))
    with pytest.raises(HostError, match=r"check (GITHUB_API_URL|CI_API_V4_URL)"):
        drift_issue(issues, "policy")
