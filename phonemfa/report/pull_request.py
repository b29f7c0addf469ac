"""The pull request that a run is about: its one comment, and where its whole report can be seen."""

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from phonemfa.answered import RefusedError
from phonemfa.output.document import Code, Line, Link
from phonemfa.output.terminal import give_up, say, working


def post_comment(text: str, number: int | None = None) -> None:
    """Post the one comment of a pull request, or update it; gives up where that cannot be.

    Without a number it is the pull request that the workflow runs for.
    """
    # A quarter of a second to load: only for those who post.
    from phonemfa.output.github import GitHub  # noqa: PLC0415
    from phonemfa.output.issues import HostError  # noqa: PLC0415

    try:
        number = number or pull_number(os.environ)
        with working(f"writing the comment of pull request {number}"):
            posted = GitHub().upsert_comment(number, "report", text)
    except (HostError, RefusedError) as error:
        give_up(str(error))
    say(f"comment {posted.outcome}: {posted.url}")


def pull_number(environ: Mapping[str, str]) -> int:
    """The pull request's number, or a `RefusedError`: neither event nor reference names one."""
    with suppress(KeyError, TypeError, OSError, ValueError):
        event = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        return int(event["pull_request"]["number"])
    if named := re.match(r"refs/pull/([0-9]+)/", environ.get("GITHUB_REF", "")):
        return int(named[1])
    raise RefusedError(
        "--comment: neither GITHUB_EVENT_PATH nor GITHUB_REF names a pull request. Give its "
        "number: --pull 12."
    )


def whole_report(environ: Mapping[str, str]) -> Line:
    """Where to see everything that does not fit into a comment."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, number = (environ.get(name, "") for name in names)
    run = f"{server}/{repository}/actions/runs/{number}"
    if re.fullmatch(r"https://[\w.-]+(:[0-9]+)?/[\w.-]+/[\w.-]+/actions/runs/[0-9]+", run):
        return ("the HTML report of ", Link("this run", run))
    return ("the HTML report (", Code("python -m phonemfa report --html FILE"), ")")
