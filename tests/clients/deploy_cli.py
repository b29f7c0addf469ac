"""auth0-deploy-cli, Auth0's own tool for whole tenants, as a test runs it.

Owns the environment and the command line. Refuses assertions. The tool validates every file against
schemas of all of Auth0's resources: each import costs 20 s of CPU before it asks the tenant
anything.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandbox.server import RunningSandbox
from tests.contract import PROJECT

EXECUTABLE = PROJECT / "node_modules" / ".bin" / "a0deploy"
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


def node_is_too_old() -> str | None:
    """Why the tool cannot run here, or None: it needs a newer Node than the rest of the project."""
    node = shutil.which("node")
    if node is None:
        return "there is no node"
    shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = (int(part) for part in shown.strip().removeprefix("v").split(".")[:2])
    return None if (major, minor) >= _NEEDS_NODE else f"needs Node 20.19, here is {shown.strip()}"


@dataclass
class DeployCli:
    """The tool, with the credentials of one sandbox."""

    sandbox: RunningSandbox

    def run(self, *arguments: str) -> str:
        """Run it to success; answers what it printed."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.sandbox.state_dir),
            "NO_COLOR": "1",
            "NODE_EXTRA_CA_CERTS": str(self.sandbox.ca_file),
            "AUTH0_DOMAIN": self.sandbox.tenant_url.removeprefix("https://"),
            "AUTH0_CLIENT_ID": self.sandbox.client_id,
            "AUTH0_CLIENT_SECRET": self.sandbox.client_secret,
            "AUTH0_INCLUDED_ONLY": json.dumps(RESOURCES),
            "AUTH0_ALLOW_DELETE": "false",
        }
        done = subprocess.run(
            [str(EXECUTABLE), *arguments],
            env=environment,
            cwd=self.sandbox.state_dir,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        printed = done.stdout + done.stderr
        assert done.returncode == 0, printed
        return printed

    def export(self, folder: Path) -> dict[str, str]:
        """Export the tenant; answers the content of each file by its path."""
        self.run("export", "--format", "yaml", "--output_folder", str(folder))
        return {
            str(file.relative_to(folder)): file.read_text(encoding="utf-8")
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        }

    def plan(self, folder: Path) -> str:
        """What an import of an export would change."""
        return self.run("import", "--input_file", str(folder / "tenant.yaml"), "--dry-run")

    def apply(self, folder: Path) -> str:
        """Import an export."""
        return self.run("import", "--input_file", str(folder / "tenant.yaml"))
