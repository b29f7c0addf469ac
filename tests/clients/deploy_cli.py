"""auth0-deploy-cli, Auth0's own tool for whole tenants, as a test runs it.

One process serves several imports: the tool validates what it imports against schemas of all of
Auth0's resources, which takes 24 s of CPU to compile (deploy_cli.cjs compiles those in use, once).
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Self, TextIO

from sandbox.server.running import RunningSandbox
from tests.contract import PROJECT

IMPORTER = Path(__file__).with_suffix(".cjs")
PACKAGES = PROJECT / "tools" / "node" / "node_modules"
EXECUTABLE = PACKAGES / ".bin" / "a0deploy"
RESOURCES = (
    "actions",
    "triggers",
    "phoneProviders",
    "phoneTemplates",
    "guardianFactors",
    "guardianPolicies",
    "guardianPhoneFactorMessageTypes",
    "guardianPhoneFactorSelectedProvider",
    "guardianFactorTemplates",
    "guardianFactorProviders",
    "tenant",
)
"""What the sandbox has; everything else of a tenant is not its subject."""

_NEEDS_NODE = (20, 19)
_DONE = "@@done "


def node_is_too_old() -> str | None:
    """Why the tool cannot run here, or None: it needs a newer Node than the rest of the project."""
    node = shutil.which("node")
    if node is None:
        return "there is no node"
    shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = (int(part) for part in shown.strip().removeprefix("v").split(".")[:2])
    return None if (major, minor) >= _NEEDS_NODE else f"needs Node 20.19, here is {shown.strip()}"


class DeployCli:
    """The tool, with the credentials of one sandbox; a context manager."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self._sandbox = sandbox
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(sandbox.state_dir),
            "NO_COLOR": "1",
            "NODE_PATH": str(PACKAGES),
            "NODE_EXTRA_CA_CERTS": str(sandbox.ca_file),
            "AUTH0_DOMAIN": sandbox.tenant_url.removeprefix("https://"),
            "AUTH0_CLIENT_ID": sandbox.client_id,
            "AUTH0_CLIENT_SECRET": sandbox.client_secret,
            "AUTH0_INCLUDED_ONLY": json.dumps(RESOURCES),
            "AUTH0_ALLOW_DELETE": "false",
        }
        self._importer: subprocess.Popen[str] | None = None
        self._commands: TextIO

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._importer:
            self._commands.close()
            self._importer.communicate()

    def export(self, folder: Path) -> dict[str, str]:
        """Export the tenant; answers the content of each file by its path."""
        command = ["export", "--format", "yaml", "--output_folder", str(folder)]
        done = subprocess.run(
            [str(EXECUTABLE), *command],
            env=self._environment,
            cwd=self._sandbox.state_dir,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return {
            str(file.relative_to(folder)): file.read_text(encoding="utf-8")
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        }

    def plan(self, folder: Path) -> str:
        """What the tool prints of what an import of an export would change."""
        return self._import(folder, dry_run=True)

    def apply(self, folder: Path) -> str:
        """Import an export; answers what the tool prints."""
        return self._import(folder, dry_run=False)

    def _import(self, folder: Path, *, dry_run: bool) -> str:
        if self._importer is None:
            self._importer, self._commands = self._start()
        command = {"file": str(folder / "tenant.yaml"), "dryRun": dry_run}
        print(json.dumps(command), file=self._commands, flush=True)
        assert self._importer.stdout
        printed = ""
        for line in self._importer.stdout:
            if line.startswith(_DONE):
                assert json.loads(line.removeprefix(_DONE))["error"] is None, printed + line
                return printed
            printed += line
        raise AssertionError(f"the tool ended by itself:\n{printed}")

    def _start(self) -> tuple[subprocess.Popen[str], TextIO]:
        theirs, ours = os.pipe()
        process = subprocess.Popen(
            ["node", str(IMPORTER), str(theirs)],
            env=self._environment,
            cwd=self._sandbox.state_dir,
            pass_fds=[theirs],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        os.close(theirs)
        return process, os.fdopen(ours, "w")
