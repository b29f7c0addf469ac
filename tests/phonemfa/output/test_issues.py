"""One issue a subject and one comment a pull request, against stand-ins of GitHub and of GitLab."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from githubkit.versions import LATEST_VERSION

from phonemfa.output.github import GitHub
from phonemfa.output.issues import HostError, Issues, issues_of_this_run
from tests.phonemfa.github_stand_in import GitHubStandIn, GitLabStandIn

HOSTS = [pytest.param(GitHubStandIn, id="github"), pytest.param(GitLabStandIn, id="gitlab")]
ADDRESS = {GitHubStandIn: "GITHUB_API_URL", GitLabStandIn: "CI_API_V4_URL"}
VARIABLES = {
    GitHubStandIn: ["GITHUB_TOKEN", "GITHUB_REPOSITORY"],
    GitLabStandIn: ["CI_API_V4_URL", "CI_PROJECT_ID", "GITLAB_ISSUES_TOKEN"],
}
TOKEN = {one: next(name for name in VARIABLES[one] if "TOKEN" in name) for one in VARIABLES}
ANY, GITHUB = (
    pytest.mark.parametrize("stand_in", some, indirect=True) for some in (HOSTS, HOSTS[:1])
)
REPORT = "<!-- phonemfa:report -->\n"


@pytest.fixture
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


@ANY
def test_an_issue_is_opened_once_found_behind_others_updated_and_closed_when_it_is_over(
    issues: Issues, stand_in: GitHubStandIn
) -> None:
    for _ in range(130):
        stand_in.add_issue("another", labels=["drift"])
    outcomes = [drift_issue(issues, text) for text in ("policy", "policy", "policy, template")]
    assert outcomes == ["opened", "unchanged", "updated"]
    again = issues.upsert_issue("drift:dev", label="drift", title="t", body="policy, template")
    assert again.outcome == "updated", "a title is text too"
    assert [one.outcome for one in issues.close_issue("drift:dev", label="drift", comment="over")]
    assert issues.close_issue("drift:dev", label="drift", comment="over") == []
    (issue,) = stand_in.issues[130:]
    assert (issue["state"], stand_in.comments[issue["number"]][0]["body"]) == ("closed", "over")
    assert drift_issue(issues, "again") == "opened", "a closed issue's story has ended"
    assert len(stand_in.issues[130:]) == 2
    below = ("/repos/o/r/issues", "/api/v4/projects/42/issues")
    assert all(path.startswith(below) for _, path in stand_in.requests)
    assert stand_in.authorisations in ({f"token {stand_in.token}"}, {stand_in.token})


@ANY
def test_half_a_surrogate_pair_is_sent_as_a_mark_and_the_issue_is_found_again(
    issues: Issues, stand_in: GitHubStandIn
) -> None:
    def keep() -> str:
        half = "drift:\ud83d"
        return issues.upsert_issue(half, label="drift", title=half, body=half).outcome

    assert [keep(), keep()] == ["opened", "unchanged"]
    assert [one["title"] for one in stand_in.issues] == ["drift:\ufffd"]
    (closed,) = issues.close_issue("drift:\ud83d", label="drift", comment="over \ud83d")
    assert closed.outcome == "closed"


@GITHUB
def test_a_pull_request_has_one_comment_found_behind_others_and_no_strangers_is_taken_for_it(
    issues: GitHub, stand_in: GitHubStandIn
) -> None:
    forged = f"{REPORT}all is well"
    stand_in.add_comment(7, forged, user_type="User", association="NONE")
    for number in range(130):
        stand_in.add_comment(7, f"chat {number}")
    outcomes = [issues.upsert_comment(7, "report", text).outcome for text in ("a", "b", "b")]
    assert outcomes == ["opened", "updated", "unchanged"]
    assert [stand_in.comments[7][0]["body"], stand_in.comments[7][131]["body"]] == [
        forged,
        f"{REPORT}b",
    ]
    assert len(stand_in.comments[7]) == 132
    assert all(path.startswith("/repos/o/r/issues/") for _, path in stand_in.requests)
    assert stand_in.authorisations == {f"token {stand_in.token}"}
    assert stand_in.versions == {LATEST_VERSION}, "of the API, on each request"


@ANY
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


@ANY
def test_an_issue_without_its_label_is_an_error_because_it_would_never_be_found(
    issues: Issues, stand_in: GitHubStandIn
) -> None:
    stand_in.drops_labels = True
    with pytest.raises(HostError, match=r"issues: write|role Reporter and the scope"):
        drift_issue(issues, "policy")


@GITHUB
def test_a_text_that_github_would_refuse_is_refused_before(
    issues: GitHub, stand_in: GitHubStandIn
) -> None:
    with pytest.raises(HostError, match=str(GitHub.largest)):
        issues.upsert_comment(7, "report", "x" * GitHub.largest)
    assert stand_in.requests == []


@ANY
@pytest.mark.parametrize(
    ("status", "at_github", "at_gitlab"),
    [
        (301, "has moved", ""),
        (401, "Check GITHUB_TOKEN", "Check GITLAB_ISSUES_TOKEN"),
        (403, "`pull-requests: write` for comments", "role Reporter and the scope"),
        (404, "Check GITHUB_REPOSITORY", "a token of this project itself"),
        (410, "switched off", ""),
        (429, "limits the rate", "limits the rate"),
    ],
)
def test_a_refusal_says_what_to_do_and_never_the_token(
    issues: Issues, stand_in: GitHubStandIn, status: int, at_github: str, at_gitlab: str
) -> None:
    stand_in.refuse_with = status
    hint = at_github if isinstance(issues, GitHub) else at_gitlab
    with pytest.raises(HostError, match=rf"{status} said by the stand-in\..*{hint}") as refused:
        drift_issue(issues, "policy")
    assert stand_in.token not in str(refused.value)


@ANY
@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:1", r"No answer from 127\.0\.0\.1"),
        ("http://a:canary", "is no address of an API: it has to"),
        ("https://x:canary\x01y", "is no address of an API: it has to"),
        ("https://x:canary@", "is no address of an API: it has to"),
        ("canary", "is no address of an API: it has to"),
        ("ftp://canary", "is no address of an API: it has to"),
        ("https://xn--canary", "is no address of an API: it has to"),
    ],
)
def test_an_address_that_answers_nothing_or_is_none_is_named(
    stand_in: GitHubStandIn, monkeypatch: pytest.MonkeyPatch, address: str, said: str
) -> None:
    variable = ADDRESS[type(stand_in)]
    monkeypatch.setenv(variable, address)
    said = said if said.startswith("No") else f"{variable} {said}"
    with pytest.raises(HostError, match=said) as refused:
        drift_issue(issues_of_this_run(), "policy")
    assert "canary" not in str(refused.value), "a password may stand in it"


@ANY
def test_missing_variables_are_all_named(
    stand_in: GitHubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES[type(stand_in)]:
        monkeypatch.delenv(name)
    with pytest.raises(HostError, match=", ".join(VARIABLES[type(stand_in)])):
        issues_of_this_run()


@ANY
@pytest.mark.parametrize("token", ["canary-鍵", "canary\n"])
def test_a_token_that_no_header_takes_is_said_to_be_one(
    stand_in: GitHubStandIn, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    stand_in.refuse_with = 401  # GitHub is sent the letters as UTF-8, and says that it has no such.
    monkeypatch.setenv(TOKEN[type(stand_in)], token)
    with pytest.raises(HostError, match=r"in a token or key|Check GITHUB_TOKEN") as refused:
        drift_issue(issues_of_this_run(), "policy")
    assert "canary" not in str(refused.value)


@ANY
@pytest.mark.parametrize(
    "answer",
    [
        {"hello": "proxy"},
        [{"hello": "proxy"}],
        "hello",
        [3],
        [{"html_url": "x", "number": 1}],
        [{"body": REPORT, "html_url": "x", "user": "x"}],
        b"<html>",
        b"[" * 100_000,
    ],
    ids=lambda answer: str(answer)[:40],
)
def test_an_answer_that_is_not_the_hosts_names_the_variable_to_look_at(
    issues: Issues, stand_in: GitHubStandIn, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    monkeypatch.setattr(stand_in, "answer", lambda *_: (200, answer))
    with pytest.raises(HostError, match=f"check {ADDRESS[type(stand_in)]}"):
        drift_issue(issues, "policy")
    monkeypatch.setattr(stand_in, "answer", lambda *_: (403, answer))
    with pytest.raises(HostError, match=r"refused GET .*: 403"):
        drift_issue(issues, "policy")
    monkeypatch.setattr(stand_in, "answer", lambda *_: (200, answer))
    if isinstance(issues, GitHub):
        with pytest.raises(HostError, match="check GITHUB_API_URL"):
            issues.upsert_comment(7, "report", "x")


@ANY
@pytest.mark.parametrize("status", [200, 301])
def test_a_write_that_is_answered_otherwise_is_not_told_as_done(
    issues: Issues, stand_in: GitHubStandIn, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    drift_issue(issues, "policy")
    stand_in.add_comment(7, f"{REPORT}a")
    answer = stand_in.answer

    def writes_nothing(method: str, *more: Any) -> tuple[int, Any]:
        return answer(method, *more) if method == "GET" else (status, {"hello": "proxy"})

    monkeypatch.setattr(stand_in, "answer", writes_nothing)
    writes: list[Callable[[], object]] = [
        lambda: drift_issue(issues, "another"),
        lambda: issues.close_issue("drift:dev", label="drift", comment="over"),
    ]
    if isinstance(issues, GitHub):
        writes.append(lambda: issues.upsert_comment(7, "report", "b"))
    for write in writes:
        with pytest.raises(HostError):
            write()
