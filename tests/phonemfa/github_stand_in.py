"""Stand-ins on loopback of GitHub's REST API and of GitLab's: comments and issues.

Paging, labels, states; everything else answers 404.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Thing = dict[str, Any]
NOT_FOUND = 404, {"message": "Not Found"}


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing: a test's output is the tests'."""


@contextmanager
def serving(app: WSGIApplication) -> Iterator[str]:
    """Serve it on a free port: its address."""
    with make_server("127.0.0.1", 0, app, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class GitHubStandIn:
    """One repository `o/r`. `with GitHubStandIn() as stand_in:` serves it on a free port."""

    root = "/repos/o/r/"

    def __init__(self) -> None:
        self.token = "canary-github-token"
        self.issues: list[Thing] = []
        self.comments: dict[int, list[Thing]] = {}
        self.pulls: list[Thing] = []
        self.requests: list[tuple[str, str]] = []
        self.authorisations: set[str] = set()
        self.versions: set[str] = set()
        self.refuse_with: int | None = None
        self.drops_labels = False
        self._ids = iter(range(1000, 10**6))
        self._served = ExitStack()
        self.address = ""

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a workflow run would have."""
        return {
            "GITHUB_TOKEN": self.token,
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_API_URL": self.address,
        }

    def __enter__(self) -> Self:
        self.address = self._served.enter_context(serving(self._serve))
        return self

    def __exit__(self, *_: object) -> None:
        self._served.close()

    def add_comment(
        self, number: int, body: str, *, user_type: str = "Bot", association: str = "NONE"
    ) -> Thing:
        comment = {
            "id": next(self._ids),
            "body": body,
            "html_url": f"https://github.test/{number}#c",
            "user": {"type": user_type},
            "author_association": association,
        }
        self.comments.setdefault(number, []).append(comment)
        return comment

    def add_issue(self, body: str, *, labels: list[str], title: str = "t") -> Thing:
        number = len(self.issues) + 1
        issue = {
            "number": number,
            "title": title,
            "body": body,
            "state": "open",
            "labels": [{"name": name} for name in labels if not self.drops_labels],
            "html_url": f"https://github.test/issues/{number}",
        }
        self.issues.append(issue)
        return issue

    def _serve(self, environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = json.loads(environ["wsgi.input"].read(length)) if length else None
        self.requests.append((method, path))
        token = environ.get("HTTP_AUTHORIZATION") or environ.get("HTTP_PRIVATE_TOKEN")
        self.authorisations.add(token or "")
        self.versions.add(environ.get("HTTP_X_GITHUB_API_VERSION", "none"))
        if self.refuse_with:
            status, content = self.refuse_with, {"message": "said by the stand-in"}
        else:
            query = dict(parse_qsl(environ["QUERY_STRING"]))
            status, content = self.answer(method, path.removeprefix(self.root), query, body)
        next_page = ("Link", '<https://elsewhere.test/next>; rel="next"')
        kind = ("Content-Type", "application/json")
        start(f"{status} {HTTPStatus(status).phrase}", [kind, next_page])
        return [content if isinstance(content, bytes) else json.dumps(content).encode()]

    def answer(  # noqa: PLR0911 - a table
        self, method: str, path: str, query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        """(status, JSON) of one request."""
        match method, path.split("/"):
            case "GET", ["issues"]:
                return 200, self.page(self.listed(query), query)
            case "GET", ["issues", number, "comments"]:
                return 200, self.page(self.comments.get(int(number), []), query)
            case "POST", ["issues"]:
                return 201, self.add_issue(body["body"], labels=body["labels"], title=body["title"])
            case "POST", ["pulls"]:
                made = {"number": 100, "html_url": "https://github.test/pull/100"}
                self.pulls.append(body | made)
                return 201, self.pulls[-1]
            case "POST", ["issues", number, "comments"]:
                return 201, self.add_comment(int(number), body["body"])
            case "PATCH", ["issues", "comments", identifier]:
                every = (one for comments in self.comments.values() for one in comments)
                comment = next(one for one in every if one["id"] == int(identifier))
                comment.update(body)
                return 200, comment
            case "PATCH", ["issues", number]:
                self.issues[int(number) - 1].update(body)
                return 200, self.issues[int(number) - 1]
        return NOT_FOUND

    def listed(self, query: dict[str, str]) -> list[Thing]:
        return [
            one
            for one in self.issues
            if one["state"] == query.get("state", "open")
            and query.get("labels", "") in {label["name"] for label in one["labels"]}
        ]

    @staticmethod
    def page(items: list[Thing], query: dict[str, str]) -> list[Thing]:
        page, size = int(query.get("page", "1")), int(query.get("per_page", "30"))
        return items[(page - 1) * size : page * size]


class GitLabStandIn(GitHubStandIn):
    """One project, 42. Its issues are kept as GitHub's are, and answered as GitLab's."""

    root = "/api/v4/projects/42/"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a job would have."""
        return {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": f"{self.address}/api/v4",
            "CI_PROJECT_ID": "42",
            "GITLAB_ISSUES_TOKEN": self.token,
        }

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        match method, path.split("/"):
            case "GET", ["issues"]:
                assert query["state"] == "opened"
                found = self.page(self.listed({**query, "state": "open"}), query)
                return 200, [_as_gitlab(one) for one in found]
            case "POST", ["issues"]:
                labels = body["labels"].split(",")
                made = self.add_issue(body["description"], labels=labels, title=body["title"])
                return 201, _as_gitlab(made)
            case "POST", ["issues", number, "notes"]:
                return 201, {"id": self.add_comment(int(number), body["body"])["id"]}
            case "PUT", ["issues", number]:
                issue = self.issues[int(number) - 1]
                assert set(body) in ({"title", "description"}, {"state_event"})
                issue["state"] = "closed" if body.get("state_event") == "close" else "open"
                issue["title"] = body.get("title", issue["title"])
                issue["body"] = body.get("description", issue["body"])
                return 200, _as_gitlab(issue)
        return NOT_FOUND


def _as_gitlab(issue: Thing) -> Thing:
    return {
        "id": 10_000 + issue["number"],
        "iid": issue["number"],
        "title": issue["title"],
        "description": issue["body"],
        "state": {"open": "opened"}.get(issue["state"], issue["state"]),
        "labels": [one["name"] for one in issue["labels"]],
        "web_url": f"https://gitlab.test/issues/{issue['number']}",
    }
