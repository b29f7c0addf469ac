"""A commit hook and `make check` run the same tools, in the same way."""

from __future__ import annotations

import subprocess

import yaml

from tests.contract import PROJECT


def test_every_check_is_a_hook_and_every_hook_a_check() -> None:
    config = yaml.safe_load((PROJECT / "tools" / "pre-commit.yaml").read_text(encoding="utf-8"))
    hooks = [one["entry"] for repository in config["repos"] for one in repository["hooks"]]
    dry = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "check"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    prepared = {"tools/environment", "tools/node-packages"}
    assert [line for line in dry.stdout.splitlines() if line not in prepared] == hooks
