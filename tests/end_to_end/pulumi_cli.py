"""Runs the real Pulumi CLI on a project, against a running sandbox."""

import json
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

TIMEOUT = 600.0


@dataclass(frozen=True)
class Ran:
    """One finished command."""

    command: tuple[str, ...]
    exit: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything that a person would have seen."""
        return f"$ pulumi {' '.join(self.command)}\n{self.out}\n{self.err}"


@dataclass(frozen=True, kw_only=True)
class Store(ABC):
    """One place for state.

    Attributes:
        url: as PULUMI_BACKEND_URL takes it; holds no secret.
        variables: credentials, for the environment.
    """

    url: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    @abstractmethod
    def content(self) -> dict[str, bytes]:
        """Every key with what lies under it."""

    @abstractmethod
    def replace(self, content: Mapping[str, bytes]) -> None:
        """Make it hold exactly that."""

    def locks(self) -> list[str]:
        """Keys of the locks that are held."""
        return [key for key in self.content() if key.startswith(".pulumi/locks/")]


class Folder(Store):
    """A folder."""

    @property
    def path(self) -> Path:
        return Path(self.url.removeprefix("file://"))

    def content(self) -> dict[str, bytes]:
        files = [one for one in self.path.rglob("*") if one.is_file()]
        return {str(one.relative_to(self.path)): one.read_bytes() for one in files}

    def replace(self, content: Mapping[str, bytes]) -> None:
        shutil.rmtree(self.path)
        self.path.mkdir()
        for key, body in content.items():
            file = self.path / key
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)


class _Quoting(yaml.SafeDumper):
    """Quotes a text that the engine's YAML would read as a number, as a user has to."""


_Quoting.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style='"' if text[:1] in set("+-.0123456789") else None
    ),
)


class PulumiProject:
    """One stack of one program.

    Args:
        folder: where the program runs; made from `program` when it does not exist.
        program: a folder with Pulumi.yaml and __main__.py, or the package itself.
        environment: from `sandbox.engine.environment`; also where the CLI is found.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], *, program: Path, stack: str = "t1"
    ) -> None:
        if not folder.exists():
            shutil.copytree(program, folder)
        self.folder = folder
        self.environment = dict(environment)
        self.stack = stack
        self.name = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))["name"]
        executable = shutil.which("pulumi", path=self.environment["PATH"])
        assert executable, "the sandbox's environment has no pulumi on its PATH"
        self.executable = executable

    def run(self, *arguments: str, stdin: str = "", expect: int | None = 0) -> Ran:
        """Run one command; its exit status must be `expect` (None: any)."""
        command = (*arguments, "--stack", self.stack, "--non-interactive")
        ended = subprocess.run(
            [self.executable, *command],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        ran = Ran(command, ended.returncode, ended.stdout, ended.stderr)
        assert expect is None or ran.exit == expect, ran.text
        return ran

    def init(self) -> None:
        """Make the stack."""
        self.run("stack", "init")

    @property
    def config(self) -> Path:
        """The stack's settings file."""
        return self.folder / f"Pulumi.{self.stack}.yaml"

    @property
    def store(self) -> Folder:
        """Where its state lies, if that is a folder."""
        return Folder(url=self.environment["PULUMI_BACKEND_URL"])

    def configure(self, *, secrets: Mapping[str, str] | None = None, **values: Any) -> None:
        """Set config: plain values as an editor would, secrets over standard input."""
        path = self.config
        content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
        config = content.setdefault("config", {})
        config.update({f"{self.name}:{key}": value for key, value in values.items()})
        path.write_text(yaml.dump(content, Dumper=_Quoting, allow_unicode=True), encoding="utf-8")
        for key, value in (secrets or {}).items():
            self.run("config", "set", "--secret", f"{self.name}:{key}", stdin=value)

    def up(self, *arguments: str, expect: int | None = 0) -> Ran:
        """`pulumi up` without its own preview, as the contract's traces were recorded."""
        return self.run("up", "--yes", "--skip-preview", *arguments, expect=expect)

    def refused(self, command: str = "up", *options: str) -> Ran:
        """One command that must fail; an `up` without its own preview."""
        straight = ("--yes", "--skip-preview") if command == "up" else ()
        ran = self.run(command, *straight, *options, expect=None)
        assert ran.exit != 0, ran.text
        return ran

    def destroy(self) -> Ran:
        """`pulumi destroy` without its own preview."""
        return self.run("destroy", "--yes", "--skip-preview")

    def unchanged(self) -> Ran:
        """A refresh's preview that must find the tenant as the state has it."""
        return self.run("refresh", "--preview-only", "--expect-no-changes")

    def changes(self) -> list[tuple[str, str]]:
        """(operation, name) of every step of a preview that would change something."""
        return changed(self.preview_steps())

    def preview_steps(self, *options: str) -> list[dict[str, Any]]:
        """The steps that `pulumi preview --json` prints."""
        printed = self.run("preview", "--json", *options).out
        steps: list[dict[str, Any]] = json.loads(printed)["steps"]
        return steps

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        found: dict[str, Any] = json.loads(self.run("stack", "output", "--json").out)
        return found

    def state(self) -> dict[str, Any]:
        """The stack's exported state (secrets stay encrypted)."""
        found: dict[str, Any] = json.loads(self.run("stack", "export").out)
        return found

    def resource(self, name: str) -> dict[str, Any]:
        """One resource of the state, by its name in the program."""
        resources: list[dict[str, Any]] = self.state()["deployment"]["resources"]
        (found,) = [one for one in resources if one["urn"].endswith(f"::{name}")]
        return found


def changed(steps: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(operation, name) of every step that would change something."""
    return [(step["op"], step["urn"].rpartition("::")[2]) for step in steps if step["op"] != "same"]
