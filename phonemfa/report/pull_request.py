"""Which pull request a run is about, and where its whole report can be seen."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from phonemfa.output.document import Code, Line, Link

MARKER: Final = "report"
"""Of the comment, in `GitHub.upsert_comment`."""

_REFERENCE: Final = re.compile(r"refs/pull/([0-9]+)/")
_SERVER: Final = re.compile(r"https://[\w.-]+(:[0-9]+)?")
_REPOSITORY: Final = re.compile(r"[\w.-]+/[\w.-]+")


class NoPullRequestError(Exception):
    """The run is about no pull request; the text says how to name one."""


def pull_number(environ: Mapping[str, str]) -> int:
    """The number of the pull request that a workflow runs for.

    Raises:
        NoPullRequestError: neither the event nor the reference names one.
    """
    event = _event(environ.get("GITHUB_EVENT_PATH", ""))
    pull = event.get("pull_request")
    number = pull.get("number") if isinstance(pull, dict) else None
    if isinstance(number, int):
        return number
    named = _REFERENCE.match(environ.get("GITHUB_REF", ""))
    if named is None:
        raise NoPullRequestError(
            "--comment: neither GITHUB_EVENT_PATH nor GITHUB_REF names a pull request. Give its "
            "number: --pull 12."
        )
    return int(named[1])


def whole_report(environ: Mapping[str, str]) -> Line:
    """Where to see everything that does not fit into a comment."""
    server, repository, run = (
        environ.get(name, "")
        for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    if _SERVER.fullmatch(server) and _REPOSITORY.fullmatch(repository) and run.isdigit():
        address = f"{server}/{repository}/actions/runs/{run}"
        return ("the HTML report of ", Link("this run", address))
    return ("the HTML report (", Code("python -m phonemfa report --html FILE"), ")")


def _event(path: str) -> dict[str, object]:
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
