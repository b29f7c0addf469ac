"""What the figures are measured on: a sandbox of its own, and two Pulumi projects beside it.

Owns setting them up in a temporary folder, and going back to "applied" and to "nothing yet",
tenant and Pulumi state alike. The server is a process of its own, as `make up` has it. Refuses to
measure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console

from bench.deploy_cli import DeployCli
from bench.processes import run
from components.action_code import assemble
from sandbox.cli.workplace import PROJECT, Workplace
from sandbox.engine.environment import TenantAccess
from sandbox.engine.stack import STACK
from sandbox.server.record import ServerRecord, client, running_record

BARE: Final = "bare"
_START_SECONDS: Final = 60


class Bench:
    """Our stack, a bare program's of the same resources, and auth0-deploy-cli, on one tenant."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # In the same git checkout as ours, whose state Pulumi reads before each operation.
        self._bare = PROJECT / "build" / f"bench-{os.getpid()}" / BARE
        self._state = folder / "state"
        self._workplace = Workplace(
            state_dir=self._state, console=Console(stderr=True), environ=dict(os.environ)
        )
        self.record: ServerRecord = self._workplace.server()
        self._stack = self._workplace.stack(self.record)
        self.environment = self._workplace.environment(self.record)
        self._kept: dict[tuple[str, str], Any] = {}

    @property
    def access(self) -> TenantAccess:
        """The tenant's address and credentials."""
        return self._workplace.access(self.record)

    @cached_property
    def http(self) -> httpx.Client:
        """The tenant, over the sandbox's own TLS."""
        return client(self._state, self.record, timeout=30)

    @cached_property
    def deploy_cli(self) -> DeployCli:
        """auth0-deploy-cli with the credentials of this sandbox."""
        return DeployCli(self._folder / "deploy-cli", self.access)

    def set_up(self) -> None:
        """Make both stacks, apply them once, and export the tenant for auth0-deploy-cli."""
        key = self._workplace.credentials.cpaas_api_key
        shutil.copytree(PROJECT / "bench" / "bare", self._bare)
        (self._bare / "action.js").write_text(assemble("custom-phone-provider"), encoding="utf-8")
        self._stack.prepare(api_key=key)
        self._run(BARE, "stack", "init")
        command, folder = self.pulumi(BARE, "config", "set", "--secret", "key")
        subprocess.run(command, cwd=folder, env=self.environment, input=key, text=True, check=True)
        nothing = self._content()
        shutil.copytree(self._backend, self._folder / "nothing")
        for who in ("ours", BARE):
            # One tenant has room for one of them, so that each is applied to an empty one.
            self.control("PUT", "/state", {"content": nothing})
            self._run(who, "up", "--yes", "--skip-preview")
            self._kept |= {("nothing", who): nothing, ("applied", who): self._content()}
        shutil.copytree(self._backend, self._folder / "applied")
        self.control("PUT", "/state", {"content": self._kept["applied", "ours"]})
        kinds = {one["type"] for one in self._kept["applied", "ours"]["phone_templates"].values()}
        self.deploy_cli.export(secrets={"CPAAS_API_KEY": key}, templates=kinds)

    def tear_down(self) -> None:
        """Remove what is outside the temporary folder."""
        shutil.rmtree(self._bare.parent, ignore_errors=True)

    def pulumi(self, who: str, *arguments: str) -> tuple[list[str], Path]:
        """A command on our stack ("ours") or the bare program's ("bare"), and its folder."""
        command = [str(self._workplace.engine.pulumi), *arguments, "--non-interactive", "--stack"]
        if who == BARE:
            return [*command, BARE], self._bare
        return [*command, STACK, "--config-file", str(self._stack.config_file)], PROJECT

    def back_to(self, moment: str, who: str) -> None:
        """Return tenant and Pulumi state to "nothing" or "applied"; the request log is empty."""
        shutil.rmtree(self._backend)
        shutil.copytree(self._folder / moment, self._backend)
        self.control("PUT", "/state", {"content": self._kept[moment, who]})
        self.control("DELETE", "/requests")

    def requests(self) -> list[str]:
        """Method and path of every request since `back_to` or the last call of this."""
        logged = self.control("GET", "/requests")["requests"]
        self.control("DELETE", "/requests")
        return [f"{one['method']} {one['path'].partition('?')[0]}" for one in logged]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the sandbox's control routes."""
        answer = self.http.request(method, f"/_sandbox{path}", json=body).raise_for_status()
        return answer.json() if answer.content else None

    @property
    def _backend(self) -> Path:
        return self._state / "pulumi-state"

    def _content(self) -> Any:
        return self.control("GET", "/state?secrets=true")["content"]

    def _run(self, who: str, *arguments: str) -> None:
        command, folder = self.pulumi(who, *arguments)
        run(command, cwd=folder, environment=self.environment)


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """A bench whose server runs while the block does."""
    state = folder / "state"
    command = [sys.executable, "-m", "sandbox", "serve", "--state-dir", str(state)]
    # Free ones of the server's own choice; it tells them in its record.
    command += ["--tenant-port", "0", "--cpaas-port", "0", "--pages-port", "0"]
    with (
        (folder / "server.log").open("w") as log,
        subprocess.Popen(
            command,
            cwd=PROJECT,
            env=dict(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as server,
    ):
        try:
            _wait_for(state, server)
            made = Bench(folder)
            try:
                made.set_up()
                yield made
            finally:
                made.tear_down()
        finally:
            server.terminate()


def _wait_for(state: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while running_record(state) is None:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the sandbox did not start: see {state.parent / 'server.log'}")
        time.sleep(0.05)
