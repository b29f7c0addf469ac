"""auth0-deploy-cli, as the figures are compared with it.

Owns its command line and environment, and an input file of exactly what our stack declares: an
export of the applied tenant with the secrets' values given back. Refuses to measure.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import yaml

from sandbox.cli.workplace import PROJECT
from sandbox.engine.environment import TenantAccess

EXECUTABLE: Final = PROJECT / "node_modules" / ".bin" / "a0deploy"
RESOURCES: Final = (
    "actions",
    "phoneProviders",
    "phoneTemplates",
    "guardianFactors",
    "guardianPolicies",
    "guardianPhoneFactorMessageTypes",
)
"""What our stack declares; the tool is asked for nothing else."""


class DeployCli:
    """The tool on one tenant."""

    def __init__(self, folder: Path, access: TenantAccess) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "NO_COLOR": "1",
            "NODE_EXTRA_CA_CERTS": str(access.ca_file),
            "AUTH0_DOMAIN": access.domain,
            "AUTH0_CLIENT_ID": access.client_id,
            "AUTH0_CLIENT_SECRET": access.client_secret,
            "AUTH0_INCLUDED_ONLY": json.dumps(RESOURCES),
            "AUTH0_ALLOW_DELETE": "false",
        }

    def export(self, *, secrets: Mapping[str, str], templates: Collection[str]) -> None:
        """Export the tenant as the input of the imports that are measured.

        The tool lists every factor, and the phone templates that nobody customised: only what our
        stack declares is kept. Secrets that are not given are settings of the Action.
        """
        self.folder.mkdir()
        command = ["export", "--format", "yaml", "--output_folder", str(self.folder)]
        subprocess.run(
            [str(EXECUTABLE), *command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
        file = self.folder / "tenant.yaml"
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        for action in document["actions"]:
            action["secrets"] = [
                {**one, "value": secrets.get(one["name"], "x")} for one in action["secrets"]
            ]
        document["phoneTemplates"] = [
            one for one in document["phoneTemplates"] if one["type"] in templates
        ]
        document["guardianFactors"] = [
            one for one in document["guardianFactors"] if one["name"] == "sms"
        ]
        file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")

    def imports(self, *options: str) -> list[str]:
        """The command that brings the tenant to the exported state."""
        file = str(self.folder / "tenant.yaml")
        return [str(EXECUTABLE), "import", "--input_file", file, *options]
