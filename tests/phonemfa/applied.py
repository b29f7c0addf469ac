"""A stack that was applied to a sandbox tenant in this process, and the commands beside it.

What a command line of `pulumi` asks for is done through the tenant's own rules, so that every
command meets a tenant over HTTPS and an engine that does what it is told. What only the real engine
can say is in tests/end_to_end.
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from typer.testing import Result

from phonemfa.pulumi.engine import CHANGES_FOUND, PulumiCli
from phonemfa.pulumi.processes import Line, Ran
from sandbox.cpaas.script import ScriptedAnswer
from sandbox.server.running import RunningSandbox
from sandbox.tenant import Generation
from tests.end_to_end import operators
from tests.end_to_end.conftest import PHONE, tenant_of
from tests.sandbox.drift.stacks import CONFIG, AppliedStack

KEY_SETTING: Final = "phonemfa:cpaasApiKey"
STACK_URN: Final = "urn:pulumi:dev::phonemfa::pulumi:pulumi:Stack::phonemfa-dev"


@dataclass
class StandInEngine:
    """What the CLI is asked for, done to the tenant. Keys are kept as `secure`, by a number.

    Attributes:
        ran: the command lines, without the options that all have.
        refusing: what a command line that begins so ends with, instead of being done.
        failing: what is raised, once, after a command line was done.
        waiting: steps of every preview that nobody asked for.
        changes: what a refresh would change, by the resource's name.
        deployed_from: what the history says of the checkout of the last update.
    """

    sandbox: RunningSandbox
    applied: AppliedStack
    file: Path
    keys: list[str]
    ran: list[str] = field(default_factory=list)
    refusing: dict[str, str] = field(default_factory=dict)
    failing: dict[str, BaseException] = field(default_factory=dict)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    operations: list[dict[str, Any]] = field(default_factory=list)
    deployed_from: dict[str, str] = field(default_factory=dict)
    imported: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.has = self.config

    @property
    def config(self) -> dict[str, Any]:
        """The stack's file, read anew."""
        config: dict[str, Any] = yaml.safe_load(self.file.read_text(encoding="utf-8"))["config"]
        return config

    def spawn(self, command: Sequence[str], *, stdin: str, hear: Line | None) -> Ran:
        """In the place of `PulumiCli.spawn`."""
        assert hear is None
        ran = self._run(command, stdin)
        if error := self.failing.pop(self.ran[-1], None):
            raise error
        return ran

    def _run(self, command: Sequence[str], stdin: str) -> Ran:  # noqa: PLR0911, PLR0912 - a table
        ends = "--stack" if "--stack" in command else "--non-interactive"
        words = list(command[1 : command.index(ends)])
        line = " ".join(words)
        self.ran.append(line)
        for begin, said in self.refusing.items():
            if line.startswith(begin):
                return Ran(255, "", said)
        match words:
            case ["preview", *options]:
                return self._answer({"steps": self._preview("--refresh" in options)})
            case ["refresh", "--preview-only", *_]:
                status = CHANGES_FOUND if self.changes else 0
                return self._answer({"steps": self._refresh()}, status)
            case ["stack", "export"] | ["whoami", *_]:
                backend = f"file://{self.file.parent}"
                return self._answer({"deployment": self._deployment(), "url": backend})
            case ["stack", "history", *_]:
                update = {"kind": "update", "environment": self.deployed_from}
                return self._answer([{"kind": "refresh"}, update])
            case ["config", "set", "--secret", key, *_]:
                self.keys.append(stdin)
                self.configure(key, {"secure": f"v1:{len(self.keys) - 1}"})
            case ["config", "set", key, value, *_]:
                self.configure(key, value)
            case ["config", "get", *_]:
                return Ran(0, f"{self._key(self.config)}\n", "")
            case ["import", "--file", file, *_]:
                self.imported += json.loads(Path(file).read_text(encoding="utf-8"))["resources"]
            case ["up", *options]:
                assert "--skip-preview" not in options, "a broken rule would be found too late"
                self._up()
            case ["cancel", *_]:
                self.refusing.clear()
            case ["refresh", *options] if "--clear-pending-creates" in options:
                self.operations.clear()
        return Ran(0, "", "")

    def _answer(self, answer: Any, status: int = 0) -> Ran:
        return Ran(status, json.dumps(answer), "")

    def _key(self, config: dict[str, Any]) -> str:
        return self.keys[int(config[KEY_SETTING]["secure"].rpartition(":")[2])]

    def configure(self, key: str, value: Any) -> None:
        """Set a value in the stack's file, as somebody with an editor does."""
        content = {"config": self.config | {key: value}}
        self.file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")

    def _preview(self, refresh: bool) -> list[dict[str, Any]]:
        now, steps = self.config, []
        for one in self.applied.resources:
            kind, paths = one["type"].rpartition(":")[2], list[str]()
            if kind == "Action" and self._key(now) != self._key(self.has):
                paths = ["secrets[0].value"]
            if kind == "Guardian" and now["phonemfa:policy"] != self.has["phonemfa:policy"]:
                paths = ["policy"]
            diff = {"detailedDiff": {path: {"kind": "update"} for path in paths}} if paths else {}
            sides = {"oldState": one, "newState": one}
            op = "update" if paths else "same"
            steps.append({"op": op, "urn": one["urn"], **sides, **diff})
        return steps + (self.waiting if refresh else [])

    def _refresh(self) -> list[dict[str, Any]]:
        steps = []
        for one in self.applied.resources:
            step = {"op": "refresh", "urn": one["urn"], "oldState": one, "newState": one}
            steps.append(step | self.changes.get(one["urn"].rpartition("::")[2], {}))
        return steps

    def _deployment(self) -> dict[str, Any]:
        root = {"urn": STACK_URN, "type": "pulumi:pulumi:Stack"}
        resources = [root, *self.applied.resources]
        return {"resources": resources, "pending_operations": self.operations}

    def _up(self) -> None:
        now, tenant = self.config, self.applied.tenant
        policy = {"always": ["all-applications"], "adaptive": ["confidence-score"], "never": []}
        tenant.guardian.set_policies(policy[now["phonemfa:policy"]])
        if self._key(now) != self._key(self.has):
            for one in tenant.actions.all():
                others = [{"name": secret["name"]} for secret in one["draft"]["secrets"]]
                others = [secret for secret in others if secret["name"] != "CPAAS_API_KEY"]
                key = {"name": "CPAAS_API_KEY", "value": self._key(now)}
                tenant.actions.update(one["id"], {"secrets": [key, *others]})
                tenant.versions.deploy(one["id"])
        self.has = now
        self.changes.clear()


@dataclass(kw_only=True)
class Operator(operators.Operator):
    """Somebody beside that engine, who would answer `typed`; None: nobody is at the terminal."""

    stack: str = "dev"
    engine: StandInEngine
    monkeypatch: pytest.MonkeyPatch
    typed: str | None = None

    def run(self, *arguments: str, stdin: str = "", expect: int = 0) -> Result:
        for place in ("asking", "rotate.command", "recover.command"):
            self.monkeypatch.setattr(
                f"phonemfa.{place}.on_terminal", lambda: self.typed is not None
            )
        answered = stdin if self.typed is None else self.typed
        return super().run(*arguments, stdin=answered, expect=expect)

    @property
    def action(self) -> Any:
        """The tenant's only one, as its API answers it."""
        (action,) = self.tenant.api("GET", "/actions/actions")["actions"]
        return action

    def policies(self) -> Any:
        return self.tenant.api("GET", "/guardian/policies")

    def fault(self, method: str, path: str, status: int = 403, **more: Any) -> None:
        """What the tenant answers instead; each time, unless `times` says how often."""
        told = {"method": method, "path": path, "status": status, "times": None} | more
        self.tenant.control("POST", "/faults", told)

    def cpaas_refuses(self, *, after: int = 0) -> None:
        """The message after so many requests of others."""
        refusal = ScriptedAnswer(refusal="REJECTED_NOT_ENOUGH_CREDITS")
        self.engine.sandbox.parts.cpaas.script.add([ScriptedAnswer()] * after + [refusal])

    def log_is_silent(self) -> None:
        """The tenant's log says nothing of test messages."""
        notifications = self.engine.sandbox.parts.notifications
        silent = replace(notifications.assumptions, test_message_logs=False)
        self.monkeypatch.setattr(notifications, "assumptions", silent)

    def secrets(self) -> list[str]:
        return [PHONE, PHONE[1:], *self.engine.keys, self.tenant.client_secret]


Apply = Callable[..., Operator]
"""The fixture `applied`."""


def operator(
    sandbox: RunningSandbox,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    generation: Generation = "unified",
    **config: Any,
) -> Operator:
    """An operator of a stack that was applied to this sandbox, from nothing."""
    own = {"cpaasBaseHost": "cpaas.sandbox.test", "testNumbers": [PHONE]}
    # The Action counts messages to a number, in a process that all tests share.
    wanted = own | {"recipientLimit": 0} | config
    parts, key = sandbox.parts, sandbox.credentials.cpaas_api_key
    for one in (parts.cpaas, parts.notifications):
        one.reset()
    parts.tenant.reset(generation)
    applied = AppliedStack(generation, tenant=parts.tenant, key=key, **wanted)
    domain = sandbox.tenant_url.removeprefix("https://")
    values = CONFIG | {"experience": generation} | wanted
    content = {"auth0:domain": domain, KEY_SETTING: {"secure": "v1:0"}} | {
        f"phonemfa:{name}": value for name, value in values.items()
    }
    file = folder / "Pulumi.dev.yaml"
    file.write_text(yaml.safe_dump({"config": content}, allow_unicode=True), encoding="utf-8")
    (folder / "Pulumi.yaml").write_text("name: phonemfa\n", encoding="utf-8")
    program = folder / "bin" / "pulumi"
    program.parent.mkdir()
    program.touch(mode=0o755)
    environment = {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "SSL_CERT_FILE": str(sandbox.ca_file),
        "AUTH0_CLIENT_ID": sandbox.client_id,
        "AUTH0_CLIENT_SECRET": sandbox.client_secret,
        "PHONEMFA_CPAAS_ADDRESS": sandbox.cpaas_url.removeprefix("https://"),
        # The folder is no checkout: tests/phonemfa/drift/test_command.py has one.
        "PHONEMFA_ANY_CHECKOUT": "1",
    }
    engine = StandInEngine(sandbox, applied, file, [key])
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        PulumiCli, "spawn", lambda _cli, command, **options: engine.spawn(command, **options)
    )
    return Operator(
        tenant=tenant_of(sandbox),
        folder=folder,
        environment=environment,
        engine=engine,
        monkeypatch=monkeypatch,
    )
