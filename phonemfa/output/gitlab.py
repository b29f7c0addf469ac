"""Issues on GitLab: its REST API, as a scheduled job with a project access token uses it."""

import os
from collections.abc import Mapping
from typing import Any, Final

import httpx

from components.tenant.bounded_http import BoundedClient
from phonemfa.output.issues import SILENT, TOTAL, Issues

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
    open_ones: Mapping[str, str] = {"state": "opened", "sort": "asc"}
    changed_by = "PUT"
    remarks = "notes"
    closing: Mapping[str, str] = {"state_event": "close"}

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        super().__init__(environ)
        self._place = f"{self.url}/projects/{environ['CI_PROJECT_ID']}"
        self._headers = {"PRIVATE-TOKEN": environ[TOKEN]}

    def send(self, method: str, path: str, **content: Any) -> httpx.Response:
        # Not the client's headers: it cannot be made with a token that no header takes, and a
        # request with one is an HTTPError that says so.
        content["headers"] = self._headers
        try:
            with BoundedClient(total=TOTAL, timeout=SILENT) as http:
                return http.request(method, f"{self._place}{path}", **content)
        except httpx.HTTPError as error:
            raise self.unreachable(error) from None
