"""GitHub: one comment a pull request and one issue a subject, found again by a hidden marker."""

import os
from collections.abc import Mapping
from typing import Any, Final

import githubkit
import httpx
from githubkit.exception import RequestError, RequestFailed
from githubkit.versions import LATEST_VERSION

from components.tenant.bounded_http import BoundedClient
from phonemfa.output.issues import SILENT, TOTAL, Issues, Posted, hidden, is_same

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
    largest = 65_536
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
    open_ones: Mapping[str, str] = {"state": "open", "sort": "created", "direction": "asc"}
    changed_by = "PATCH"
    remarks = "comments"
    closing: Mapping[str, str] = {"state": "closed"}

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        super().__init__(environ, public="https://api.github.com")
        self._place = f"/repos/{environ['GITHUB_REPOSITORY']}"
        self._client = githubkit.GitHub(
            environ["GITHUB_TOKEN"],
            base_url=f"{self.url}/",
            transport=_Bounded(),
            http_cache=False,
            auto_retry=False,
        )

    def labels(self, label: str) -> Any:
        return [label]

    def upsert_comment(self, pull: int, marker: str, body: str) -> Posted:
        """Write the one comment that `marker` names on a pull request, or bring it up to date."""
        text = self.marked(marker, body)
        with self.reading():
            for comment in self.pages(f"/issues/{pull}/comments", {}):
                there, address = comment["body"] or "", comment["html_url"]
                # Whoever may comment may repeat a marker: a stranger's is never taken for ours.
                if hidden(marker) not in there or not _by_somebody_here(comment):
                    continue
                if is_same(there, text):
                    return Posted("unchanged", address)
                made = self.ask("PATCH", f"/issues/comments/{comment['id']}", {"body": text})
                return Posted("updated", made["html_url"])
            made = self.ask("POST", f"/issues/{pull}/comments", {"body": text})
            return Posted("opened", made["html_url"])

    def open_pull(self, branch: str, *, base: str, title: str, body: str) -> str:
        """Open a pull request; its address."""
        content = {"head": branch, "base": base, "title": title, "body": body}
        with self.reading():
            return str(self.ask("POST", "/pulls", content)["html_url"])

    def send(self, method: str, path: str, **content: Any) -> httpx.Response:
        # Of the API that githubkit describes: without it GitHub answers as its default one does.
        content["headers"] = {"X-GitHub-Api-Version": LATEST_VERSION}
        try:
            return self._client.request(method, f"{self._place}{path}", **content).raw_response
        except RequestFailed as error:
            return error.response.raw_response
        except RequestError as error:
            raise self.unreachable(error.exc) from None


def _by_somebody_here(comment: Mapping[str, Any]) -> bool:
    author = comment.get("user") or {}
    return author.get("type") == "Bot" or comment.get("author_association") in _TRUSTED
