"""What the real engine's history says of the checkout that was deployed, and a repair beside it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract import PROJECT
from tests.end_to_end.conftest import Tenant
from tests.end_to_end.operators import operator_of
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end


def test_a_repair_is_done_from_the_deployed_commit_and_from_no_other(
    apply: Callable[..., PulumiProject], tenant: Tenant
) -> None:
    package = apply()
    (package.folder / ".gitignore").write_text("__pycache__/\n", "utf-8")
    git = repository(package.folder)
    package.up()
    operator, commit = operator_of(tenant, package), git("rev-parse", "HEAD")
    tenant.api("PUT", "/guardian/policies", [])

    (package.folder / "new.py").write_text("changed = True\n", "utf-8")
    refused = operator.run("drift", "--repair", "--yes", expect=7).stderr
    assert f"this checkout of {commit[:12]} has changes (new.py)" in refused
    git("add", ".")
    git("commit", "-qm", "Later")
    refused = operator.run("drift", "--repair", "--yes", expect=7).stderr
    assert f"it was deployed from {commit[:12]}, and this is" in refused
    assert tenant.api("GET", "/guardian/policies") == []

    git("checkout", "-q", commit)
    operator.run("drift", "--repair", "--yes")
    assert tenant.api("GET", "/guardian/policies") == ["all-applications"]


def repository(folder: Path) -> Callable[..., str]:
    """A git repository of the project's folder, with code of its own to change."""
    for name in ("actions", "components"):
        (folder / name).unlink()  # a link to this repository's own
        shutil.copytree(PROJECT / name, folder / name)

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        ran = subprocess.run(
            ["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True, text=True
        )
        return ran.stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "As applied")
    return git
