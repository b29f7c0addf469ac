"""The same for GitLab's: a project's issues, with GitLab's names for their parts."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.phonemfa.github_stand_in import GitHubStandIn

PROJECT = "42"


class GitLabStandIn(GitHubStandIn):
    """One project, 42. Its issues are kept as GitHub's are, and answered as GitLab's."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a job would have."""
        address = super().environment["GITHUB_API_URL"]
        return {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": f"{address}/api/v4",
            "CI_PROJECT_ID": PROJECT,
            "GITLAB_ISSUES_TOKEN": self.token,
        }

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any, str]:
        """(status, JSON, no header) of one request."""
        parts = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if self.refuse_with:
            return self.refuse_with, {"message": "said by the stand-in"}, ""
        match method, parts.path.removeprefix(f"/api/v4/projects/{PROJECT}/").split("/"):
            case "GET", ["issues"]:
                assert query["state"] == "opened"
                _, found, _ = self._page(self._listed({**query, "state": "open"}), query)
                return 200, [_as_gitlab(one) for one in found], ""
            case "POST", ["issues"]:
                labels = [] if self.drops_labels else body["labels"].split(",")
                made = self.add_issue(body["description"], labels=labels, title=body["title"])
                return 201, _as_gitlab(made), ""
            case "POST", ["issues", number, "notes"]:
                return 201, {"id": self.add_comment(int(number), body["body"])["id"]}, ""
            case "PUT", ["issues", number]:
                issue = self.issues[int(number) - 1]
                assert set(body) in ({"title", "description"}, {"state_event"})
                issue["state"] = "closed" if body.get("state_event") == "close" else "open"
                issue["title"] = body.get("title", issue["title"])
                issue["body"] = body.get("description", issue["body"])
                return 200, _as_gitlab(issue), ""
        return 404, {"error": "404 Not Found"}, ""


def _as_gitlab(issue: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": 10_000 + issue["number"],
        "iid": issue["number"],
        "title": issue["title"],
        "description": issue["body"],
        "state": {"open": "opened"}.get(issue["state"], issue["state"]),
        "labels": [one["name"] for one in issue["labels"]],
        "web_url": f"https://gitlab.test/issues/{issue['number']}",
    }
