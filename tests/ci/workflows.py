"""Workflows as data, and a runner that does with them what GitHub's does.

The runner knows what the shipped workflows use: checkouts of a ref, environments with variables,
secrets and reviewers, matrices, `needs`, `if`, outputs, artifacts. What it does not know, it
refuses, so that no line of a workflow goes untried.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.processes import run

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")


def workflows(repository: Path) -> dict[str, dict[str, Any]]:
    """Every workflow of a repository by its file's name without `.yml`."""
    # Every scalar as it is written: GitHub reads YAML 1.2, where `on` is a word.
    return {
        path.stem: yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - safe
        for path in sorted((repository / ".github" / "workflows").glob("*.yml"))
    }


def jobs(repository: Path) -> dict[str, dict[str, Any]]:
    """Every job, as `workflow/job`."""
    return {
        f"{name}/{job}": content
        for name, workflow in workflows(repository).items()
        for job, content in workflow["jobs"].items()
    }


def value_of(text: str, context: Mapping[str, Any]) -> Any:
    """An expression without its braces, as GitHub evaluates it; one of another form is an error."""

    def at(path: str) -> Any:
        value: Any = context
        for part in path.split("."):
            value = value.get(part, "") if isinstance(value, Mapping) else ""
        return value

    def python(word: re.Match[str]) -> str:
        return word[0] if word[0].startswith("'") else f"at({word[0]!r})"

    text = text.replace("!cancelled()", "'true'").replace("&&", "and").replace("||", "or")
    text = re.sub(r"'[^']*'|\b(?!(?:and|or)\b)[A-Za-z][\w.-]*", python, text)
    return eval(text, {"__builtins__": {}, "at": at})  # noqa: S307 - of files in this checkout


def filled(text: Any, context: Mapping[str, Any]) -> str:
    """A text with its expressions replaced."""

    def as_text(found: re.Match[str]) -> str:
        value = value_of(found[1], context)
        return str(value).lower() if isinstance(value, bool) else str(value)

    return EXPRESSION.sub(as_text, str(text))


@dataclass
class Ended:
    """A job that ran, was skipped, or waits for its reviewers."""

    result: str
    said: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class Runner:
    """GitHub's side of a repository.

    Attributes:
        variables: that every step finds, as on a runner; no credentials.
        environments: `vars` and `secrets` by environment; one that is missing is empty.
        reviewed: environments that ask somebody first; a run stops there unless `approved`.
        tools: `.venv` of the repository, which every job finds in its checkout.
    """

    origin: Path
    folder: Path
    variables: Mapping[str, str]
    environments: Mapping[str, Mapping[str, Mapping[str, str]]]
    reviewed: frozenset[str]
    tools: Path
    token: str
    approved: bool = False
    artifacts: dict[str, Path] = field(default_factory=dict)
    _count: int = 0

    def run(
        self, workflow: str, *, event: Mapping[str, Any] | None = None, inputs: Any = None
    ) -> dict[str, Ended]:
        """Run a workflow of `main`; jobs by name, those of a matrix as `name stack`."""
        base = self.checkout("main")
        content = workflows(base)[workflow]
        self.artifacts.clear()
        ended: dict[str, Ended] = {}
        results: dict[str, Any] = {}
        for name, job in content["jobs"].items():
            needs = job.get("needs", [])
            needs = [needs] if isinstance(needs, str) else needs
            context = {
                "github": {"event": event or {}, "token": self.token, "repository": "o/r"},
                "inputs": inputs or {},
                "needs": {one: results[one] for one in needs},
            }
            before = {results[one]["result"] for one in needs}
            waits = "waiting" in before
            if waits or not _runs(job, context, sound=before <= {"success"}):
                results[name] = {"result": "waiting" if waits else "skipped", "outputs": {}}
                continue
            several = [self._job(job, context | {"matrix": matrix}) for matrix in _matrices(job)]
            for matrix, one in zip(_matrices(job), several, strict=True):
                ended[" ".join([name, *matrix.values()])] = one
            worst = next((one for one in several if one.result != "success"), several[0])
            results[name] = {"result": worst.result, "outputs": worst.outputs}
        return ended

    def _job(self, job: Mapping[str, Any], context: dict[str, Any]) -> Ended:
        environment = filled(job.get("environment", ""), context)
        if environment in self.reviewed and not self.approved:
            return Ended("waiting")
        held = self.environments.get(environment, {})
        context |= {"vars": held.get("vars", {}), "secrets": held.get("secrets", {}), "steps": {}}
        self._count += 1
        place = self.folder / f"job-{self._count}"
        said, result = "", "success"
        for step in job["steps"]:
            if not _runs(step, context, sound=result == "success"):
                continue
            if "uses" in step:
                self._action(step, place, context)
            else:
                status, words = self._shell(step, place, context)
                said += words
                result = "failure" if status else result
        outputs = {name: filled(text, context) for name, text in job.get("outputs", {}).items()}
        return Ended(result, said, outputs)

    def _action(self, step: Mapping[str, Any], place: Path, context: Mapping[str, Any]) -> None:
        given = {name: filled(text, context) for name, text in step.get("with", {}).items()}
        match step["uses"].partition("@")[0]:
            case "actions/checkout":
                target = place / given["path"] if "path" in given else place
                self.checkout(given.get("ref", "main"), target)
                if "path" not in given:
                    (target / ".venv").symlink_to(self.tools)
            case "actions/upload-artifact":
                found = place / given["path"]
                if found.exists():
                    kept = self.folder / f"artifact-{self._count}"
                    shutil.copytree(found, kept, dirs_exist_ok=True)
                    self.artifacts[given["name"]] = kept
            case "actions/download-artifact":
                for name, kept in self.artifacts.items():
                    if name.startswith(given["pattern"].removesuffix("*")):
                        shutil.copytree(kept, place / given["path"], dirs_exist_ok=True)
            case unknown:
                raise AssertionError(f"the runner does not know {unknown}")

    def _shell(
        self, step: Mapping[str, Any], place: Path, context: dict[str, Any]
    ) -> tuple[int, str]:
        files = {name: place.parent / f"{place.name}.{name}" for name in ("output", "event")}
        files["event"].write_text(json.dumps(context["github"]["event"]))
        files["output"].write_text("")
        own = {name: filled(text, context) for name, text in step.get("env", {}).items()}
        given = {
            "GITHUB_EVENT_PATH": str(files["event"]),
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GITHUB_RUN_ID": str(self._count),
        }
        variables = {**self.variables, **given, **own}
        ended = run("bash", "-e", "-c", step["run"], cwd=place, env=variables)
        if "id" in step:
            pairs = [line.partition("=") for line in files["output"].read_text().splitlines()]
            context["steps"][step["id"]] = {"outputs": {name: value for name, _, value in pairs}}
        return ended.returncode, f"{ended.stdout}\n{ended.stderr}"

    def checkout(self, ref: str, target: Path | None = None) -> Path:
        self._count += 1
        target = target or self.folder / f"base-{self._count}"
        subprocess.run(
            [*GIT, "clone", "--quiet", "--no-checkout", str(self.origin), str(target)], check=True
        )
        for command in (("fetch", "--quiet", "origin", ref), ("checkout", "--quiet", "FETCH_HEAD")):
            subprocess.run([*GIT, *command], cwd=target, check=True)
        return target


def _runs(what: Mapping[str, Any], context: Mapping[str, Any], *, sound: bool) -> bool:
    """Whether a job or a step runs, where all before it was sound or not."""
    condition = str(what.get("if", "!cancelled()" if sound else "''"))
    found = EXPRESSION.fullmatch(condition)
    holds = value_of(found[1] if found else condition, context)
    return bool(holds) and (sound or "cancelled()" in condition)


def _matrices(job: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    stacks = job.get("strategy", {}).get("matrix", {}).get("stack")
    yield from ({"stack": one} for one in stacks) if stacks else ({},)


def runners_variables(environment: Mapping[str, str], without: set[str]) -> dict[str, str]:
    """What a runner's steps find by themselves."""
    return {
        name: value
        for name, value in {**os.environ, **environment}.items()
        if name not in without and not name.startswith(("AUTH0_", "PHONEMFA_", "PYTEST_"))
    }


def gitlab_job(runner: Runner, name: str, ref: str, variables: Mapping[str, str]) -> Path:
    """Run the script of one of .gitlab-ci.yml's jobs for a merge request; the folder of the job.

    None of the runner's environments is given to it; `ref` is merged into its target.
    """
    place = runner.folder / f"gitlab-{name.replace(' ', '-')}"
    runner.checkout(ref, place)
    job = yaml.safe_load((place / ".gitlab-ci.yml").read_text("utf-8"))[name]
    assert "environment" not in job
    for line in job["script"]:
        ended = run("bash", "-e", "-c", line, cwd=place, env={**runner.variables, **variables})
        assert ended.returncode == 0, f"{line}\n{ended.stdout}\n{ended.stderr}"
        base = place / "build" / "base"
        if base.is_dir() and not (base / ".venv").exists():
            (base / ".venv").symlink_to(runner.tools)
    return place
