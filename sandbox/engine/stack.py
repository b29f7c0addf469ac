"""The stack `sandbox`: its private configuration, its state, and running Pulumi on it.

The private copy of `Pulumi.sandbox.yaml` carries the sandbox's CPaaS key; the committed file has no
secret. The state folder is itself a small Pulumi project of the same name, so that `stack init` and
`config set` write their files there and never into the checkout:

    Pulumi.yaml, Pulumi.sandbox.yaml   the project and the private configuration
    prepared.json                      what Pulumi.sandbox.yaml was made from
    pulumi-state/, pulumi-home/        file backend and Pulumi home (`environment`)
"""

import hashlib
import json
import signal
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil
import yaml

from sandbox.engine.ensure import Engine
from sandbox.machine.errors import SandboxError
from sandbox.machine.files import SECRET_MODE, write_atomically
from sandbox.machine.processes import program_of
from sandbox.machine.progress import Progress, run_watched

STACK = "sandbox"
API_KEY_SETTING = "cpaasApiKey"
_CHANGES_EXPECTED_NONE = 7  # exit status of --expect-no-changes when there are some
_END_SECONDS = 60
_HELPERS = ("pulumi-language-", "pulumi-resource-")
# The commands of the CLI that take --config-file.
_WITH_CONFIG_FILE = {
    *("config", "destroy", "import", "preview", "pre"),
    *("refresh", "up", "update", "watch"),
}


@dataclass(frozen=True, kw_only=True)
class SandboxStack:
    """The stack `sandbox` of a project, with its state in the sandbox's state folder.

    `environment` is from `engine_environment` for the same state folder; `progress` is told what is
    going on during the silent commands.
    """

    engine: Engine
    environment: dict[str, str]
    project: Path
    state: Path
    progress: Progress

    @property
    def config_file(self) -> Path:
        return self.state / f"Pulumi.{STACK}.yaml"

    def prepare(self, *, api_key: str) -> bool:
        """Make the stack and its private configuration, or bring them up to date.

        Locks of killed runs are removed first. Every step can be repeated after being killed. The
        CPaaS key goes to Pulumi over its standard input. True when the stack did not exist before.
        """
        dead = clear_dead_locks(self.state)
        if dead:
            self.progress.step(f"stack: removed {len(dead)} lock(s) of a run that was killed")
        _, program = self._committed("Pulumi.yaml")
        project = program.get("name")
        if not isinstance(project, str) or not project:
            raise SandboxError(
                f"{self.project / 'Pulumi.yaml'} has no project name.", "Add `name: phonemfa`."
            )
        committed = self._configuration(project)
        write_atomically(
            self.state / "Pulumi.yaml",
            "# Made by `python -m sandbox`: lets Pulumi keep this stack's files in this folder.\n"
            f"name: {project}\nruntime: python\n",
        )
        made_from = {
            "configuration": hashlib.sha256(committed.encode()).hexdigest(),
            # The key is random and long; its hash gives nothing away.
            "api_key": hashlib.sha256(api_key.encode()).hexdigest(),
        }
        note = self.state / "prepared.json"
        current = _read(note) == made_from and self.config_file.exists()
        if not current:
            # With the salt of the configuration so far, so that the state stays readable.
            salt = _read(self.config_file).get("encryptionsalt")
            if salt and "\nencryptionsalt:" not in f"\n{committed}":
                committed += f"encryptionsalt: {salt}\n"
            write_atomically(self.config_file, committed, mode=SECRET_MODE)
        created = self._quiet("stack", "init", STACK, unless="already exists") is not None
        if not current:
            setting = f"{project}:{API_KEY_SETTING}"
            self._quiet("config", "set", "--secret", setting, "--stack", STACK, stdin=api_key)
            write_atomically(note, json.dumps(made_from, indent=2))
        return created

    def matches(self, *, refresh: bool = True) -> bool:
        """Whether program, state and (with `refresh`) tenant agree, so that `up` has no work.

        The program is compared with the state first, which sends nothing: a bad configuration is
        refused before any request.
        """
        same = self._unchanged("preview", "comparing the program with its state")
        if same and refresh:
            same = self._unchanged("refresh", "comparing the state with the tenant")
        return same

    def _unchanged(self, verb: Literal["preview", "refresh"], says: str) -> bool:
        arguments = [verb, "--expect-no-changes", "--suppress-progress", "--diff"]
        arguments += ["--preview-only"] if verb == "refresh" else []
        command, tick = self.command(arguments), lambda: self.progress.tick(says)
        status, said = run_watched(command, cwd=self.project, env=self.environment, on_wait=tick)
        if status not in {0, _CHANGES_EXPECTED_NONE}:
            lines = "\n".join(filter(str.strip, said.splitlines()))
            raise SandboxError(
                f"`pulumi {verb}` failed (exit status {status}):\n{lines}",
                "Correct what it names and run the command again.",
            )
        return status == 0

    def up(self, *, refresh: bool = False) -> None:
        """Apply the program (`pulumi up --yes`), its output going to the caller's own."""
        arguments = ["up", "--yes", "--skip-preview"]
        status = self.run([*arguments, *(["--refresh"] if refresh else [])])
        if status != 0:
            raise SandboxError(
                f"`pulumi up` failed (exit status {status}); its output above says why.",
                "Correct what it names and run the command again: what was applied so far is "
                "kept, and the rest follows.",
            )

    def run(self, arguments: Sequence[str]) -> int:
        """Run `pulumi <arguments>` attached to the caller's terminal; its exit status.

        When the caller is interrupted, Pulumi is asked to end in an orderly way (it then keeps its
        state whole) and waited for.
        """
        command = self.command(arguments)
        with subprocess.Popen(command, cwd=self.project, env=self.environment) as child:
            try:
                return child.wait()
            except BaseException as interruption:
                if not isinstance(interruption, KeyboardInterrupt):
                    child.send_signal(signal.SIGINT)  # Ctrl-C reached it by itself
                try:
                    child.wait(timeout=_END_SECONDS)
                except BaseException:  # noqa: BLE001 - raised again below
                    child.kill()
                raise

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The argument list for `pulumi <arguments>`, with the private configuration added."""
        words = [str(self.engine.pulumi), *arguments]
        verb = next((word for word in arguments if not word.startswith("-")), "")
        given = any(word.split("=")[0] == "--config-file" for word in arguments)
        if verb in _WITH_CONFIG_FILE and not given:
            words += ["--config-file", str(self.config_file)]
        return words

    def was_cut_short(self) -> bool:
        """Whether a killed run left operations that it had begun."""
        exported = json.loads(self._quiet("stack", "export", "--stack", STACK) or "{}")
        return bool((exported.get("deployment") or {}).get("pending_operations"))

    def _quiet(self, *words: str, stdin: str = "", unless: str | None = None) -> str | None:
        return self.engine.quietly(
            *words, cwd=self.state, environment=self.environment, stdin=stdin, unless=unless
        )

    def _configuration(self, project: str) -> str:
        name = f"Pulumi.{STACK}.yaml"
        text, content = self._committed(name)
        settings = content.get("config") or {}
        secret = [key for key, one in settings.items() if isinstance(one, dict) and "secure" in one]
        if secret or f"{project}:{API_KEY_SETTING}" in settings:
            held = ", ".join(secret) or f"{project}:{API_KEY_SETTING}"
            raise SandboxError(
                f"{self.project / name} holds {held}. The sandbox's secrets are made on each "
                "machine, so one in this file would be wrong everywhere else.",
                f"Remove the entry and any encryptionsalt from {name}.",
            )
        return f"{text.rstrip()}\n"

    def _committed(self, name: str) -> tuple[str, dict[str, Any]]:
        path = self.project / name
        try:
            text = path.read_text()
            content = yaml.safe_load(text) or {}
            return text, dict(content, config=dict(content.get("config") or {}))
        except (OSError, ValueError, AttributeError, TypeError, yaml.YAMLError) as error:
            raise SandboxError(
                f"{path} cannot be read: {error}", f"Restore it: git checkout -- {name}"
            ) from error


def _read(path: Path) -> dict[str, Any]:
    """The mapping in a YAML or JSON file; empty where there is none."""
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}


def clear_dead_locks(state_dir: Path) -> list[Path]:
    """Remove, and answer, the locks whose Pulumi ran on this machine and is gone.

    Its orphaned helpers are ended first: they could still be writing to the tenant.
    """
    locks = (state_dir / "pulumi-state" / ".pulumi" / "locks").rglob("*.json")
    dead = [lock for lock in locks if _is_dead(lock)]
    if dead:
        _end_orphans(state_dir / "pulumi-home")
    for lock in dead:
        lock.unlink(missing_ok=True)
        Path(f"{lock}.attrs").unlink(missing_ok=True)
    return dead


def _is_dead(lock: Path) -> bool:
    try:
        holder: Any = json.loads(lock.read_text())
        host, pid = str(holder["hostname"]), int(holder["pid"])
    except FileNotFoundError:
        return False  # given back while we looked
    except (OSError, ValueError, KeyError, TypeError):
        return True  # nobody can prove to hold it, and Pulumi fails on it
    program = program_of(pid)
    # Another program may have the number by now; one that may not be looked at may be Pulumi.
    return host == socket.gethostname() and program != "" and not _is_pulumi(program)


def _is_pulumi(program: str | None) -> bool:
    # A script follows its interpreter; further words, such as a test's name, may say anything.
    return any(Path(word).name.startswith("pulumi") for word in (program or "").split()[:2])


def _end_orphans(pulumi_home: Path) -> None:
    """End the helpers that run with this Pulumi home and whose Pulumi is gone."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # it ended, or belongs to somebody else
            ours = process.environ().get("PULUMI_HOME") == str(pulumi_home)
            helper = any(one in " ".join(process.cmdline()) for one in _HELPERS)
            if ours and helper and not _is_pulumi(program_of(process.ppid())):
                process.terminate()
