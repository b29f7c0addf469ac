"""What no workflow may do, of this repository or of one that `phonemfa new` makes.

Syntax, expressions and known weaknesses are actionlint's, zizmor's and shellcheck's; here is what
only this project knows: which job may hold what.
"""

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.ci.workflows import EXPRESSION, jobs, workflows
from tests.contract import PROJECT
from tests.processes import run

PINNED = re.compile(r"uses: actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\Z")
STACKS = ["dev", "staging", "prod"]
SANDBOXED = "preview-in-sandbox"
ACTIONLINT = PROJECT / "build" / "actionlint" / "actionlint"
CLIENT = {"vars.AUTH0_CLIENT_ID", "secrets.AUTH0_CLIENT_SECRET"}
SIGNING = {"vars.AWS_ROLE_ARN", "vars.PULUMI_OIDC_ORGANIZATION"}
STATE = {"vars.AWS_REGION", "vars.PULUMI_BACKEND_URL", "secrets.PULUMI_CONFIG_PASSPHRASE"}
ALL = CLIENT | SIGNING | STATE
NEW_KEY = "inputs.operation == 'rotate' && secrets.NEW_CPAAS_API_KEY || ''"
REVIEWED = "${{ matrix.stack }}-${{ needs.look.outputs.kind == 'data' && 'read' || 'review' }}"
OPERATED, WATCHED = "${{ inputs.stack }}", "${{ matrix.stack }}"

JOBS: dict[str, tuple[str | None, str | None, set[str], set[str]]] = {
    "preview/look": (None, None, {"pull-requests"}, set()),
    "preview/preview": (REVIEWED, None, {"id-token"}, ALL),
    "preview/outside": (None, None, set(), set()),
    "preview/comment": (None, None, {"pull-requests"}, set()),
    **{f"deploy/{stack}": (stack, f"write-{stack}", {"id-token"}, ALL) for stack in STACKS},
    "drift/drift": (f"{WATCHED}-drift", f"drift-{WATCHED}", {"issues"}, CLIENT),
    "health/health": (f"{WATCHED}-drift", f"health-{WATCHED}", {"issues"}, CLIENT),
    "operate/operate": (
        OPERATED,
        f"write-{OPERATED}",
        {"contents", "pull-requests", "id-token"},
        ALL | {NEW_KEY},
    ),
    "operate/break-glass": (f"{OPERATED}-on-call", f"on-call-{OPERATED}", set(), CLIENT),
}
"""Each job's environment and concurrency group, the rights that it has beside reading, and what it
holds: an environment is where credentials are; a write waits for another of its stack; break-glass
waits for nobody, no deploy and no state; who signs in with the job's own token may have one."""


def held_by(job: Mapping[str, Any]) -> set[str]:
    found = EXPRESSION.findall(json.dumps(job))
    return {one for one in found if "secrets." in one or "vars." in one}


def writes_of(job: Mapping[str, Any]) -> set[str]:
    return {scope for scope, level in job["permissions"].items() if level != "read"}


def test_each_job_has_the_rights_and_credentials_that_it_needs_and_no_others(
    repository: Path,
) -> None:
    found = {}
    for place, job in jobs(repository).items():
        group = job.get("concurrency", {}).get("group")
        found[place] = job.get("environment"), group, writes_of(job), held_by(job)
    assert found == JOBS
    for place, job in jobs(PROJECT).items():
        assert (held_by(job), "environment" in job) == (set(), False), place
        assert writes_of(job) == set(), place
    for folder in (repository, PROJECT):
        assert all(workflow["permissions"] == {} for workflow in workflows(folder).values())
    assert set(workflows(PROJECT)) == {"check", "thorough"}
    gitlab = yaml.safe_load((repository / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    with_token = {name for name, job in gitlab.items() if ".sign-in" in str(job)}
    assert with_token == {"preview", *(f"deploy {stack}" for stack in STACKS)}


def test_every_step_is_pinned_or_a_script_of_the_repository_and_every_job_ends(
    repository: Path,
) -> None:
    used = set()
    for folder in (repository, PROJECT):
        for path in (folder / ".github" / "workflows").glob("*.yml"):
            lines = path.read_text(encoding="utf-8").splitlines()
            used |= {one.strip().removeprefix("- ") for one in lines if "uses:" in one}
        for place, job in jobs(folder).items():
            assert job["timeout-minutes"].isdecimal(), place
            strategy = job.get("strategy", {"fail-fast": "false"})
            assert strategy["fail-fast"] == "false", "one bad stack hides no other"
            assert job.get("concurrency", {}).get("cancel-in-progress") in {None, "false"}, place
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout"):
                    assert step["with"]["persist-credentials"] == "false", place
                if "run" in step:
                    assert not EXPRESSION.search(step["run"]), "a value comes as a variable"
                    assert "\n" not in step["run"]
                    program = step["run"].split()[0]
                    assert program == "make" or os.access(folder / program, os.X_OK), program
    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []
    assert len(used) == len({line.split("@")[0] for line in used}), "one version of each"


def test_tools_find_nothing_in_a_companys_repository(repository: Path) -> None:
    shellcheck = Path(sys.prefix, "bin", "shellcheck")
    checks: list[list[Any]] = [
        [shellcheck.with_name("zizmor"), "--offline", "--no-progress", "--persona=pedantic", "."],
        [shellcheck, "--exclude=SC2015", "--external-sources", "--source-path=SCRIPTDIR"],
    ]
    checks[1] += sorted((repository / "ci").iterdir())
    if ACTIONLINT.exists():  # `make check` builds it, where there is Go
        options = ["-no-color", "-pyflakes", "", "-shellcheck", shellcheck]
        checks.append([ACTIONLINT, *options, *(repository / ".github/workflows").glob("*.yml")])
    for command in checks:
        ended = run(*command, cwd=repository)
        assert ended.returncode == 0, ended.stdout + ended.stderr


def test_nothing_of_a_pull_request_runs_with_credentials_unless_its_owners_approved(
    repository: Path,
) -> None:
    look, preview, comment, outside = (
        jobs(repository)[f"preview/{name}"] for name in ("look", "preview", "comment", "outside")
    )
    base, approved, as_data, compared = [one for one in preview["steps"] if "uses" in one][:4]
    assert "ref" not in base["with"], "the branch that it goes into"
    assert base["if"] == as_data["if"] == "${{ needs.look.outputs.kind == 'data' }}"
    assert approved["if"] == "${{ needs.look.outputs.kind != 'data' }}"
    assert as_data["with"]["path"] == "build/change", "beside what runs"
    assert compared["with"]["path"] == "build/base", "whose rules are not in force"
    assert "ref" not in compared["with"]
    for job in (look, comment, outside):
        assert "ref" not in job["steps"][0]["with"]

    # Of a fork and of Dependabot, nothing meets a credential.
    (step,) = [one for one in look["steps"] if one.get("id") == "look"]
    assert "head.repo.full_name != github.repository" in step["env"]["OUTSIDE"]
    assert "dependabot[bot]" in step["env"]["OUTSIDE"]
    assert preview["if"] == "${{ needs.look.outputs.kind != 'outside' }}"


def test_stacks_are_deployed_in_order_and_break_glass_is_a_job_alone(repository: Path) -> None:
    every = jobs(repository)
    assert [every[f"deploy/{stack}"].get("needs") for stack in STACKS] == [None, "dev", "staging"]
    assert workflows(repository)["deploy"]["on"]["push"] == {"branches": ["main"]}
    condition = every["operate/operate"]["if"]
    assert every["operate/break-glass"]["if"] == condition.replace("!=", "==")


def test_gitlab_calls_what_github_calls_and_the_sandbox_is_for_strangers_changes_alone(
    repository: Path,
) -> None:
    content = yaml.safe_load((repository / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    lines = [one.get("script", ()) for one in content.values() if isinstance(one, dict)]
    called = {line.split()[0].removeprefix("build/base/") for one in lines for line in one}
    mine = {f"ci/{one}" for one in ("preview", SANDBOXED, "deploy", "drift", "health")}
    assert called - {"git"} == mine
    asking = "WITH_SANDBOX=true source"
    scripts = [*(repository / "ci").iterdir()]
    assert [one.name for one in scripts if asking in one.read_text("utf-8")] == [SANDBOXED]
    calling = [place for place, job in jobs(repository).items() if "in-sandbox" in str(job)]
    assert calling == ["preview/outside"]


def test_no_shipped_deploy_skips_the_preview(repository: Path) -> None:
    """With --skip-preview a broken rule of the whole stack is found after others were written.

    What commands of ours ask the engine for: tests/phonemfa/applied.py, fleet/test_work.py.
    """
    shipped = [one for one in repository.rglob("*") if one.is_file()]
    shipped += [*(PROJECT / "docs" / "guides").glob("*.md"), *PROJECT.glob("README*.md")]
    assert repository / "ci" / "deploy" in shipped
    skips = re.compile("skip.preview", re.IGNORECASE)
    assert [str(one) for one in shipped if skips.search(one.read_text(encoding="utf-8"))] == []
