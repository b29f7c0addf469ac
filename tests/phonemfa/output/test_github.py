"""One comment a pull request, against a local stand-in of GitHub."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from phonemfa.output.github import MAX_BODY, GitHub
from phonemfa.output.issues import HostError
from tests.phonemfa.github_stand_in import GitHubStandIn


@pytest.fixture
def stand_in() -> Iterator[GitHubStandIn]:
    with GitHubStandIn() as running:
        yield running


@pytest.fixture
def github(stand_in: GitHubStandIn) -> GitHub:
    return GitHub.of(stand_in.environment)


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


def test_a_text_that_github_would_refuse_is_refused_before(
    github: GitHub, stand_in: GitHubStandIn
) -> None:
    with pytest.raises(HostError, match=str(MAX_BODY)):
        github.upsert_comment(7, "report", "x" * MAX_BODY)
    assert stand_in.requests == []


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "GITHUB_TOKEN"),
        (403, "pull-requests: write"),
        (404, "GITHUB_REPOSITORY"),
        (410, "switched off"),
    ],
)
def test_a_refused_comment_is_told_with_what_the_token_needs(
    github: GitHub, stand_in: GitHubStandIn, status: int, hint: str
) -> None:
    stand_in.refuse_with = status
    with pytest.raises(HostError, match=hint):
        github.upsert_comment(7, "report", "x")


def test_every_request_is_authorised_and_below_the_repository(
    github: GitHub, stand_in: GitHubStandIn
) -> None:
    github.upsert_comment(7, "report", "x")
    assert all(path.startswith("/repos/o/r/") for _, path in stand_in.requests)
    assert stand_in.authorisations == {f"token {stand_in.token}"}
