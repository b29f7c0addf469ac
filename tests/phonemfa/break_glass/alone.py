"""`python -m phonemfa.break_glass` where nothing works that an incident may have broken."""

import subprocess
import sys
from collections.abc import Mapping

from tests.contract import PROJECT
from tests.processes import run

# Installed but broken, not missing: what is broken is found, and fails when it is loaded.
_BROKEN = """
import runpy, sys
from importlib.util import spec_from_loader

SOUND = {
    "components",
    "components.tenant.bounded_http",
    "components.masking",
    "components.tenant",
    "components.tenant.access",
    "components.tenant.client",
    "components.tenant.errors",
    "components.tenant.model",
    "components.tenant.token",
}
BROKEN = {"components", "policy", "pulumi", "pulumi_auth0", "sandbox", "yaml"}


class Broken:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BROKEN and name not in SOUND:
            return spec_from_loader(name, self)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        raise ImportError(f"{module.__name__} is broken")


sys.meta_path.insert(0, Broken())
runpy.run_module("phonemfa.break_glass", run_name="__main__")
"""


def break_glass_alone(
    environment: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run it with these variables and no others."""
    return run(sys.executable, "-c", _BROKEN, *arguments, cwd=PROJECT, env=environment)
