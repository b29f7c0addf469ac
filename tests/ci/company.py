"""A company's repository in use: made by `phonemfa new`, at somebody's desk and at its host."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.engine.plugin import Plugin
from tests.ci.workflows import GIT, Ended, Runner, runners_variables
from tests.contract import PROJECT
from tests.end_to_end.conftest import CONFIG, Tenant
from tests.end_to_end.operators import NEW_KEY
from tests.packaging.installed import build, uv
from tests.phonemfa.github_stand_in import GitHubStandIn
from tests.processes import run

OPENED = "PULUMI_CONFIG_PASSPHRASE"


def ran(*command: str, cwd: Path, environment: Mapping[str, str], stdin: str = "") -> str:
    ended = run(*command, cwd=cwd, env=environment, stdin=stdin)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@dataclass(frozen=True, kw_only=True)
class Released:
    """A release, and an environment that repositories share: to install its packages takes long."""

    wheel: Path
    environment: Path
    hastily: bool

    @classmethod
    def into(cls, folder: Path, *, hastily: bool) -> Released:
        """Build both wheels, and an environment that `ci/setup` fills when it is first run."""
        wheel = build(folder / "dist", "wheel")[".whl"]
        build(folder / "dist", "wheel", project=PROJECT / "sandbox")
        environment = folder / "environment"
        ran(sys.executable, "-m", "venv", str(environment), cwd=folder, environment=os.environ)
        return cls(wheel=wheel, environment=environment, hastily=hastily)

    def fill(self, repository: Path) -> None:
        """Install what `ci/setup` would, which then finds it: uv takes a tenth of pip's time."""
        for lock in repository.glob("requirements*.lock"):
            where = ("--python", str(self.environment / "bin" / "python"))
            hashed = ("--no-deps", "--require-hashes", "--requirement", str(lock))
            uv("pip", "install", *where, *hashed)


class Company:
    """The repository, at somebody's desk and at GitHub."""

    def __init__(
        self,
        folder: Path,
        tenant: Tenant,
        *,
        environment: dict[str, str],
        plugin: Plugin,
        github: GitHubStandIn,
        released: Released,
        others: tuple[str, ...],
    ) -> None:
        folder.mkdir()
        self.tenant, self.github = tenant, github
        desk = folder / "company-login"
        self.desk, origin = desk, folder / "origin.git"
        domains = {"dev": tenant.domain} | {name: f"{name}.jp.auth0.com" for name in others}
        options = {
            "package": released.wheel,
            "owners": "@mirai/login",
            "cpaas-host": CONFIG["cpaasBaseHost"],
            "sms-sender": CONFIG["smsSender"],
            "voice-sender": CONFIG["voiceSender"],
        }
        words = [f"--stack={name}={domain}" for name, domain in domains.items()]
        words += [f"--{name}={value}" for name, value in options.items()]
        new = (sys.executable, "-m", "phonemfa", "new", str(desk))
        ran(*new, *words, cwd=PROJECT, environment=os.environ)
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
        own = {"PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_BACKEND_URL", "VIRTUAL_ENV", "PYTHONPATH"}
        path = [one for one in environment["PATH"].split(os.pathsep) if one != f"{sys.prefix}/bin"]
        variables = {
            **runners_variables(environment, own | {"GITHUB_TOKEN"}),
            "PATH": os.pathsep.join([str(tools), *path]),
            **{k: v for k, v in environment.items() if k == "PHONEMFA_CPAAS_ADDRESS"},
            **{k: v for k, v in github.environment.items() if k != "GITHUB_TOKEN"},
        }
        client = {"AUTH0_CLIENT_ID": tenant.client_id}
        secret = {"AUTH0_CLIENT_SECRET": tenant.client_secret}
        alone = {"vars": client, "secrets": secret}  # what README says that they need
        client, secret = client | {"PULUMI_BACKEND_URL": backend}, secret | {OPENED: passphrase}
        deploying = {"vars": client, "secrets": secret}
        rotating = {"vars": client, "secrets": secret | {"NEW_CPAAS_API_KEY": NEW_KEY}}
        self.at_desk = variables | client | secret
        (desk / ".venv").symlink_to(released.environment)
        if released.hastily:
            released.fill(desk)
        ran("ci/setup", cwd=desk, environment=variables)
        self.at_desk["PATH"] = f"{desk}/.venv/bin:{self.at_desk['PATH']}"
        self.git("init", "--quiet", "--initial-branch=main")
        (desk / ".git" / "info" / "exclude").write_text(".venv\n")  # here a link, not a folder
        subprocess.run(["git", "init", "--quiet", "--bare", str(origin)], check=True)
        self.git("remote", "add", "origin", str(origin))
        self.runner = Runner(
            origin=origin,
            folder=folder,
            variables=variables,
            environments={
                "dev": rotating,
                **dict.fromkeys(("dev-read", "dev-review"), deploying),
                **dict.fromkeys(("dev-drift", "dev-on-call"), alone),
            },
            reviewed=frozenset({"dev-review", "staging-review", "prod-review"}),
            tools=released.environment,
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
        every = [one for one in self.github.issues if one["state"] == "open"]
        found = [one for one in every if f"stack {stack} " in one["title"]]
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
