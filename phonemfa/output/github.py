"""GitHub: one comment a pull request and one issue a subject, found again by a hidden marker."""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import githubkit
import httpx
from githubkit.exception import RequestError, RequestFailed

from components.tenant.bounded_http import BoundedClient
from phonemfa.output.issues import PER_PAGE, SILENT, TOTAL, Issue, Issues, Posted, hidden, is_same

MAX_BODY: Final = 65_536
"""Characters that GitHub takes in one comment or issue."""

_TRUSTED: Final = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})


class _Bounded(httpx.BaseTransport):
    """Sends with an end: httpx's own timeouts are for the silence between two bytes."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with BoundedClient(total=TOTAL, timeout=SILENT) as http:
            answer = http.send(request)
        return httpx.Response(answer.status_code, content=answer.content)


class GitHub(Issues):
    """The repository whose workflow runs."""

    name = "GitHub"
    address = "GITHUB_API_URL"
    needed = ("GITHUB_TOKEN", "GITHUB_REPOSITORY")
    where = (
        "In a workflow, GITHUB_REPOSITORY is there and GITHUB_TOKEN is passed as "
        "`env: GITHUB_TOKEN: ${{ github.token }}`."
    )
    largest = MAX_BODY
    may_label = "Give it `issues: write`."
    hints: Mapping[int, str] = {
        301: "The repository has moved: set GITHUB_REPOSITORY to its new name.",
        401: "Check GITHUB_TOKEN.",
        403: "The token needs `issues: write` for issues and `pull-requests: write` for comments; "
        "or GitHub limits the rate.",
        404: "Check GITHUB_REPOSITORY and the number, and that the token may read the repository.",
        410: "Issues are switched off in this repository.",
        429: "GitHub limits the rate: try again later.",
    }
    keys = ("number", "html_url", "body")

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        super().__init__(environ, public="https://api.github.com")
        self._owner, _, self._repository = environ["GITHUB_REPOSITORY"].partition("/")
        # Kept, as its namespaces hold no reference to it.
        self._client = githubkit.GitHub(
            environ["GITHUB_TOKEN"],
            base_url=f"{self.url}/",
            transport=_Bounded(),
            http_cache=False,
            auto_retry=False,
        )
        self._issues = self._client.rest.issues

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
        with self.reading():
            for comment in self._pages(self._issues.list_comments, issue_number=pull):
                there, address = comment["body"] or "", comment["html_url"]
                # Whoever may comment may repeat a marker: a stranger's is never taken for ours.
                if hidden(marker) not in there or not _by_somebody_here(comment):
                    continue
                if is_same(there, text):
                    return Posted("unchanged", address)
                content = {"comment_id": comment["id"], "data": {"body": text}}
                made = self._ask(self._issues.update_comment, **content)
                return Posted("updated", made["html_url"])
            return Posted("opened", self._comment(pull, text)["html_url"])

    def open_pull(self, branch: str, *, base: str, title: str, body: str) -> str:
        """Open a pull request; its address.

        Raises:
            HostError: refused or unreachable.
        """
        content = {"head": branch, "base": base, "title": title, "body": body}
        with self.reading():
            return str(self._ask(self._client.rest.pulls.create, data=content)["html_url"])

    def open_issues(self, label: str) -> Iterator[Issue]:
        wanted = {"labels": label, "state": "open", "sort": "created", "direction": "asc"}
        for found in self._pages(self._issues.list_for_repo, **wanted):
            if "pull_request" not in found:  # GitHub lists pull requests as issues too.
                yield self.issue(found)

    def create(self, title: str, text: str, label: str) -> Issue:
        content = {"title": title, "body": text, "labels": [label]}
        return self.issue(self._ask(self._issues.create, data=content))

    def update(self, number: int, title: str, text: str) -> None:
        content = {"title": title, "body": text}
        self.issue(self._ask(self._issues.update, issue_number=number, data=content))

    def close(self, number: int, comment: str) -> None:
        self._comment(number, comment)
        self.issue(self._ask(self._issues.update, issue_number=number, data={"state": "closed"}))

    def _comment(self, number: int, body: str) -> Any:
        return self._ask(self._issues.create_comment, issue_number=number, data={"body": body})

    def _pages(self, ask: Callable[..., Any], **query: Any) -> Iterator[Any]:
        return self.pages(lambda page: self._ask(ask, page=page, per_page=PER_PAGE, **query))

    def _ask(self, ask: Callable[..., Any], **content: Any) -> Any:
        try:
            answer = ask(self._owner, self._repository, **content)
        except RequestFailed as error:
            raise self.refused(error.response.raw_response) from None
        except RequestError as error:
            raise self.unreachable(error.exc) from None
        # A redirect is no error to githubkit; it is not followed, so nothing was done.
        if not answer.raw_response.is_success:
            raise self.refused(answer.raw_response)
        with self.reading():
            return answer.json()


def _by_somebody_here(comment: Mapping[str, Any]) -> bool:
    author = comment.get("user") or {}
    return author.get("type") == "Bot" or comment.get("author_association") in _TRUSTED
