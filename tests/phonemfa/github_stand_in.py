"""A stand-in of GitHub's REST API on loopback: comments and issues, as a client meets them.

Paging with Link headers, labels, states; everything else answers 404.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "o/r"


class GitHubStandIn:
    """One repository `o/r`. `with GitHubStandIn() as stand_in:` serves it on a free port."""

    def __init__(self) -> None:
        self.token = "canary-github-token"
        self.issues: list[dict[str, Any]] = []
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.pulls: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str]] = []
        self.authorisations: set[str] = set()
        self.refuse_with: int | None = None
        self.drops_labels = False
        self._ids = iter(range(1000, 10**6))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a workflow run would have."""
        return {
            "GITHUB_TOKEN": self.token,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_API_URL": f"http://127.0.0.1:{self._server.server_port}",
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def add_comment(
        self, number: int, body: str, *, user_type: str = "Bot", association: str = "NONE"
    ) -> dict[str, Any]:
        comment = {
            "id": next(self._ids),
            "body": body,
            "html_url": f"https://github.test/{number}#c",
            "user": {"type": user_type},
            "author_association": association,
        }
        self.comments.setdefault(number, []).append(comment)
        return comment

    def add_issue(self, body: str, *, labels: list[str], title: str = "t") -> dict[str, Any]:
        number = len(self.issues) + 1
        issue = {
            "number": number,
            "title": title,
            "body": body,
            "state": "open",
            "labels": [{"name": name} for name in labels],
            "html_url": f"https://github.test/issues/{number}",
        }
        self.issues.append(issue)
        return issue

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any, str]:
        """(status, JSON, Link header) of one request."""
        parts = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        path = parts.path.removeprefix(f"/repos/{REPOSITORY}/")
        if self.refuse_with:
            return self.refuse_with, {"message": "said by the stand-in"}, ""
        if method == "GET":
            return self._read(path, query)
        found = self._write(method, path, body)
        if found is None:
            return 404, {"message": "Not Found"}, ""
        return (201 if method == "POST" else 200), found, ""

    def _read(self, path: str, query: dict[str, str]) -> tuple[int, Any, str]:
        match path.split("/"):
            case ["issues"]:
                return self._page(self._listed(query), query)
            case ["issues", number, "comments"]:
                return self._page(self.comments.get(int(number), []), query)
        return 404, {"message": "Not Found"}, ""

    def _write(self, method: str, path: str, body: Any) -> dict[str, Any] | None:
        match method, path.split("/"):
            case "POST", ["issues"]:
                labels = [] if self.drops_labels else body["labels"]
                return self.add_issue(body["body"], labels=labels, title=body["title"])
            case "POST", ["pulls"]:
                pull = {**body, "number": 100, "html_url": "https://github.test/pull/100"}
                self.pulls.append(pull)
                return pull
            case "POST", ["issues", number, "comments"]:
                return self.add_comment(int(number), body["body"])
            case "PATCH", ["issues", "comments", identifier]:
                every = (one for comments in self.comments.values() for one in comments)
                return _updated(next(one for one in every if one["id"] == int(identifier)), body)
            case "PATCH", ["issues", number]:
                return _updated(self.issues[int(number) - 1], body)
        return None

    def _listed(self, query: dict[str, str]) -> list[dict[str, Any]]:
        return [
            one
            for one in self.issues
            if one["state"] == query.get("state", "open")
            and query.get("labels", "") in {label["name"] for label in one["labels"]}
        ]

    @staticmethod
    def _page(items: list[dict[str, Any]], query: dict[str, str]) -> tuple[int, Any, str]:
        page, size = int(query.get("page", "1")), int(query.get("per_page", "30"))
        rest = items[page * size :]
        link = '<https://elsewhere.test/next>; rel="next"' if rest else ""
        return 200, items[(page - 1) * size : page * size], link


def _updated(item: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    item.update(body)
    return item


def _handler(stand_in: GitHubStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            stand_in.requests.append((self.command, re.sub(r"\?.*", "", self.path)))
            token = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN")
            stand_in.authorisations.add(token or "")
            status, content, link = stand_in.answer(self.command, self.path, body)
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if link:
                self.send_header("Link", link)
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_PATCH(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def log_message(self, *_: Any) -> None:
            """Say nothing: a test's output is the tests'."""

    return Handler
