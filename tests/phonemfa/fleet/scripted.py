"""A `pulumi` that says what a test wrote down, for whole runs of `phonemfa fleet`.

A script on PATH: it keeps what it was asked, hands over events, and fails or waits where it is told
to. The engine itself is in tests/end_to_end/test_fleet.py.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from phonemfa.cli import app

SCRIPT = """#!/bin/sh
here=$(dirname "$0")
verb=$1; stack=; before=
for word in "$@"; do
  [ "$before" = --stack ] && stack=$word
  before=$word
done
echo "$verb $stack" >>"$here/asked"
[ "$verb" = version ] && exit 0
[ "$verb" = config ] && echo canary-client-secret
cat "$here/$verb-$stack.events" 2>/dev/null
if [ -f "$here/waits" ]; then
  trap 'exit 130' INT
  touch "$here/ready"
  while :; do sleep 0.02; done
fi
if [ -f "$here/$verb-$stack.fails" ]; then cat "$here/$verb-$stack.fails" >&2; exit 255; fi
exit 0
"""


@dataclass
class Fleet:
    """Somebody with a project of several stacks, and the scripted CLI on PATH."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    typed: str | None = None

    @classmethod
    def of(cls, folder: Path, monkeypatch: pytest.MonkeyPatch, *stacks: str) -> Fleet:
        (folder / "Pulumi.yaml").write_text("name: phonemfa\nruntime: python\n", encoding="utf-8")
        program = folder / "bin" / "pulumi"
        program.parent.mkdir()
        program.write_text(SCRIPT, encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        made = cls(folder, monkeypatch)
        for stack in stacks:
            made.stack(stack)
            for verb in ("preview", "up"):
                made.events(verb, stack, update=1)
        return made

    def stack(self, name: str, **more: Any) -> None:
        config = {"auth0:domain": f"{name}.example.jp", **more}
        path = self.folder / f"Pulumi.{name}.yaml"
        path.write_text(json.dumps({"config": config}), encoding="utf-8")

    def events(self, verb: str, stack: str, **changes: int) -> None:
        """What the engine says: how many resources change."""
        event = {"sequence": 1, "summaryEvent": {"resourceChanges": changes}}
        path = self.folder / "bin" / f"{verb}-{stack}.events"
        path.write_text(f"{json.dumps(event)}\n", encoding="utf-8")

    def fails(self, verb: str, stack: str, *, because: str | None) -> None:
        path = self.folder / "bin" / f"{verb}-{stack}.fails"
        if because is None:
            path.unlink()
        else:
            path.write_text(because, encoding="utf-8")

    def asked(self) -> list[str]:
        """Verbs and stacks that the CLI was run with since the last look."""
        path = self.folder / "bin" / "asked"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        path.unlink(missing_ok=True)
        return sorted(line for line in text.splitlines() if line.split()[0] in {"preview", "up"})

    def run(self, *arguments: str, expect: int = 0) -> Result:
        self.monkeypatch.setattr("phonemfa.asking.on_terminal", lambda: self.typed is not None)
        words = ["fleet", *arguments, "--project", str(self.folder)]
        ended = CliRunner().invoke(
            app,
            words,
            env={"COLUMNS": "200"},
            input=self.typed or "",
            catch_exceptions=False,  # 1 is a traceback's status too
        )
        assert ended.exit_code == expect, ended.stdout + ended.stderr
        return ended
