"""The workflows as data: jobs, steps, and what a step's shell would get.

Owns reading them as GitHub does. Refuses to run a step.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from tests.contract import PROJECT

FOLDER = PROJECT / ".github" / "workflows"
GITLAB = PROJECT / "docs" / "ci" / "gitlab-ci.yml"
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


class _OnIsNoBoolean(yaml.SafeLoader):
    """YAML 1.2, as GitHub reads it: `on` is a word, and so are `yes` and `off`."""


_OnIsNoBoolean.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_OnIsNoBoolean.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf")
)


@dataclass(frozen=True)
class Step:
    """One step of a job that runs a shell command or an action."""

    workflow: str
    job: str
    content: Mapping[str, Any]

    @property
    def place(self) -> str:
        return f"{self.workflow}/{self.job}: {self.content['name']}"

    @property
    def run(self) -> str:
        """The shell command; empty for an action."""
        return str(self.content.get("run", ""))

    def environment(self, known: Mapping[str, str]) -> dict[str, str]:
        """The step's variables, expressions replaced; KeyError for one that is not in `known`."""
        return {
            name: EXPRESSION.sub(lambda found: known[found[1]], str(value))
            for name, value in self.content.get("env", {}).items()
        }


@cache
def workflows() -> Mapping[str, Mapping[str, Any]]:
    """Every workflow by its file's name without `.yml`."""
    return {path.stem: _read(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.yml")}


def _read(text: str) -> Any:
    return yaml.load(text, Loader=_OnIsNoBoolean)  # noqa: S506 - a safe loader


def jobs() -> Mapping[str, Mapping[str, Any]]:
    """Every job, as `workflow/job`."""
    return {
        f"{name}/{job}": content
        for name, workflow in workflows().items()
        for job, content in workflow["jobs"].items()
    }


def steps() -> list[Step]:
    """Every step of every job."""
    return [
        Step(name, job, content)
        for name, workflow in workflows().items()
        for job, described in workflow["jobs"].items()
        for content in described["steps"]
    ]


def step(workflow: str, job: str) -> Step:
    """The one shell step of a job, or its first."""
    return next(one for one in steps() if (one.workflow, one.job) == (workflow, job) and one.run)


def gitlab_lines() -> list[str]:
    """Every line of every script of GitLab's template."""
    content = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))
    jobs = [one for one in content.values() if isinstance(one, dict)]
    return [line for job in jobs for line in job.get("script", ())]
