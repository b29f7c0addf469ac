"""One comment a pull request and one issue a subject, against a local stand-in of GitHub."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from phonemfa.output.github import MAX_BODY, GitHub, GitHubError
from tests.phonemfa.github_stand_in import GitHubStandIn


@pytest.fixture
def stand_in() -> Iterator[GitHubStandIn]:
    with GitHubStandIn() as running:
        yield running


@pytest.fixture
def github(stand_in: GitHubStandIn) -> GitHub:
    return GitHub.of(stand_in.environment)


def drift_issue(github: GitHub, body: str, *, marker: str = "drift:dev") -> str:
    return github.upsert_issue(marker, label="drift", title="Drift in dev", body=body).outcome


def test_a_pull_request_gets_one_comment_that_is_kept_up_to_date(
    github: GitHub, stand_in: GitHubStandIn
) -> None:
    outcomes = [github.upsert_comment(7, "report", text).outcome for text in ("a", "b", "b")]
    assert outcomes == ["opened", "updated", "unchanged"]
    (comment,) = stand_in.comments[7]
    assert comment["body"] == "<!-- phonemfa:report -->\nb"


def test_an_own_comment_is_found_behind_a_hundred_others(
    github: GitHub, stand_in: GitHubStandIn
) -> None:
    for number in range(130):
        stand_in.add_comment(7, f"chat {number}")
    stand_in.add_comment(7, "<!-- phonemfa:report -->\nold")
    assert github.upsert_comment(7, "report", "new").outcome == "updated"
    assert len(stand_in.comments[7]) == 131


def test_a_strangers_comment_with_our_marker_is_not_ours(
    github: GitHub, stand_in: GitHubStandIn
) -> None:
    forged = "<!-- phonemfa:report -->\nall is well"
    stand_in.add_comment(7, forged, user_type="User", association="NONE")
    assert github.upsert_comment(7, "report", "risks").outcome == "opened"
    assert stand_in.comments[7][0]["body"] == forged


def test_an_issue_is_opened_once_updated_and_closed_when_it_is_over(
    github: GitHub, stand_in: GitHubStandIn
) -> None:
    outcomes = [drift_issue(github, text) for text in ("policy", "policy", "policy, template")]
    assert outcomes == ["opened", "unchanged", "updated"]
    again = github.upsert_issue("drift:dev", label="drift", title="t", body="policy, template")
    assert again.outcome == "updated", "a title is text too"
    assert [one.outcome for one in github.close_issue("drift:dev", label="drift", comment="over")]
    assert github.close_issue("drift:dev", label="drift", comment="over") == []
    (issue,) = stand_in.issues
    assert (issue["state"], stand_in.comments[issue["number"]][0]["body"]) == ("closed", "over")
    assert drift_issue(github, "again") == "opened", "a closed issue's story has ended"
    assert len(stand_in.issues) == 2


def test_issues_of_other_subjects_and_pull_requests_are_left_alone(
    github: GitHub, stand_in: GitHubStandIn
) -> None:
    drift_issue(github, "prod", marker="drift:prod")
    stand_in.issues[0]["pull_request"] = {}
    stand_in.add_issue("no marker", labels=["drift"])
    stand_in.add_issue("<!-- phonemfa:drift:dev -->\nunlabelled", labels=[])
    assert github.close_issue("drift:prod", label="drift", comment="over") == []
    assert drift_issue(github, "dev") == "opened"


def test_an_issue_without_its_label_is_an_error_because_it_would_never_be_found(
    github: GitHub, stand_in: GitHubStandIn
) -> None:
    stand_in.drops_labels = True
    with pytest.raises(GitHubError, match="issues: write"):
        drift_issue(github, "policy")


def test_a_text_that_github_would_refuse_is_refused_before(
    github: GitHub, stand_in: GitHubStandIn
) -> None:
    with pytest.raises(GitHubError, match=str(MAX_BODY)):
        github.upsert_comment(7, "report", "x" * MAX_BODY)
    assert stand_in.requests == []


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "GITHUB_TOKEN"),
        (403, "pull-requests: write"),
        (404, "GITHUB_REPOSITORY"),
        (410, "off"),
    ],
)
def test_a_refusal_says_what_to_do_and_never_the_token(
    github: GitHub, stand_in: GitHubStandIn, status: int, hint: str
) -> None:
    stand_in.refuse_with = status
    with pytest.raises(GitHubError, match=hint) as refused:
        github.upsert_comment(7, "report", "x")
    assert "said by the stand-in" in str(refused.value)
    assert stand_in.token not in str(refused.value)


def test_no_answer_is_an_error_that_names_the_host(stand_in: GitHubStandIn) -> None:
    environment = stand_in.environment | {"GITHUB_API_URL": "http://127.0.0.1:1"}
    with pytest.raises(GitHubError, match=r"127\.0\.0\.1"):
        GitHub.of(environment).upsert_comment(7, "report", "x")


def test_missing_variables_are_all_named() -> None:
    with pytest.raises(GitHubError, match="GITHUB_TOKEN, GITHUB_REPOSITORY"):
        GitHub.of({})


def test_every_request_is_authorised_and_below_the_repository(
    github: GitHub, stand_in: GitHubStandIn
) -> None:
    github.upsert_comment(7, "report", "x")
    drift_issue(github, "y")
    assert all(path.startswith("/repos/o/r/") for _, path in stand_in.requests)
    assert stand_in.authorisations == {f"token {stand_in.token}"}


def test_an_answer_that_is_not_githubs_names_the_variable_to_look_at(
    stand_in: GitHubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stand_in, "answer", lambda *_: (200, {"hello": "proxy"}, ""))
    with pytest.raises(GitHubError, match="check GITHUB_API_URL"):
        GitHub.of(stand_in.environment).upsert_comment(7, "report", "x")
