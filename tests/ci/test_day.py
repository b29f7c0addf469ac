"""A company's first day: a repository made by `phonemfa new`, its workflows run as declared."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.engine.plugin import Plugin
from tests.ci.workflows import GIT, Ended, Runner, runners_variables
from tests.contract import PROJECT
from tests.end_to_end.conftest import CONFIG, KEY, Tenant
from tests.end_to_end.operators import NEW_KEY, cpaas_of, running_version
from tests.packaging.installed import build
from tests.phonemfa.github_stand_in import GitHubStandIn

pytestmark = pytest.mark.end_to_end

PHONE = "+819012345678"
ELSEWHERE = "evil.example.test"


def ran(*command: str, cwd: Path, environment: Mapping[str, str], stdin: str = "") -> str:
    ended = subprocess.run(
        command,
        cwd=cwd,
        env=dict(environment),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


class Company:
    """The repository, at somebody's desk and at GitHub."""

    def __init__(
        self,
        folder: Path,
        tenant: Tenant,
        environment: dict[str, str],
        plugin: Plugin,
        github: GitHubStandIn,
    ) -> None:
        folder.mkdir()
        self.tenant, self.github = tenant, github
        wheel = build(folder / "dist", "wheel")[".whl"]
        desk = folder / "company-login"
        self.desk, origin = desk, folder / "origin.git"
        named = [
            f"--stack={name}={domain}"
            for name, domain in (
                ("dev", tenant.domain),
                ("staging", "staging.jp.auth0.com"),
                ("prod", "prod.jp.auth0.com"),
            )
        ]
        ran(
            sys.executable,
            "-m",
            "phonemfa",
            "new",
            str(desk),
            *named,
            "--package",
            str(wheel),
            "--owners",
            "@mirai/login",
            "--cpaas-host",
            CONFIG["cpaasBaseHost"],
            "--sms-sender",
            CONFIG["smsSender"],
            "--voice-sender",
            CONFIG["voiceSender"],
            cwd=PROJECT,
            environment=os.environ,
        )
        # The plugin runs in this checkout's environment, and the program in its own.
        tools = folder / "bin"
        tools.mkdir()
        wrapped = tools / plugin.executable.name
        wrapped.write_text(
            f'#!/bin/sh\nPATH="{Path(sys.prefix, "bin")}:$PATH" exec "{plugin.executable}" "$@"\n',
            "utf-8",
        )
        wrapped.chmod(0o755)
        passphrase = Path(environment["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text("utf-8").strip()
        backend = environment["PULUMI_BACKEND_URL"]
        own = frozenset(
            {
                "PULUMI_CONFIG_PASSPHRASE_FILE",
                "PULUMI_BACKEND_URL",
                "VIRTUAL_ENV",
                "PYTHONPATH",
                "GITHUB_TOKEN",
            }
        )
        path = [one for one in environment["PATH"].split(os.pathsep) if one != f"{sys.prefix}/bin"]
        self.runner_variables = {
            **runners_variables(environment, own),
            "PATH": os.pathsep.join([str(tools), *path]),
            **{k: v for k, v in environment.items() if k == "PHONEMFA_CPAAS_ADDRESS"},
            **{k: v for k, v in github.environment.items() if k != "GITHUB_TOKEN"},
        }
        client = {
            "vars": {"AUTH0_CLIENT_ID": tenant.client_id, "PULUMI_BACKEND_URL": backend},
            "secrets": {
                "AUTH0_CLIENT_SECRET": tenant.client_secret,
                "PULUMI_CONFIG_PASSPHRASE": passphrase,
            },
        }
        rotating = {**client, "secrets": {**client["secrets"], "NEW_CPAAS_API_KEY": NEW_KEY}}
        alone = {  # what README says that they need, and nothing else
            "vars": {"AUTH0_CLIENT_ID": tenant.client_id},
            "secrets": {"AUTH0_CLIENT_SECRET": tenant.client_secret},
        }
        self.at_desk = {
            **self.runner_variables,
            "AUTH0_CLIENT_ID": tenant.client_id,
            "AUTH0_CLIENT_SECRET": tenant.client_secret,
            "PULUMI_BACKEND_URL": backend,
            "PULUMI_CONFIG_PASSPHRASE": passphrase,
        }
        ran("ci/setup", cwd=desk, environment=self.runner_variables)
        self.at_desk["PATH"] = f"{desk}/.venv/bin:{self.at_desk['PATH']}"
        self.git("init", "--quiet", "--initial-branch=main")
        subprocess.run(["git", "init", "--quiet", "--bare", str(origin)], check=True)
        self.git("remote", "add", "origin", str(origin))
        self.runner = Runner(
            origin=origin,
            folder=folder,
            variables=self.runner_variables,
            environments={
                "dev": rotating,
                "dev-read": client,
                "dev-review": client,
                "dev-drift": alone,
                "dev-on-call": alone,
            },
            reviewed=frozenset({"dev-review", "staging-review", "prod-review"}),
            tools=desk / ".venv",
            token=github.token,
        )

    def git(self, *command: str) -> str:
        return ran(*GIT, *command, cwd=self.desk, environment=os.environ)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def push(self) -> None:
        self.git("push", "--quiet", "origin", "main")

    def pull_request(self, number: int, *, repository: str = "o/r") -> dict[str, Ended]:
        """Propose what is in the working tree, look at it as GitHub does, and go back to main."""
        self.git("switch", "--quiet", "--create", f"pull-{number}")
        self.commit(f"pull request {number}")
        self.git("push", "--quiet", "origin", f"HEAD:refs/pull/{number}/merge")
        head = self.git("rev-parse", "HEAD").strip()
        self.git("switch", "--quiet", "main")
        pull = {
            "number": number,
            "user": {"login": "someone"},
            "head": {"sha": head, "repo": {"full_name": repository}},
        }
        return self.runner.run("preview", event={"pull_request": pull})

    def operate(self, operation: str) -> Ended:
        """By hand, on dev; what it changed in the stack's file is merged."""
        pulls = len(self.github.pulls)
        inputs = {"operation": operation, "stack": "dev", "reason": "INC-1 no codes arrive"}
        ended = self.runner.run("operate", inputs=inputs)
        done = ended["break-glass" if operation == "break-glass" else "operate"]
        assert len(ended) == 1, "one job or the other"
        assert done.result == "success", done.said
        for pull in self.github.pulls[pulls:]:
            assert pull["head"].startswith(f"operate/{operation}-dev-")
            self.git("fetch", "--quiet", "origin", pull["head"])
            self.git("merge", "--quiet", "FETCH_HEAD")
            self.push()
        return done

    def issue(self, stack: str) -> dict[str, Any] | None:
        """The one that is open about a stack."""
        found = [
            one
            for one in self.github.issues
            if one["state"] == "open" and f"stack {stack} " in one["title"]
        ]
        assert len(found) < 2
        return next(iter(found), None)

    def comment(self, number: int) -> str:
        (comment,) = self.github.comments[number]
        return str(comment["body"])

    def settings(self, **values: Any) -> None:
        file = self.desk / "Pulumi.dev.yaml"
        content = yaml.safe_load(file.read_text("utf-8"))
        content["config"] |= {key.replace("_", ":"): value for key, value in values.items()}
        file.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")


@pytest.mark.parametrize(
    "until", ["the first pull request", pytest.param("the evening", marks=pytest.mark.thorough)]
)
@pytest.mark.timeout(900)  # a day is longer than a test
def test_a_day_with_a_repository_of_ones_own(  # noqa: PLR0915 - a day is one story
    tmp_path: Path, tenant: Tenant, environment: dict[str, str], plugin: Plugin, until: str
) -> None:
    with GitHubStandIn() as github:
        company = Company(tmp_path / "day", tenant, environment, plugin, github)
        runner = company.runner

        # The first hour, as its README says.
        pulumi = ("pulumi", "--non-interactive", "--stack", "dev")
        ran(*pulumi, "stack", "init", cwd=company.desk, environment=company.at_desk)
        ran(
            *pulumi,
            "config",
            "set",
            "--secret",
            "phonemfa:cpaasApiKey",
            cwd=company.desk,
            environment=company.at_desk,
            stdin=KEY,
        )
        company.settings(phonemfa_testNumbers=[PHONE])
        # A program of somebody's own may have a package that is called as one of ours.
        (company.desk / "components").mkdir()
        (company.desk / "components" / "__init__.py").write_text('OWN = "theirs"\n')
        with (company.desk / "__main__.py").open("a", encoding="utf-8") as program:
            program.write('\nimport components\n\npulumi.export("own", components.OWN)\n')
        company.commit("the first hour")
        company.push()

        # Deploy: dev is applied with its policy at never; the next one has no credentials here.
        ended = runner.run("deploy")
        assert ended["dev"].result == "success", ended["dev"].said
        assert ended["staging"].result == "failure"
        assert "not set: AUTH0_CLIENT_ID AUTH0_CLIENT_SECRET" in ended["staging"].said
        assert "prod" not in ended
        assert tenant.api("GET", "/guardian/policies") == []
        own = ran(*pulumi, "stack", "output", "own", cwd=company.desk, environment=company.at_desk)
        assert own == "theirs\n"

        # A pull request of data: a text as a file, and a setting.
        (company.desk / "texts" / "otp_verify.text.liquid").write_text("新しい文面: {{ code }}\n")
        company.settings(phonemfa_recipientLimit=4)
        tenant.forget_requests()
        ended = company.pull_request(7)
        assert ended["look"].outputs["kind"] == "data"
        assert ended["preview dev"].result == "success", ended["preview dev"].said
        assert {one["method"] for one in tenant.logged() if one["path"] != "/oauth/token"} <= {
            "GET"
        }
        said = company.comment(7)
        assert "新しい文面" in said
        assert "per number" in said
        assert "**`staging`**: no report" in said, "one bad preview hides no other"
        assert company.git("rev-parse", "pull-7").strip()[:10] in said
        handed_over = [file for kept in runner.artifacts.values() for file in kept.rglob("*")]
        assert {file.suffix for file in handed_over} <= {".md", ".html"}, "no raw preview"
        if until == "the first pull request":
            return

        # One that changes what runs: nothing of it runs before an owner has approved.
        script = company.desk / "ci" / "preview"
        script.write_text(script.read_text("utf-8") + '\nenv >"$folder/stolen.md"\n')
        ended = company.pull_request(8)
        assert ended["look"].outputs["kind"] == "program"
        assert {one.result for name, one in ended.items() if name.startswith("preview")} == {
            "waiting"
        }
        assert "ci/preview" in company.comment(8)

        # One that relaxes a rule, approved: its report names it.
        levels = company.desk / "policy" / "stacks" / "dev.json"
        levels.write_text('{"no-dependency": "advisory"}\n', "utf-8")
        runner.approved = True
        ended = company.pull_request(10)
        runner.approved = False
        assert ended["preview dev"].result == "success", ended["preview dev"].said
        assert "`dev`: `no-dependency: mandatory → advisory`" in company.comment(10)

        # One that sends the client's secret elsewhere: refused before anything is asked.
        company.settings(auth0_domain=ELSEWHERE)
        tenant.forget_requests()
        ended = company.pull_request(9)
        assert ended["look"].outputs["kind"] == "data"
        assert ended["preview dev"].result == "failure"
        assert ELSEWHERE in company.comment(9)
        assert "tenants.toml" in company.comment(9)
        assert tenant.logged() == []

        # One of a fork: nobody it could ask, and it says why. Dependabot's are the same.
        (company.desk / "texts" / "otp_verify.text.liquid").write_text("よその文面: {{ code }}\n")
        with (company.desk / "requirements.lock").open("a") as lock:
            lock.write("evil==1\n")
        tenant.forget_requests()
        ended = company.pull_request(11, repository="stranger/fork")
        assert set(ended) == {"look", "outside"}
        assert ended["outside"].result == "success", ended["outside"].said
        assert tenant.logged() == []
        assert "this repository does not know who wrote it" in company.comment(11)
        summary = (runner.folder / "summary.md").read_text("utf-8")
        assert "gets no credentials" in summary
        assert "よその文面" in summary

        # Merged and deployed; then there is no drift, until somebody changes something by hand.
        company.git("merge", "--quiet", "pull-7")
        company.push()
        assert runner.run("deploy")["dev"].result == "success"
        watched = runner.run("drift")["drift dev"]
        assert watched.result == "success", watched.said
        tenant.api("PUT", "/guardian/policies", ["confidence-score"])
        assert runner.run("drift")["drift dev"].result == "failure"
        issue = company.issue("dev")
        assert issue is not None
        assert "policy" in issue["body"]
        unseen = company.issue("prod")
        assert unseen is not None
        assert "Not set: AUTH0_CLIENT_ID" in unseen["body"], "nobody has looked at prod"
        tenant.api("PUT", "/guardian/policies", [])
        runner.run("drift")
        assert issue["state"] == "closed"

        # Operations: always as the last step, proposed as a pull request.
        company.operate("enforce")
        assert tenant.api("GET", "/guardian/policies") == ["all-applications"]
        kept = runner.artifacts["enforce-dev"] / "dev-enforce.jsonl"
        enforced = json.loads(kept.read_text("utf-8"))
        assert (enforced["before"], enforced["after"]) == ([], ["all-applications"])
        assert runner.run("deploy")["dev"].result == "success"
        assert tenant.api("GET", "/guardian/policies") == ["all-applications"]

        # A new key, and the stack's file with it.
        with cpaas_of(tenant) as cpaas:
            cpaas.post("/_sandbox/keys", json={"key": NEW_KEY}).raise_for_status()
        rotated = company.operate("rotate")
        version = running_version(tenant)["number"]
        assert runner.run("deploy")["dev"].result == "success"
        assert running_version(tenant)["number"] == version, "the deploy had nothing to do"

        # Somebody deployed other code by hand; rollback, whose key is today's.
        good = running_version(tenant)["code"]
        (action,) = tenant.api("GET", "/actions/actions")["actions"]
        tenant.api("PATCH", f"/actions/actions/{action['id']}", {"code": f"{good}// by hand\n"})
        tenant.api("POST", f"/actions/actions/{action['id']}/deploy")
        company.operate("rollback")
        assert running_version(tenant)["code"] == good
        company.operate("smoke")

        # No deploy takes MFA away; break-glass does, and then a merge of never works at once.
        company.settings(phonemfa_policy="never")
        company.commit("never")
        company.push()
        refused = runner.run("deploy")["dev"]
        assert refused.result == "failure"
        assert "the stack would lower it to never: no pulumi up does" in refused.said, "doctor"
        assert tenant.api("GET", "/guardian/policies") == ["all-applications"]
        broken = company.operate("break-glass")
        assert tenant.api("GET", "/guardian/policies") == []
        record = json.loads(
            (runner.artifacts["break-glass-dev"] / "dev-break-glass.jsonl").read_text("utf-8")
        )
        assert record["claimed"]["reason"] == "INC-1 no codes arrive"
        assert runner.run("deploy")["dev"].result == "success"
        assert tenant.api("GET", "/guardian/policies") == []

        told = [said, company.comment(8), company.comment(9), issue["body"]]
        told += [one.said for one in (*ended.values(), watched, rotated, refused, broken)]
        for secret in (KEY, NEW_KEY, tenant.client_secret):
            assert not any(re.search(re.escape(secret), one) for one in told)
