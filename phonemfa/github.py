"""GitHub's REST API, as far as a report or a drift check speaks through it.

Owns one comment a pull request and one issue a subject, each found again by a hidden marker, and
saying why GitHub refused. Refuses to word what is posted, and to know what it is about.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Literal, Self

import httpx

from components.tenant.bounded_http import BoundedClient

MAX_BODY: Final = 65_536
"""Characters that GitHub takes in one comment or issue."""

_PUBLIC_API: Final = "https://api.github.com"
_VARIABLES: Final = ("GITHUB_TOKEN", "GITHUB_REPOSITORY")
_TRUSTED: Final = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
_PER_PAGE: Final = 100
_TIMEOUT: Final = 30.0
"""Seconds that GitHub may be silent within a request."""
_TOTAL: Final = 60.0
"""Seconds for one request, all of it."""


class GitHubError(Exception):
    """GitHub could not be asked, or refused; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Posted:
    """What became of a comment or an issue."""

    number: int
    """Of the issue or pull request."""
    url: str
    outcome: Literal["opened", "updated", "unchanged", "closed"]


class GitHub:
    """One repository on GitHub.

    Args:
        repository: `owner/name`.
        token: needs `pull-requests: write` for comments and `issues: write` for issues.
        url: the API's address; that of the public GitHub by default.
    """

    def __init__(self, repository: str, token: str, *, url: str = _PUBLIC_API) -> None:
        self._repository = repository
        self._http = BoundedClient(
            total=_TOTAL,
            json_only=True,
            base_url=f"{url.rstrip('/')}/repos/{repository}/",
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            },
            timeout=_TIMEOUT,
        )

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """GitHub as a workflow run finds it: GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL.

        Raises:
            GitHubError: naming every variable that is missing.
        """
        missing = [name for name in _VARIABLES if not environ.get(name)]
        if missing:
            raise GitHubError(
                f"Not set: {', '.join(missing)}. In a workflow, GITHUB_REPOSITORY is there and "
                "GITHUB_TOKEN is passed as `env: GITHUB_TOKEN: ${{ github.token }}`."
            )
        return cls(
            environ["GITHUB_REPOSITORY"],
            environ["GITHUB_TOKEN"],
            url=environ.get("GITHUB_API_URL") or _PUBLIC_API,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def upsert_comment(self, pull: int, marker: str, body: str) -> Posted:
        """Write the one comment that `marker` names on a pull request, or bring it up to date.

        Args:
            pull: the pull request's number.
            marker: a short name, unique to this kind of comment; it becomes an HTML comment.
            body: Markdown.

        Raises:
            GitHubError: refused, unreachable, or the body is over `MAX_BODY`.
        """
        text = _marked(marker, body)
        for comment in self._pages(f"issues/{pull}/comments"):
            # Whoever may comment may repeat a marker: a stranger's comment is never taken for ours.
            if _hidden(marker) not in (comment.get("body") or "") or not _by_somebody_here(comment):
                continue
            if _same(comment["body"], text):
                return Posted(number=pull, url=comment["html_url"], outcome="unchanged")
            path = f"issues/comments/{comment['id']}"
            changed = self._call("PATCH", path, {"body": text})
            return Posted(number=pull, url=changed["html_url"], outcome="updated")
        made = self._call("POST", f"issues/{pull}/comments", {"body": text})
        return Posted(number=pull, url=made["html_url"], outcome="opened")

    def upsert_issue(self, marker: str, *, label: str, title: str, body: str) -> Posted:
        """Open the one issue that `marker` names, or bring the open one up to date.

        Args:
            marker: a short name, unique to the subject of the issue.
            label: issues are looked for under it; made by GitHub when it does not exist.
            title: of the issue.
            body: Markdown.

        Raises:
            GitHubError: refused, unreachable, or the body is over `MAX_BODY`.
        """
        text = _marked(marker, body)
        for issue in self._open_issues(marker, label):
            number: int = issue["number"]
            if issue["title"] == title and _same(issue["body"], text):
                return Posted(number=number, url=issue["html_url"], outcome="unchanged")
            self._call("PATCH", f"issues/{number}", {"title": title, "body": text})
            return Posted(number=number, url=issue["html_url"], outcome="updated")
        made = self._call("POST", "issues", {"title": title, "body": text, "labels": [label]})
        if label not in {one.get("name") for one in made.get("labels", [])}:
            # Without its label the issue is never found again, and each run would open another.
            raise GitHubError(
                f"GitHub opened {made['html_url']} without the label {label!r}: the token may not "
                "set labels. Give it `issues: write`, and set the label by hand once."
            )
        return Posted(number=made["number"], url=made["html_url"], outcome="opened")

    def close_issue(self, marker: str, *, label: str, comment: str) -> list[Posted]:
        """Close every open issue that `marker` names, each with a last comment.

        Returns:
            The closed ones; empty when none was open.

        Raises:
            GitHubError: refused or unreachable.
        """
        closed = []
        for issue in list(self._open_issues(marker, label)):
            number: int = issue["number"]
            self._call("POST", f"issues/{number}/comments", {"body": comment})
            self._call("PATCH", f"issues/{number}", {"state": "closed"})
            closed.append(Posted(number=number, url=issue["html_url"], outcome="closed"))
        return closed

    def _open_issues(self, marker: str, label: str) -> Iterator[dict[str, Any]]:
        wanted = {"labels": label, "state": "open", "sort": "created", "direction": "asc"}
        for issue in self._pages("issues", **wanted):
            # GitHub lists pull requests as issues too.
            if "pull_request" not in issue and _hidden(marker) in (issue.get("body") or ""):
                yield issue

    def _pages(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        # Counted, not followed by its address: the token goes to no host that an answer names.
        page, more = 1, True
        while more:
            answer = self._send("GET", path, params={**query, "per_page": _PER_PAGE, "page": page})
            found = _decoded(answer)
            if not isinstance(found, list) or not all(_is_thing(one) for one in found):
                raise GitHubError(_not_github(self._http, path))
            yield from found
            more, page = "next" in answer.links, page + 1

    def _call(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = _decoded(self._send(method, path, json=body))
        if not _is_thing(answer):
            raise GitHubError(_not_github(self._http, path))
        thing: dict[str, Any] = answer
        return thing

    def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **content)
        except httpx.HTTPError as error:
            raise GitHubError(
                f"No answer from {self._http.base_url.host} ({type(error).__name__}: {error})."
            ) from None
        if not answer.is_success:
            raise GitHubError(_refused(self._repository, method, path, answer))
        return answer


def _decoded(answer: httpx.Response) -> Any:
    return answer.json() if answer.content.strip() else None


def _is_thing(value: Any) -> bool:
    """Whether it could be an issue or a comment."""
    return isinstance(value, dict) and "html_url" in value and bool({"id", "number"} & value.keys())


def _not_github(http: httpx.Client, path: str) -> str:
    return (
        f"{http.base_url.host} answered {path} otherwise than GitHub's REST API does: check "
        "GITHUB_API_URL."
    )


def _hidden(marker: str) -> str:
    return f"<!-- phonemfa:{marker} -->"


def _marked(marker: str, body: str) -> str:
    text = f"{_hidden(marker)}\n{body}"
    if len(text) > MAX_BODY:
        raise GitHubError(
            f"The text has {len(text)} characters, and GitHub takes {MAX_BODY}: shorten it."
        )
    return text


def _same(there: str, ours: str) -> bool:
    # GitHub may answer with the line breaks of a web form.
    return there.replace("\r\n", "\n").strip() == ours.strip()


def _by_somebody_here(comment: Mapping[str, Any]) -> bool:
    author = comment.get("user") or {}
    return author.get("type") == "Bot" or comment.get("author_association") in _TRUSTED


_HINTS: Final = {
    301: "The repository has moved: set GITHUB_REPOSITORY to its new name.",
    401: "Check GITHUB_TOKEN.",
    403: "The token needs `issues: write` for issues and `pull-requests: write` for comments; "
    "or GitHub limits the rate.",
    404: "Check GITHUB_REPOSITORY and the number, and that the token may read the repository.",
    410: "Issues are switched off in this repository.",
    429: "GitHub limits the rate: try again later.",
}


def _refused(repository: str, method: str, path: str, answer: httpx.Response) -> str:
    try:
        said = str(answer.json().get("message", ""))
    except (ValueError, AttributeError):
        said = ""
    hint = _HINTS.get(answer.status_code, "")
    text = f"GitHub refused {method} {path} of {repository}: {answer.status_code} {said}".rstrip()
    return f"{text}. {hint}".rstrip()
