"""Where this run's issues are kept: at GitLab in a job of its, else at GitHub."""

from __future__ import annotations

import os
from collections.abc import Callable

from phonemfa.output.issues import Issues, Posted
from phonemfa.output.terminal import say, working


def issues_of_this_run() -> Issues:
    """The issues of the repository that this run is for.

    Raises:
        HostError: naming every variable that is missing.
    """
    # Each a part of a second to load, for those alone who post.
    if os.environ.get("GITLAB_CI"):
        from phonemfa.output.gitlab import GitLab  # noqa: PLC0415

        return GitLab.of()
    from phonemfa.output.github import GitHub  # noqa: PLC0415

    return GitHub.of()


def post_issues(keep: Callable[[Issues], list[Posted]]) -> None:
    """Do to issues what `keep` does, and say on the terminal what became of each.

    Raises:
        HostError: the host refused, is not reachable, or a variable is missing.
    """
    with working("issue"):
        posted = keep(issues_of_this_run())
    for one in posted:
        say(f"issue {one.outcome}: {one.url}")
