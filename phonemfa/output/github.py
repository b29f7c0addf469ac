"""GitHub: one comment a pull request and one issue a subject, found again by a hidden marker."""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Self

import githubkit
import httpx
from githubkit.exception import RequestError, RequestFailed

from components.tenant.bounded_http import BoundedClient
from phonemfa.output.issues import (
    PER_PAGE,
    SILENT,
    TOTAL,
    Issue,
    Issues,
    Posted,
    hidden,
    is_same,
    require,
)

MAX_BODY: Final = 65_536
"""Characters that GitHub takes in one comment or issue."""

_PUBLIC_API: Final = "https://api.github.com"
_TRUSTED: Final = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})


class _Bounded(httpx.BaseTransport):
    """Sends with an end: httpx's own timeouts are for the silence between two bytes."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with BoundedClient(total=TOTAL, timeout=SILENT) as http:
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


class GitHub(Issues):
    """One repository on GitHub.

    Args:
        repository: `owner/name`.
        token: needs `pull-requests: write` for comments and `issues: write` for issues.
        url: the API's address; that of the public GitHub by default.
    """

    name = "GitHub"
    address = "GITHUB_API_URL"
    largest = MAX_BODY
    hints = _HINTS
    may_label = "Give it `issues: write`."

    def __init__(self, repository: str, token: str, *, url: str = _PUBLIC_API) -> None:
        self._owner, _, self._repository = repository.partition("/")
        # Kept, as its namespaces hold no reference to it.
        self._client = githubkit.GitHub(
            token,
            base_url=f"{self.reach(url)}/",
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
            HostError: naming every variable that is missing.
        """
        where = (
            "In a workflow, GITHUB_REPOSITORY is there and GITHUB_TOKEN is passed as "
            "`env: GITHUB_TOKEN: ${{ github.token }}`."
        )
        token, repository = require(environ, ("GITHUB_TOKEN", "GITHUB_REPOSITORY"), where)
        return cls(repository, token, url=environ.get("GITHUB_API_URL") or _PUBLIC_API)

    def upsert_comment(self, pull: int, marker: str, body: str) -> Posted:
        """Write the one comment that `marker` names on a pull request, or bring it up to date.

        Args:
            pull: the pull request's number.
            marker: a short name, unique to this kind of comment; it becomes an HTML comment.
            body: Markdown.

        Raises:
            HostError: refused, unreachable, or the body is over `MAX_BODY`.
        """
        text = self.marked(marker, body)
        for comment in self._pages(self._issues.list_comments, issue_number=pull):
            # Whoever may comment may repeat a marker: a stranger's comment is never taken for ours.
            if hidden(marker) not in (comment.get("body") or "") or not _by_somebody_here(comment):
                continue
            if is_same(comment["body"], text):
                return Posted("unchanged", comment["html_url"])
            content = {"comment_id": comment["id"], "data": {"body": text}}
            return Posted("updated", self._call(self._issues.update_comment, **content)["html_url"])
        return Posted("opened", self._comment(pull, text)["html_url"])

    def open_pull(self, branch: str, *, base: str, title: str, body: str) -> str:
        """Open a pull request; its address.

        Raises:
            HostError: refused or unreachable.
        """
        content = {"head": branch, "base": base, "title": title, "body": body}
        return str(self._call(self._pulls.create, data=content)["html_url"])

    def open_issues(self, label: str) -> Iterator[Issue]:
        wanted = {"labels": label, "state": "open", "sort": "created", "direction": "asc"}
        for issue in self._pages(self._issues.list_for_repo, **wanted):
            if "pull_request" not in issue:  # GitHub lists pull requests as issues too.
                yield self._issue(issue)

    def create(self, title: str, text: str, label: str) -> Issue:
        content = {"title": title, "body": text, "labels": [label]}
        return self._issue(self._call(self._issues.create, data=content))

    def update(self, number: int, title: str, text: str) -> None:
        self._call(self._issues.update, issue_number=number, data={"title": title, "body": text})

    def close(self, number: int, comment: str) -> None:
        self._comment(number, comment)
        self._call(self._issues.update, issue_number=number, data={"state": "closed"})

    def _comment(self, number: int, body: str) -> dict[str, Any]:
        return self._call(self._issues.create_comment, issue_number=number, data={"body": body})

    def _pages(self, ask: Callable[..., Any], **query: Any) -> Iterator[dict[str, Any]]:
        more = {"per_page": PER_PAGE, **query}
        for one in self.pages(lambda page: self._answer(ask, page=page, **more)):
            if not _is_thing(one):
                raise self.another()
            yield one

    def _call(self, ask: Callable[..., Any], **content: Any) -> dict[str, Any]:
        answer = self._answer(ask, **content)
        if not _is_thing(answer):
            raise self.another()
        thing: dict[str, Any] = answer
        return thing

    def _answer(self, ask: Callable[..., Any], **content: Any) -> Any:
        try:
            return ask(self._owner, self._repository, **content).json()
        except RequestFailed as error:
            raise self.refused(error.response.raw_response) from None
        except RequestError as error:
            raise self.unreachable(error.exc) from None
        except ValueError:
            raise self.another() from None

    def _issue(self, found: Mapping[str, Any]) -> Issue:
        try:
            return Issue(
                number=int(found["number"]),
                url=str(found["html_url"]),
                title=str(found["title"]),
                text=str(found["body"] or ""),
                labels=frozenset(str(one["name"]) for one in found["labels"]),
            )
        except (KeyError, TypeError, ValueError):
            raise self.another() from None


def _is_thing(value: Any) -> bool:
    """Whether it could be an issue or a comment."""
    return isinstance(value, dict) and "html_url" in value and bool({"id", "number"} & value.keys())


def _by_somebody_here(comment: Mapping[str, Any]) -> bool:
    author = comment.get("user") or {}
    return author.get("type") == "Bot" or comment.get("author_association") in _TRUSTED
