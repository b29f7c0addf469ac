"""Every shell step of the workflows, run as GitHub runs it, against the sandbox.

The text and the variables are the workflow's own. `.ci/run` is the one step that is not run: it
runs these tests.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.ci.workflows import gitlab_lines, step, steps
from tests.contract import PROJECT
from tests.end_to_end.conftest import CONFIG, KEY, Tenant
from tests.end_to_end.pulumi_cli import PulumiProject
from tests.free_ports import sandbox_ports
from tests.phonemfa.github_stand_in import GitHubStandIn

pytestmark = pytest.mark.end_to_end

STACKS = ("dev", "staging", "prod")
LINKED = (".venv", "Pulumi.yaml", "__main__.py", "actions", "components", "phonemfa", "policy")
TOOLS = ("requirements.lock", "sandbox", "tools")


def ran(
    command: str, folder: Path, environment: Mapping[str, str], *, expect: int
) -> subprocess.CompletedProcess[str]:
    """One step's shell: `bash -e`, as GitHub's default is."""
    ended = subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    said = f"{ended.stdout}\n{ended.stderr}"
    assert ended.returncode == expect, said
    assert KEY not in said
    return ended


class Checkout:
    """A checkout whose stack `dev` is the sandbox's tenant, and a runner's variables."""

    def __init__(self, folder: Path, environment: Mapping[str, str], github: GitHubStandIn) -> None:
        folder.mkdir()
        for name in (*LINKED, *TOOLS):
            (folder / name).symlink_to(PROJECT / name)
        self.folder = folder
        self.dev = PulumiProject(folder, environment, program=folder, stack="dev")
        self.dev.init()
        self.dev.configure(secrets={"cpaasApiKey": KEY}, **CONFIG)
        event = folder.parent / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": 7}}))
        passphrase = Path(environment["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text().strip()
        # What the expressions of the workflows stand for. An unset secret is empty on GitHub.
        self._known = {
            "matrix.stack": "dev",
            "inputs.refresh": "",
            "github.token": github.token,
            "vars.AUTH0_CLIENT_ID": environment["AUTH0_CLIENT_ID"],
            "vars.PULUMI_BACKEND_URL": environment["PULUMI_BACKEND_URL"],
            "secrets.AUTH0_CLIENT_SECRET": environment["AUTH0_CLIENT_SECRET"],
            "secrets.PULUMI_ACCESS_TOKEN": "",
            "secrets.PULUMI_CONFIG_PASSPHRASE": passphrase,
        }
        runner = {**environment, **github.environment, "GITHUB_EVENT_PATH": str(event)}
        # These reach a step through its own `env` or not at all.
        given = {name.rpartition(".")[2] for name in self._known} | {"GITHUB_TOKEN"}
        self._runner = {name: value for name, value in runner.items() if name not in given}
        self._runner.pop("PULUMI_CONFIG_PASSPHRASE_FILE")
        self._runner["GITHUB_STEP_SUMMARY"] = str(folder.parent / "summary.md")

    @property
    def summary(self) -> str:
        return Path(self._runner["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")

    def step(self, workflow: str, job: str, *, expect: int = 0) -> subprocess.CompletedProcess[str]:
        """Run the shell step of a job."""
        one = step(workflow, job)
        return ran(one.run, self.folder, self._runner | one.environment(self._known), expect=expect)


def test_a_stack_is_deployed_watched_previewed_and_reported(
    tmp_path: Path, environment: dict[str, str], tenant: Tenant
) -> None:
    with GitHubStandIn() as github:
        checkout = Checkout(tmp_path / "checkout", environment, github)
        preview = checkout.folder / "build" / "preview"

        # deploy: applied through the doctor and the policy pack.
        deployed = checkout.step("deploy", "dev")
        assert "✅ phonemfa@" in deployed.stdout
        assert tenant.api("GET", "/guardian/policies") == ["all-applications"]

        # drift: none after a deploy; a change in the tenant opens the stack's issue.
        checkout.step("drift", "drift")
        assert github.issues == []
        tenant.api("PUT", "/guardian/policies", [])
        checkout.step("drift", "drift", expect=7)
        (issue,) = github.issues
        assert issue["state"] == "open"
        assert 'failures="1"' in (checkout.folder / "build" / "drift" / "dev.xml").read_text()

        # health: a log in which nothing is known is no answer; a bad day opens an issue.
        tenant.control("POST", "/traffic", {"kind": "sender", "per_day": 200, "days": 2})
        checkout.step("health", "health", expect=8)
        assert len(github.issues) == 2
        assert (checkout.folder / "build" / "health" / "dev.html").is_file()

        # preview: reads only, and leaves what the report needs.
        checkout.dev.configure(policy="adaptive")
        tenant.forget_requests()
        checkout.step("preview", "preview")
        written = {one["method"] for one in tenant.logged() if one["path"] != "/oauth/token"}
        assert written <= {"GET"}
        assert KEY not in (preview / "dev.json").read_text(encoding="utf-8")

        # report: a stack without a preview is told, in the one comment of the pull request.
        checkout.step("preview", "report", expect=2)
        for stack in ("staging", "prod"):
            shutil.copyfile(preview / "dev.json", preview / f"{stack}.json")
        checkout.step("preview", "report")
        (comment,) = github.comments[7]
        assert "adaptive" in comment["body"] or "confidence-score" in comment["body"]
        assert checkout.summary.endswith((preview / "report.md").read_text(encoding="utf-8"))
        assert "<html" in (preview / "report.html").read_text(encoding="utf-8")
        assert github.authorisations == {f"token {github.token}"}

        # A preview that fails keeps Pulumi's status, and its reason reaches the report.
        checkout.dev.configure(policy="sometimes")
        checkout.step("preview", "preview", expect=1)
        checkout.step("preview", "report", expect=2)
        assert "phonemfa:policy" in (preview / "report.md").read_text(encoding="utf-8")


@pytest.mark.thorough
def test_a_forks_change_is_previewed_against_a_sandbox_that_has_what_it_goes_into(
    tmp_path: Path,
) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("Pulumi.yaml", "Pulumi.sandbox.yaml", "__main__.py"):
        shutil.copyfile(PROJECT / name, checkout / name)
    for name in ("components", "actions"):
        shutil.copytree(PROJECT / name, checkout / name)
    for name in (".venv", "phonemfa", "policy", *TOOLS):
        (checkout / name).symlink_to(PROJECT / name)
    (checkout / ".gitignore").write_text("/*\n!/components\n!/actions\n!/Pulumi*\n!/__main__.py\n")
    git = "git -c user.name=t -c user.email=t@example.com -c commit.gpgsign=false"
    committed = f"git add . && {git} commit -qm"
    # The variables that a runner has, and no credential of anybody.
    environment = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ
    }
    environment |= {
        **sandbox_ports(),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    ran(f"git init -q && {committed} base", checkout, environment, expect=0)
    text = checkout / "actions" / "templates" / "ja" / "otp_verify.text.liquid"
    text.write_text("新しい文面: {{ code }}\n", encoding="utf-8")
    ran(f"{committed} change", checkout, environment, expect=0)

    forked = [one for one in steps() if (one.workflow, one.job) == ("preview", "sandbox")]
    preview, report = (one for one in forked if one.run)
    assert preview.environment({}) == report.environment({}) == {}
    ran(preview.run, checkout, environment, expect=0)
    ran(report.run, checkout, environment, expect=0)

    told = json.loads((checkout / "build" / "preview" / "sandbox.json").read_text(encoding="utf-8"))
    assert told["changeSummary"] == {"same": 10, "update": 1}
    assert "新しい文面" in (tmp_path / "summary.md").read_text(encoding="utf-8")
    listed = ran("git worktree list", checkout, environment, expect=0)
    assert len(listed.stdout.splitlines()) == 1, "the base's worktree is gone"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("tools/ci/preview dev", "usage: tools/ci/preview STACK FILE"),
        ("tools/ci/preview dev f.json", "not set: AUTH0_CLIENT_ID AUTH0_CLIENT_SECRET"),
        ("tools/ci/deploy", "usage: tools/ci/deploy STACK"),
        ("tools/ci/deploy dev", "not set: AUTH0_CLIENT_ID AUTH0_CLIENT_SECRET"),
        ("tools/ci/drift dev", "usage: tools/ci/drift STACK FILE"),
        ("tools/ci/report build/preview", "usage: tools/ci/report FOLDER STACK..."),
        ("COMMENT=true tools/ci/report build/preview dev", "not set: GITHUB_TOKEN"),
        ("tools/ci/sandbox-preview HEAD", "usage: tools/ci/sandbox-preview BASE FILE"),
    ],
)
def test_a_step_that_lacks_something_says_what_before_it_works(command: str, says: str) -> None:
    ended = ran(command, PROJECT, {"PATH": os.environ["PATH"]}, expect=2)

    assert says in ended.stderr


def test_no_step_is_left_out_here() -> None:
    here = {step("deploy", "dev").run, step("preview", "preview").run, step("drift", "drift").run}
    here |= {step("preview", "report").run}
    here |= {one.run for one in steps() if one.job == "sandbox" and one.run}
    here |= {f"tools/ci/deploy {stack}" for stack in STACKS}  # one text but for the stack
    here |= {
        ".ci/run",
        "make coverage",
        "make --keep-going thorough fidelity shaken",
    }  # tests themselves

    assert {one.run for one in steps() if one.run} == here
    sandboxed = "$CI_MERGE_REQUEST_DIFF_BASE_SHA"
    known = {*here, 'tools/ci/drift "$STACK" "build/drift/$STACK.xml"'}
    assert {line for line in gitlab_lines() if sandboxed not in line} <= known
