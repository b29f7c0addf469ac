"""One comment a pull request and one issue a subject on GitHub, found again by a hidden marker."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

import githubkit
import httpx
from githubkit.exception import RequestError, RequestFailed

from components.tenant.bounded_http import BoundedClient
from phonemfa.output.terminal import say, working

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


Outcome = Literal["opened", "updated", "unchanged", "closed"]


@dataclass(frozen=True, kw_only=True)
class Posted:
    """What became of a comment or an issue."""

    number: int
    """Of the issue or pull request."""
    url: str
    outcome: Outcome


class _Bounded(httpx.BaseTransport):
    """Sends with an end: httpx's own timeouts are for the silence between two bytes."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with BoundedClient(total=_TOTAL, timeout=_TIMEOUT) as http:
            answer = http.send(request)
        return httpx.Response(answer.status_code, content=answer.content)


_HINTS: Final = {
    301: "The repository has moved: set GITHUB_REPOSITORY to its new name.",
    401: "Check GITHUB_TOKEN.",
    403: "The token needs `issues: write` for issues and `pull-requests: write` for comments; "
    "or GitHub limits the rate.",
    404: "Check GITHUB_REPOSITORY and the number, and that the token may read the repository.",
    410: "Issues are switched off in this repository.",
    429: "GitHub limits the rate: try again later.",
}


class GitHub:
    """One repository on GitHub; every method may raise GitHubError.

    Args:
        repository: `owner/name`.
        token: needs `pull-requests: write` for comments and `issues: write` for issues.
        url: the API's address; that of the public GitHub by default.
    """

    def __init__(self, repository: str, token: str, *, url: str = _PUBLIC_API) -> None:
        self._owner, _, self._name = repository.partition("/")
        self._host = httpx.URL(url).host
        # Kept, as its namespaces hold no reference to it.
        self._client = githubkit.GitHub(
            token,
            base_url=f"{url.rstrip('/')}/",
            transport=_Bounded(),
            http_cache=False,
            auto_retry=False,
        )
        self._issues = self._client.rest.issues
        self._pulls = self._client.rest.pulls

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

    def upsert_comment(self, pull: int, marker: str, body: str) -> Posted:
        """Write the one comment that `marker` names on a pull request, or bring it up to date.

        The marker becomes an HTML comment; the body is Markdown of at most `MAX_BODY`.
        """
        text = _marked(marker, body)
        for comment in self._pages(self._issues.list_comments, issue_number=pull):
            # Whoever may comment may repeat a marker: a stranger's comment is never taken for ours.
            if _hidden(marker) not in (comment.get("body") or "") or not _by_somebody_here(comment):
                continue
            if _same(comment["body"], text):
                return Posted(number=pull, url=comment["html_url"], outcome="unchanged")
            changed = self._call(
                self._issues.update_comment, comment_id=comment["id"], data={"body": text}
            )
            return Posted(number=pull, url=changed["html_url"], outcome="updated")
        made = self._comment(pull, text)
        return Posted(number=pull, url=made["html_url"], outcome="opened")

    def upsert_issue(self, marker: str, *, label: str, title: str, body: str) -> Posted:
        """Open the one issue that `marker` names, or bring the open one up to date.

        Issues are looked for under the label, which GitHub makes when it does not exist.
        """
        text = _marked(marker, body)
        for issue in self._open_issues(marker, label):
            number: int = issue["number"]
            same = issue["title"] == title and _same(issue["body"], text)
            if not same:
                self._update(number, {"title": title, "body": text})
            outcome: Outcome = "unchanged" if same else "updated"
            return Posted(number=number, url=issue["html_url"], outcome=outcome)
        content = {"title": title, "body": text, "labels": [label]}
        made = self._call(self._issues.create, data=content)
        if label not in {one.get("name") for one in made.get("labels", [])}:
            # Without its label the issue is never found again, and each run would open another.
            raise GitHubError(
                f"GitHub opened {made['html_url']} without the label {label!r}: the token may not "
                "set labels. Give it `issues: write`, and set the label by hand once."
            )
        return Posted(number=made["number"], url=made["html_url"], outcome="opened")

    def close_issue(self, marker: str, *, label: str, comment: str) -> list[Posted]:
        """Close every open issue that `marker` names, each with a last comment."""
        closed = []
        for issue in list(self._open_issues(marker, label)):
            number: int = issue["number"]
            self._comment(number, comment)
            self._update(number, {"state": "closed"})
            closed.append(Posted(number=number, url=issue["html_url"], outcome="closed"))
        return closed

    def open_pull(self, branch: str, *, base: str, title: str, body: str) -> str:
        """Open a pull request; its address."""
        content = {"head": branch, "base": base, "title": title, "body": body}
        return str(self._call(self._pulls.create, data=content)["html_url"])

    def _open_issues(self, marker: str, label: str) -> Iterator[dict[str, Any]]:
        wanted = {"labels": label, "state": "open", "sort": "created", "direction": "asc"}
        for issue in self._pages(self._issues.list_for_repo, **wanted):
            # GitHub lists pull requests as issues too.
            if "pull_request" not in issue and _hidden(marker) in (issue.get("body") or ""):
                yield issue

    def _comment(self, number: int, body: str) -> dict[str, Any]:
        return self._call(self._issues.create_comment, issue_number=number, data={"body": body})

    def _update(self, number: int, data: dict[str, Any]) -> None:
        self._call(self._issues.update, issue_number=number, data=data)

    def _pages(self, ask: Callable[..., Any], **query: Any) -> Iterator[dict[str, Any]]:
        # Counted, not followed by its address as the library would: the token goes to no host that
        # an answer names.
        page, more = 1, True
        while more:
            found = self._answer(ask, **query, per_page=_PER_PAGE, page=page)
            if not isinstance(found, list) or not all(_is_thing(one) for one in found):
                raise self._not_github()
            yield from found
            more, page = len(found) == _PER_PAGE, page + 1

    def _call(self, ask: Callable[..., Any], **content: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._answer(ask, **content)
        if not _is_thing(answer):
            raise self._not_github()
        return answer

    def _answer(self, ask: Callable[..., Any], **content: Any) -> Any:
        try:
            return ask(self._owner, self._name, **content).json()
        except RequestFailed as error:
            raise GitHubError(self._refused(error.response.raw_response)) from None
        except RequestError as error:
            why = f"{type(error.exc).__name__}: {error.exc}"
            raise GitHubError(f"No answer from {self._host} ({why}).") from None
        except ValueError:
            raise self._not_github() from None

    def _not_github(self) -> GitHubError:
        return GitHubError(
            f"{self._host} answered otherwise than GitHub's REST API does: check GITHUB_API_URL."
        )

    def _refused(self, answer: httpx.Response) -> str:
        try:
            said = str(answer.json().get("message", ""))
        except (ValueError, AttributeError):
            said = ""
        hint = _HINTS.get(answer.status_code, "")
        what = f"{answer.request.method} {answer.request.url.path}"
        return f"GitHub refused {what}: {answer.status_code} {said}. {hint}".rstrip()


def post_issues(keep: Callable[[GitHub], list[Posted]]) -> None:
    """Do to issues what `keep` does, and say on the terminal what became of each.

    Raises:
        GitHubError: GitHub refused, is not reachable, or a variable is missing.
    """
    with working("GitHub issue"):
        posted = keep(GitHub.of())
    for one in posted:
        say(f"issue {one.outcome}: {one.url}")


def _is_thing(value: Any) -> bool:
    """Whether it could be an issue or a comment."""
    return isinstance(value, dict) and "html_url" in value and bool({"id", "number"} & value.keys())


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
