"""A person at a desk who types the commands that a page shows, one after the other.

With a checkout to type them in (a copy, with stacks of its own), what a shell carries from line to
line, and what the person would answer: the questions, and the values that a page leaves open.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import typer
import yaml

from phonemfa.cli import app
from tests.contract import PROJECT
from tests.end_to_end.conftest import CONFIG, PHONE, Tenant

_COPIED: Final = ("components", "actions", "policy", "phonemfa", "tools")
_ASKS: Final = {
    name
    for name, command in typer.main.get_group(app).commands.items()
    if any("--yes" in param.opts for param in command.params)
}
_PULUMI_ASKS: Final = re.compile(
    r"^(?:python -m sandbox )?pulumi (?:-- )?(?:up|import|destroy|refresh)\b"
    r"|^python -m sandbox phonemfa -- drift --repair"
)


@dataclass(kw_only=True)
class Typist:
    """Somebody in a folder who types lines into a shell.

    Attributes:
        folder: where they are.
        environment: the shell's variables, those included that a line set.
        scratch: a folder for what must not lie about in the other.
    """

    folder: Path
    environment: dict[str, str]
    scratch: Path
    said: list[str] = field(default_factory=list)

    def types(self, line: str, *, stdin: str = "", expect: int = 0) -> str:
        """Run one line as bash would; variables that it sets are there for the next one.

        Returns what it printed. Its exit status must be `expect`.
        """
        line = self._filled_in(" && ".join(answered(one) for one in line.split(" && ")))
        kept = self.scratch / "environment"
        script = f'{line}\nstatus=$?\nenv -0 >"{kept}"\nexit $status'
        ran = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        told = f"$ {line}\n{ran.stdout}\n{ran.stderr}"
        assert ran.returncode == expect, f"exit status {ran.returncode}\n{told}"
        pairs = kept.read_text("utf-8").split("\0")
        self.environment = dict(one.split("=", 1) for one in pairs if "=" in one)
        self.said.append(told)
        return ran.stdout + ran.stderr

    def _filled_in(self, line: str) -> str:
        """The line with the person's own values where the page has an ellipsis."""
        for name in re.findall(r"(\w+)=…", line):
            assert name in self.environment, f"{name}: no value for it at this desk"
            line = line.replace(f"{name}=…", f'{name}="${name}"')
        return line


@dataclass(kw_only=True)
class Desk(Typist):
    """Somebody with a tenant and a checkout."""

    tenant: Tenant

    @classmethod
    def at(cls, folder: Path, tenant: Tenant, environment: dict[str, str]) -> Desk:
        """A desk with a checkout of this project that has nobody's stacks."""
        checkout = folder / "checkout"
        checkout.mkdir(parents=True)
        for name in _COPIED:
            shutil.copytree(PROJECT / name, checkout / name, ignore=NO_CACHES)
        for name in ("Pulumi.yaml", "__main__.py"):
            shutil.copyfile(PROJECT / name, checkout / name)
        (checkout / ".venv").symlink_to(sys.prefix)
        # A copy, not a checkout: drift --repair could not know what was deployed.
        wide = environment | {"COLUMNS": "200", "PHONEMFA_ANY_CHECKOUT": "1"}
        return cls(folder=checkout, environment=wide, scratch=folder, tenant=tenant)

    def stack_file(self, stack: str, **settings: Any) -> Path:
        """Write a stack's file as the first guide asks for it."""
        values = CONFIG | {"policy": "never", "testNumbers": [PHONE]} | settings
        config = {f"phonemfa:{key}": value for key, value in values.items()}
        path = self.folder / f"Pulumi.{stack}.yaml"
        content = {"config": {"auth0:domain": self.tenant.domain} | config}
        path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
        return path


def answered(command: str) -> str:
    """A command with the yes that a person would give to its question."""
    words = command.split()
    asks = words[:3] == ["python", "-m", "phonemfa"] and len(words) > 3 and words[3] in _ASKS
    asks = asks and (words[3] != "fleet" or words[4] == "up")
    if not (asks or _PULUMI_ASKS.match(command)) or "--yes" in words or "--list" in words:
        return command
    before, redirect, after = command.partition(" < ")
    return f"{before} --yes{redirect}{after}"


NO_CACHES = shutil.ignore_patterns("__pycache__", "node_modules")
