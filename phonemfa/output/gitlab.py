"""Issues on GitLab: its REST API, as a scheduled job with a project access token uses it."""

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx

from components.tenant.bounded_http import BoundedClient
from phonemfa.output.issues import PER_PAGE, SILENT, TOTAL, Issue, Issues

TOKEN: Final = "GITLAB_ISSUES_TOKEN"  # noqa: S105 - the variable's name
_NEEDED: Final = f"Give {TOKEN} the role Reporter and the scope `api`."


class GitLab(Issues):
    """The issues of the project whose job runs."""

    name = "GitLab"
    address = "CI_API_V4_URL"
    needed = ("CI_API_V4_URL", "CI_PROJECT_ID", TOKEN)
    where = (
        "In a job, GitLab sets the first two. A job's own token may write no issue: the third is a "
        "project access token (role Reporter, scope api), as a masked and protected CI/CD "
        "variable."
    )
    largest = 1_048_576
    may_label = _NEEDED
    hints: Mapping[int, str] = {
        401: f"Check {TOKEN}: it may have expired.",
        403: f"{_NEEDED} Or issues are switched off in this project.",
        404: f"{TOKEN} is to be a token of this project itself.",
        429: "GitLab limits the rate: try again later.",
    }
    keys = ("iid", "web_url", "description")

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        super().__init__(environ)
        self._place = f"{self.url}/projects/{environ['CI_PROJECT_ID']}/issues"
        self._headers = {"PRIVATE-TOKEN": environ[TOKEN]}

    def open_issues(self, label: str) -> Iterator[Issue]:
        wanted = {"labels": label, "state": "opened", "sort": "asc", "per_page": PER_PAGE}
        found = self.pages(lambda page: self._ask("GET", "", {**wanted, "page": page}))
        yield from map(self.issue, found)

    def create(self, title: str, text: str, label: str) -> Issue:
        content = {"title": title, "description": text, "labels": label}
        return self.issue(self._ask("POST", "", content))

    def update(self, number: int, title: str, text: str) -> None:
        self.issue(self._ask("PUT", f"/{number}", {"title": title, "description": text}))

    def close(self, number: int, comment: str) -> None:
        self._ask("POST", f"/{number}/notes", {"body": comment})
        self.issue(self._ask("PUT", f"/{number}", {"state_event": "close"}))

    def _ask(self, method: str, path: str, content: Mapping[str, Any]) -> Any:
        how: dict[str, Any] = {"params" if method == "GET" else "json": content}
        # Not the client's headers: it cannot be made with a token that no header takes, and a
        # request with one is an HTTPError that says so.
        how["headers"] = self._headers
        try:
            with BoundedClient(total=TOTAL, timeout=SILENT) as http:
                answer = http.request(method, f"{self._place}{path}", **how)
        except httpx.HTTPError as error:
            raise self.unreachable(error) from None
        if not answer.is_success:
            raise self.refused(answer)
        with self.reading():
            return answer.json()
