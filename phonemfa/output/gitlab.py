"""Issues on GitLab: its REST API, as a scheduled job with a project access token uses it."""

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final, Self

import httpx

from components.tenant.bounded_http import BoundedClient
from phonemfa.output.issues import PER_PAGE, SILENT, TOTAL, Issue, Issues, require

MAX_TEXT: Final = 1_048_576
"""Characters that GitLab takes in a description."""

TOKEN: Final = "GITLAB_ISSUES_TOKEN"  # noqa: S105 - the variable's name
_NEEDED: Final = f"Give {TOKEN} the role Reporter and the scope `api`."
_HINTS: Final = {
    401: f"Check {TOKEN}: it may have expired.",
    403: f"{_NEEDED} Or issues are switched off in this project.",
    404: f"{TOKEN} is to be a token of this project itself.",
    429: "GitLab limits the rate: try again later.",
}


class GitLab(Issues):
    """One project on GitLab.

    Args:
        project: its number.
        token: a project access token with the scope `api`.
        url: the API's address, `https://gitlab.com/api/v4`.
    """

    name = "GitLab"
    address = "CI_API_V4_URL"
    largest = MAX_TEXT
    may_label = _NEEDED
    hints = _HINTS

    def __init__(self, project: str, token: str, *, url: str) -> None:
        self._place = f"{self.reach(url)}/projects/{project}/issues"
        self._http = BoundedClient(total=TOTAL, timeout=SILENT, headers={"PRIVATE-TOKEN": token})

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """GitLab as a job finds it: its address and project, and the token that somebody set.

        Raises:
            HostError: naming every variable that is missing.
        """
        where = (
            "In a job, GitLab sets the first two. A job's own token may write no issue: the third "
            "is a project access token (role Reporter, scope api), as a masked and protected "
            "CI/CD variable."
        )
        names = ("CI_API_V4_URL", "CI_PROJECT_ID", TOKEN)
        url, project, token = require(environ, names, where)
        return cls(project, token, url=url)

    def open_issues(self, label: str) -> Iterator[Issue]:
        wanted = {"labels": label, "state": "opened", "sort": "asc", "per_page": PER_PAGE}
        found = self.pages(lambda page: self._ask("GET", "", {**wanted, "page": page}))
        yield from map(self._issue, found)

    def create(self, title: str, text: str, label: str) -> Issue:
        content = {"title": title, "description": text, "labels": label}
        return self._issue(self._ask("POST", "", content))

    def update(self, number: int, title: str, text: str) -> None:
        self._ask("PUT", f"/{number}", {"title": title, "description": text})

    def close(self, number: int, comment: str) -> None:
        self._ask("POST", f"/{number}/notes", {"body": comment})
        self._ask("PUT", f"/{number}", {"state_event": "close"})

    def _ask(self, method: str, path: str, content: Mapping[str, Any]) -> Any:
        how: dict[str, Any] = {"params" if method == "GET" else "json": content}
        try:
            answer = self._http.request(method, f"{self._place}{path}", **how)
        except httpx.HTTPError as error:
            raise self.unreachable(error) from None
        if not answer.is_success:
            raise self.refused(answer)
        try:
            return answer.json()
        except ValueError:
            raise self.another() from None

    def _issue(self, found: Any) -> Issue:
        try:
            return Issue(
                number=int(found["iid"]),
                url=str(found["web_url"]),
                title=str(found["title"]),
                text=str(found["description"] or ""),
                labels=frozenset(map(str, found["labels"])),
            )
        except (KeyError, TypeError, ValueError):
            raise self.another() from None
