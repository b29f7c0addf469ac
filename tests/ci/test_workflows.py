"""What no workflow may do, of this repository or of one that `phonemfa new` makes.

Syntax, expressions and known weaknesses are actionlint's, zizmor's and shellcheck's; here is what
only this project knows: which job may hold what.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.ci.workflows import EXPRESSION, jobs, shell_steps, workflows
from tests.contract import PROJECT

PINNED = re.compile(r"uses: actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\Z")
STACKS = ["dev", "staging", "prod"]
ACTIONLINT = PROJECT / "build" / "actionlint" / "actionlint"


def held_by(job: Mapping[str, Any]) -> set[str]:
    text = json.dumps(job)
    return {found for found in EXPRESSION.findall(text) if "secrets." in found or "vars." in found}


def writes_of(job: Mapping[str, Any]) -> set[str]:
    return {scope for scope, level in job["permissions"].items() if level != "read"}


def every(repository: Path) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{folder.name}/{place}", job)
        for folder in (repository, PROJECT)
        for place, job in jobs(folder).items()
    ]


def test_this_repository_has_its_products_workflows_and_no_users() -> None:
    assert set(workflows(PROJECT)) == {"check", "thorough"}


def test_a_companys_repository_has_the_four_of_a_user(repository: Path) -> None:
    assert {"preview", "deploy", "drift", "operate"} <= set(workflows(repository))


def test_tools_find_nothing_in_a_companys_repository(repository: Path) -> None:
    tools = Path(sys.prefix, "bin")
    scripts = [str(one) for one in sorted((repository / "ci").iterdir())]
    checks = [
        [tools / "zizmor", "--offline", "--no-progress", "--persona", "pedantic", ".github"],
        [
            tools / "shellcheck",
            "--exclude=SC2015",
            "--external-sources",
            "--source-path=SCRIPTDIR",
            *scripts,
        ],
    ]
    if ACTIONLINT.exists():  # `make check` builds it, where there is Go
        workflow_files = sorted((repository / ".github" / "workflows").glob("*.yml"))
        checks.append(
            [
                ACTIONLINT,
                "-no-color",
                "-pyflakes",
                "",
                "-shellcheck",
                tools / "shellcheck",
                *workflow_files,
            ]
        )
    for command in checks:
        ended = subprocess.run(
            [*map(str, command)], cwd=repository, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_action_is_githubs_own_and_pinned_to_a_commit(repository: Path) -> None:
    used = [
        line.strip().removeprefix("- ")
        for folder in (repository, PROJECT)
        for path in (folder / ".github" / "workflows").glob("*.yml")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "uses:" in line
    ]

    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []
    assert len(set(used)) == len({line.split("@")[0] for line in used}), "one version of each"


def test_rights_are_given_to_jobs_alone_and_are_few(repository: Path) -> None:
    for folder in (repository, PROJECT):
        assert all(workflow["permissions"] == {} for workflow in workflows(folder).values())
    assert {place: writes_of(job) for place, job in jobs(repository).items() if writes_of(job)} == {
        "preview/look": {"pull-requests"},
        "preview/preview": {"id-token"},
        "preview/comment": {"pull-requests"},
        "deploy/dev": {"id-token"},
        "deploy/staging": {"id-token"},
        "deploy/prod": {"id-token"},
        "drift/drift": {"issues"},
        "health/health": {"issues"},
        "operate/operate": {"contents", "pull-requests", "id-token"},
    }


def test_credentials_come_from_an_environment(repository: Path) -> None:
    for place, job in every(repository):
        assert bool(held_by(job)) == ("environment" in job), place


def test_nothing_of_a_pull_request_runs_with_credentials_unless_its_owners_approved(
    repository: Path,
) -> None:
    preview = jobs(repository)["preview/preview"]
    base, approved, as_data, compared = [one for one in preview["steps"] if "uses" in one][:4]

    assert "ref" not in base["with"], "the branch that it goes into"
    assert base["if"] == as_data["if"] == "${{ needs.look.outputs.kind == 'data' }}"
    assert approved["if"] == "${{ needs.look.outputs.kind != 'data' }}"
    assert as_data["with"]["path"] == "build/change", "beside what runs"
    assert compared["with"]["path"] == "build/base", "whose rules are not in force"
    assert "ref" not in compared["with"]
    assert preview["environment"] == (
        "${{ matrix.stack }}-${{ needs.look.outputs.kind == 'data' && 'read' || 'review' }}"
    )
    for name in ("look", "comment", "outside"):
        job = jobs(repository)[f"preview/{name}"]
        assert held_by(job) == set(), name
        first = job["steps"][0]
        assert "ref" not in first["with"], name


def test_of_a_fork_and_of_dependabot_nothing_meets_a_credential(repository: Path) -> None:
    look, preview = (jobs(repository)[f"preview/{name}"] for name in ("look", "preview"))
    (step,) = [one for one in look["steps"] if one.get("id") == "look"]

    assert "head.repo.full_name != github.repository" in step["env"]["OUTSIDE"]
    assert "dependabot[bot]" in step["env"]["OUTSIDE"]
    assert preview["if"] == "${{ needs.look.outputs.kind != 'outside' }}"


def test_drift_and_health_need_a_client_and_nothing_of_the_state(repository: Path) -> None:
    for place in ("drift/drift", "health/health"):
        job = jobs(repository)[place]
        assert held_by(job) == {"vars.AUTH0_CLIENT_ID", "secrets.AUTH0_CLIENT_SECRET"}
        assert job["environment"] == "${{ matrix.stack }}-drift"
        assert job["strategy"]["fail-fast"] is False


def test_each_stack_is_deployed_alone_in_order_and_to_its_end(repository: Path) -> None:
    deploys = [jobs(repository)[f"deploy/{stack}"] for stack in STACKS]

    assert [job["environment"] for job in deploys] == STACKS
    assert [job.get("needs") for job in deploys] == [None, "dev", "staging"]
    for stack, job in zip(STACKS, deploys, strict=True):
        assert job["concurrency"] == {"group": f"write-{stack}", "cancel-in-progress": False}
    assert workflows(repository)["deploy"]["on"]["push"] == {"branches": ["main"]}


def test_break_glass_waits_for_nobody_for_no_deploy_and_for_no_state(repository: Path) -> None:
    job, others = (jobs(repository)[f"operate/{name}"] for name in ("break-glass", "operate"))

    assert job["environment"] == "${{ inputs.stack }}-on-call"
    assert job["concurrency"]["group"] == "on-call-${{ inputs.stack }}"
    assert held_by(job) == {"vars.AUTH0_CLIENT_ID", "secrets.AUTH0_CLIENT_SECRET"}
    assert others["environment"] == "${{ inputs.stack }}"
    assert others["concurrency"]["group"] == "write-${{ inputs.stack }}"
    assert job["if"] == others["if"].replace("!=", "==")


def test_who_signs_in_with_the_jobs_own_token_may_have_one_and_nobody_else(
    repository: Path,
) -> None:
    signing = {"vars.AWS_ROLE_ARN", "vars.PULUMI_OIDC_ORGANIZATION"}
    for place, job in every(repository):
        declared = held_by(job) & signing
        assert declared in (set(), signing), place
        assert bool(declared) == (job["permissions"].get("id-token") == "write"), place
    gitlab = yaml.safe_load((repository / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    with_token = {name for name, job in gitlab.items() if ".sign-in" in str(job)}
    assert with_token == {"preview", *(f"deploy {stack}" for stack in STACKS)}


def test_a_shell_step_is_one_script_of_the_repository(repository: Path) -> None:
    for folder in (repository, PROJECT):
        for step in shell_steps(folder):
            assert not EXPRESSION.search(step["run"]), "a value reaches the shell as a variable"
            assert "\n" not in step["run"]
            program = step["run"].split()[0]
            assert program == "make" or os.access(folder / program, os.X_OK), step["run"]


def test_a_checkout_leaves_no_token_behind_and_a_job_ends(repository: Path) -> None:
    for place, job in every(repository):
        assert isinstance(job["timeout-minutes"], int), place
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False, place


def test_gitlab_calls_what_github_calls(repository: Path) -> None:
    content = yaml.safe_load((repository / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    lines = [
        line for one in content.values() if isinstance(one, dict) for line in one.get("script", ())
    ]
    called = {line.split()[0].removeprefix("build/base/") for line in lines} - {"git"}

    assert called == {"ci/preview", "ci/preview-in-sandbox", "ci/deploy", "ci/drift", "ci/health"}


def test_the_sandbox_is_installed_for_strangers_changes_alone(repository: Path) -> None:
    scripts = [*(repository / "ci").iterdir()]
    asking = {one.name for one in scripts if "WITH_SANDBOX=true source" in one.read_text("utf-8")}
    assert asking == {"preview-in-sandbox"}
    calling = [place for place, job in jobs(repository).items() if "in-sandbox" in str(job)]
    assert calling == ["preview/outside"]


def test_no_shipped_deploy_skips_the_preview(repository: Path) -> None:
    """With --skip-preview a broken rule of the whole stack is found after others were written.

    What commands of ours ask the engine for: tests/phonemfa/applied.py, fleet/test_work.py.
    """
    shipped = [one for one in repository.rglob("*") if one.is_file()]
    shipped += [*(PROJECT / "docs" / "guides").glob("*.md"), *PROJECT.glob("README*.md")]
    skipping = [
        str(path)
        for path in shipped
        if re.search("skip.preview", path.read_text(encoding="utf-8"), re.IGNORECASE)
    ]

    assert repository / "ci" / "deploy" in shipped
    assert skipping == []
