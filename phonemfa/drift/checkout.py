"""Whether a checkout is what its stack's tenant was deployed from.

A repair applies the checkout. Of another commit, or with changes of somebody's, it would deploy
what nobody reviewed under the name of a repair. Each backend keeps, beside the state, the commit
that an update ran from and whether its checkout had changes (`pulumi stack history`; tried with
3.259 and a local backend).
"""

from __future__ import annotations

from pathlib import Path

from phonemfa.git import git
from phonemfa.pulumi.state import Checkout


def why_another(project: Path, deployed: Checkout) -> str:
    """Why a checkout is not known to be what was deployed; empty when it is.

    Args:
        project: the folder with Pulumi.yaml.
        deployed: what the stack's last update was run from.
    """
    commit, here = deployed.commit, git(project, "rev-parse", "HEAD")
    if not commit:
        return "the history of the stack names no commit that it was deployed from"
    if deployed.is_changed:
        return f"it was deployed from {commit[:12]} with changes that no commit has"
    if here is None:
        return f"it was deployed from {commit[:12]}, and {project} is no checkout of git"
    if here.strip() != commit:
        return f"it was deployed from {commit[:12]}, and this is {here.strip()[:12]}"
    changed = git(project, "status", "--porcelain")
    if changed is None or changed.strip():
        names = ", ".join(line[3:] for line in (changed or "").splitlines()[:5])
        return f"this checkout of {commit[:12]} has changes ({names or 'git does not say which'})"
    return ""
