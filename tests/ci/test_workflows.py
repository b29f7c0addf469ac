"""What no workflow may do, whoever changes it next.

Syntax, expressions and known weaknesses are actionlint's and zizmor's (tools/workflows); here is
what only this project knows: which job may hold what.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from tests.ci.workflows import EXPRESSION, FOLDER, Step, gitlab_lines, jobs, steps, workflows
from tests.contract import PROJECT

PINNED = re.compile(r"uses: actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\Z")
STACKS = ("dev", "staging", "prod")
SAME_REPOSITORY = "${{ github.event.pull_request.head.repo.full_name == github.repository }}"
FROM_A_FORK = "${{ github.event.pull_request.head.repo.full_name != github.repository }}"


def secrets_of(job: Mapping[str, Any]) -> set[str]:
    text = json.dumps(job)
    return {found for found in EXPRESSION.findall(text) if "secrets." in found or "vars." in found}


def writes_of(job: Mapping[str, Any]) -> set[str]:
    return {scope for scope, level in job["permissions"].items() if level != "read"}


def test_there_are_the_six_workflows() -> None:
    assert set(workflows()) == {"check", "thorough", "preview", "deploy", "drift", "health"}


def test_every_action_is_githubs_own_and_pinned_to_a_commit() -> None:
    used = [
        line.strip().removeprefix("- ")
        for path in FOLDER.glob("*.yml")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "uses:" in line
    ]

    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []
    assert len(set(used)) == len({line.split("@")[0] for line in used}), "one version of each"


def test_rights_are_given_to_jobs_alone_and_are_few() -> None:
    assert all(workflow["permissions"] == {} for workflow in workflows().values())
    assert {place: writes_of(job) for place, job in jobs().items() if writes_of(job)} == {
        "preview/report": {"pull-requests"},
        "drift/drift": {"issues"},
        "health/health": {"issues"},
    }


def test_nothing_runs_with_the_base_repositorys_rights_on_foreign_code() -> None:
    for workflow in workflows().values():
        assert not {"pull_request_target", "workflow_run"} & set(workflow["on"])


@pytest.mark.parametrize("place", sorted(jobs()))
def test_credentials_come_from_an_environment(place: str) -> None:
    job = jobs()[place]

    assert bool(secrets_of(job)) == ("environment" in job)


def test_a_pull_request_from_a_fork_meets_no_credential_and_no_right_to_write() -> None:
    on_pull_requests = {
        place: job
        for place, job in jobs().items()
        if "pull_request" in workflows()[place.split("/")[0]]["on"]
    }
    for place, job in on_pull_requests.items():
        if job.get("if") == SAME_REPOSITORY:
            continue
        if place == "preview/report":
            # Skipped together with the job it waits for.
            assert job["needs"] == "preview"
            assert "needs.preview.result != 'skipped'" in job["if"]
            assert jobs()["preview/preview"]["if"] == SAME_REPOSITORY
            continue
        assert secrets_of(job) == set(), place
        assert writes_of(job) == set(), place
        assert "environment" not in job, place
    assert jobs()["preview/sandbox"]["if"] == FROM_A_FORK


def test_who_reads_tenants_cannot_write_to_the_pull_request() -> None:
    assert writes_of(jobs()["preview/preview"]) == set()
    assert secrets_of(jobs()["preview/report"]) == set()


def test_previews_drift_and_health_hold_reading_credentials() -> None:
    for place in ("preview/preview", "drift/drift", "health/health"):
        job = jobs()[place]
        assert job["environment"] == "${{ matrix.stack }}-read"
        assert job["strategy"]["matrix"]["stack"] == list(STACKS)
        assert job["strategy"]["fail-fast"] is False


def test_each_stack_is_deployed_alone_in_order_and_to_its_end() -> None:
    deploys = [jobs()[f"deploy/{stack}"] for stack in STACKS]

    assert [job["environment"] for job in deploys] == list(STACKS)
    assert [job.get("needs") for job in deploys] == [None, "dev", "staging"]
    for stack, job in zip(STACKS, deploys, strict=True):
        assert job["concurrency"] == {"group": f"deploy-{stack}", "cancel-in-progress": False}
    assert workflows()["deploy"]["on"]["push"] == {"branches": ["main"]}
    assert "pull_request" not in workflows()["deploy"]["on"]


def test_a_stack_that_the_workflows_name_is_one_of_the_project() -> None:
    for stack in STACKS:
        assert (PROJECT / f"Pulumi.{stack}.yaml").is_file()


@pytest.mark.parametrize("one", [one for one in steps() if one.run], ids=lambda one: one.place)
def test_a_shell_step_is_one_script_of_the_checkout_or_make(one: Step) -> None:
    program = one.run.split()[0]
    assert not EXPRESSION.search(one.run), "a value reaches the shell as a variable"
    assert "\n" not in one.run
    assert program == "make" or os.access(PROJECT / program, os.X_OK)


@pytest.mark.parametrize("job", jobs().values(), ids=list(jobs()))
def test_a_checkout_leaves_no_token_behind_and_a_job_ends(job: Mapping[str, Any]) -> None:
    assert job["steps"][0]["with"]["persist-credentials"] is False
    assert isinstance(job["timeout-minutes"], int)


def test_gitlab_calls_what_github_calls() -> None:
    def called(lines: list[str]) -> set[str]:
        return {line.split()[0] for line in lines} - {"git"}

    assert called(gitlab_lines()) == called([one.run for one in steps() if one.run])


def test_the_templates_workflow_reads_only_and_uses_the_same_actions() -> None:
    path = PROJECT / "template" / ".github" / "workflows" / "health.yml"
    text = path.read_text(encoding="utf-8")
    ours = (FOLDER / "health.yml").read_text(encoding="utf-8")
    assert {one.strip() for one in text.splitlines() if "uses:" in one} == {
        one.strip() for one in ours.splitlines() if "uses:" in one
    }
    content = yaml.safe_load(text)
    assert content["permissions"] == {}
    (job,) = content["jobs"].values()
    assert writes_of(job) == {"issues"}
    assert job["environment"] == "${{ matrix.stack }}-read"
    assert not any(EXPRESSION.search(one.get("run", "")) for one in job["steps"])


def test_no_shipped_deploy_skips_the_preview() -> None:
    """With --skip-preview a broken rule of the whole stack is found after others were written.

    What commands of ours ask the engine for: tests/phonemfa/applied.py, fleet/test_work.py.
    """
    shipped = [
        path
        for folder, pattern in (
            ("tools/ci", "*"),
            (".github", "**/*.yml"),
            ("docs/ci", "*"),
            ("docs/guides", "*.md"),
            ("template", "*"),
            (".", "README.md"),
            ("docs", "README.ja.md"),
        )
        for path in (PROJECT / folder).glob(pattern)
        if path.is_file() and path.suffix != ".pyc"
    ]
    skipping = [
        str(path.relative_to(PROJECT))
        for path in shipped
        if re.search("skip.preview", path.read_text(encoding="utf-8"), re.IGNORECASE)
    ]

    assert PROJECT / "tools" / "ci" / "deploy" in shipped
    assert skipping == []
