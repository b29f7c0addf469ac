"""Importing the package defines what it defines, and changes nothing else in the process."""

from __future__ import annotations

import subprocess
import sys

from tests.contract import PROJECT

# What was there before must be the same object afterwards, attribute by attribute.
SCRIPT = """
import importlib, json, pkgutil, sys
import auth0.management, httpx, pulumi, pulumi.log, pulumi_auth0, pydantic

WATCHED = [
    auth0, auth0.management, httpx, pulumi, pulumi.log, pulumi.runtime, pulumi_auth0, pydantic
]
before = {name: id(module) for name, module in sys.modules.items()}
inside = {one.__name__: {key: id(value) for key, value in vars(one).items()} for one in WATCHED}

import components
for package in PACKAGES:
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


def python(script: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout.strip()


def test_importing_all_of_the_product_replaces_no_module_and_patches_none() -> None:
    found = python(SCRIPT.replace("PACKAGES", repr(["components", "phonemfa", "policy"])))
    assert found == "[[], []]"


def test_modules_of_others_are_the_ones_that_python_made() -> None:
    assert python(ALONE) == "[]"


def test_an_up_without_changes_loads_nothing_that_only_a_change_needs() -> None:
    assert python(OF_AN_UP) == "[]"
