"""Importing the package defines what it defines, and changes nothing else in the process."""

import subprocess
import sys

import pytest

from tests.contract import PROJECT

# What was there before must be the same object afterwards, attribute by attribute.
EVERYTHING = """
import importlib, json, pkgutil, sys
import auth0.management, httpx, pulumi, pulumi.log, pulumi_auth0, pydantic

WATCHED = [
    auth0, auth0.management, httpx, pulumi, pulumi.log, pulumi.runtime, pulumi_auth0, pydantic
]
before = {name: id(module) for name, module in sys.modules.items()}
inside = {one.__name__: {key: id(value) for key, value in vars(one).items()} for one in WATCHED}

import components
for package in ("components", "phonemfa", "policy"):
    root = importlib.import_module(package)
    for found in pkgutil.walk_packages(root.__path__, f"{package}."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)

replaced = [name for name, known in before.items() if id(sys.modules.get(name)) != known]
patched = [
    f"{one.__name__}.{key}"
    for one in WATCHED
    for key, known in inside[one.__name__].items()
    if not key.startswith("__") and id(vars(one).get(key)) != known
]
print(json.dumps([replaced, patched]))
"""

ALONE = """
import sys
import components.phone_mfa, components.tenant.stack_access
import auth0.management
print([name for name in ("pulumi", "pulumi.log", "pulumi_auth0", "pulumi_auth0._inputs", "auth0")
       if type(sys.modules[name]) is not type(sys)])
"""

# A tenant is asked, and Liquid parsed, for few runs; each takes a fifth of a second.
OF_AN_UP = """
import sys
import components.phone_mfa, components.settings.stack_config
print([name for name in ("auth0", "httpx", "liquid") if name in sys.modules])
"""


@pytest.mark.parametrize(
    ("script", "prints"),
    [
        pytest.param(EVERYTHING, "[[], []]", id="no module is replaced, and none patched"),
        pytest.param(ALONE, "[]", id="modules of others are as Python made them"),
        pytest.param(OF_AN_UP, "[]", id="an up without changes loads no more than it needs"),
    ],
)
def test_an_import_changes_nothing_else(script: str, prints: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, check=True, timeout=600
    )
    assert ran.stdout.decode().strip() == prints
