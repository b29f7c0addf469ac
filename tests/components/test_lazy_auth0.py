"""What is loaded lazily is the package itself, whoever imports it and in whatever order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract import PROJECT

# Tells everything about a package's names that a program could see.
TOLD = """
import json, sys, types

TEXTS = {"__annotations__", "__doc__", "__module__", "__required_keys__", "__optional_keys__"}

def told(value):
    if isinstance(value, type):
        own = {key: str(each) if key in TEXTS else type(each).__name__
               for key, each in vars(value).items()}
        return [value.__module__, [str(each) for each in value.__mro__], own]
    return [type(value).__name__, getattr(value, "__module__", ""), getattr(value, "__name__", "")]

def all_told():
    import pulumi.runtime.rpc as rpc
    found = {name: told(getattr(pulumi_auth0, name)) for name in names()}
    for part in ("_inputs", "outputs"):
        found.pop(part, None)  # their own type differs, what is in them does not
        module = sys.modules[f"pulumi_auth0.{part}"]
        found |= {f"{part}.{name}": told(getattr(module, name)) for name in sorted(module.__all__)}
    found["registered"] = [sorted(rpc._RESOURCE_MODULES), sorted(rpc._RESOURCE_PACKAGES)]
    print(json.dumps(found))
"""
PLAIN = """
def names():
    return [name for name in vars(pulumi_auth0) if not name.startswith("__")]
"""


def python(*code: str, stdin: str = "") -> Any:
    """What a fresh interpreter prints as JSON."""
    ran = subprocess.run(
        [sys.executable, "-c", "\n".join(code)],
        cwd=PROJECT,
        env=os.environ | {"PYTHONHASHSEED": "0"},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def plain() -> Any:
    """The package as it is without us: imported first, it is left alone."""
    told = python("import pulumi_auth0, components", TOLD, PLAIN, "all_told()")
    assert len(told) > 2000
    return told


LAZY = "import components, pulumi_auth0"
UNFAMILIAR = "import components.lazy_auth0 as lazy; lazy._NAMED_IN[lazy.INPUTS].discard('warnings')"


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(f"{LAZY}; pulumi_auth0.Guardian", id="by name"),
        pytest.param(
            f"{LAZY}; import pulumi_auth0.client, pulumi_auth0.get_tenant\n"
            "from pulumi_auth0 import *; Guardian, ActionSecretArgs",
            id="by file, then all of it",
        ),
        pytest.param(
            f"{UNFAMILIAR}; import pulumi_auth0.get_tenant, pulumi_auth0",
            id="laid out differently, by file",
        ),
    ],
)
def test_every_name_is_what_the_package_itself_has(plain: Any, first: str) -> None:
    names = "def names():\n    return json.loads(sys.stdin.read())"
    asked = sorted(name for name in plain if "." not in name and name != "registered")

    told = python(first, TOLD, names, "all_told()", stdin=json.dumps(asked))

    different = {name for name in plain if told.get(name) != plain[name]}
    assert different == set(), {name: (told.get(name), plain[name]) for name in different}


def test_a_name_that_the_package_does_not_have_is_told_as_python_tells_it() -> None:
    code = """
try:
    pulumi_auth0.Nothing
except AttributeError as error:
    print(f'"{error}"')
"""
    assert python(LAZY, code) == python("import pulumi_auth0", code)


def test_a_package_that_is_not_installed_is_nobodys_fault(tmp_path: Path) -> None:
    without = "import sys; sys.path = [p for p in sys.path if 'site-packages' not in p]"
    assert python(f"{without}; import components; print('pulumi_auth0' in sys.modules or 1)") == 1


def test_auth0_python_loads_its_other_half_when_that_is_asked_for() -> None:
    code = """
import json, sys, components
from auth0.management import AsyncManagementClient
before = "jwt" in sys.modules
from auth0 import authentication, __version__, management
print(json.dumps([before, management.AsyncManagementClient is AsyncManagementClient,
                  authentication.GetToken.__module__]))
"""
    assert python(code) == [False, True, "auth0.authentication.get_token"]


# As much of the packages as an `up` needs that finds nothing to do. What is missing here is loaded
# by the commands and hooks that use it.
WHOLE_PROGRAM = """
import runpy
from pathlib import Path

import pulumi, yaml
from tests.components.declared import declare

settings = yaml.safe_load(Path("Pulumi.sandbox.yaml").read_text())["config"]
stack = {key: each if isinstance(each, str) else json.dumps(each) for key, each in settings.items()}
pulumi.runtime.set_all_config(stack | {"phonemfa:cpaasApiKey": "k" * 40}, ["phonemfa:cpaasApiKey"])
declared = declare(lambda: runpy.run_path("__main__.py") and None, stack="sandbox")
made = [name for part in ("_inputs", "outputs")
        for name, each in vars(sys.modules[f"pulumi_auth0.{part}"]).items()
        if isinstance(each, type) and each.__module__ == f"pulumi_auth0.{part}"]
print(json.dumps([sorted(declared), sorted(sys.modules), made]))
"""


def test_the_program_loads_no_more_than_it_declares() -> None:
    declared, modules, types = python("import json, sys", WHOLE_PROGRAM)

    assert "phone-mfa-factor-guardian" in declared
    assert {name for name in modules if name.startswith("pulumi_auth0.")} == {
        "pulumi_auth0._inputs",
        "pulumi_auth0._utilities",
        "pulumi_auth0.action",
        "pulumi_auth0.guardian",
        "pulumi_auth0.outputs",
        "pulumi_auth0.phone_notification_template",
        "pulumi_auth0.phone_provider",
    }
    assert len(types) < 60  # of 1,169
    assert {"auth0.management", "httpx", "jwt", "liquid", "requests", "rich"} & set(
        modules
    ) == set()


def test_what_a_plugin_puts_off_is_there_when_it_is_asked_for() -> None:
    code = """
import json, sys
from components import lazy_sdk
lazy_sdk.put_off("pulumi.automation")
import pulumi
before = "pulumi.automation._stack" in sys.modules
pulumi.automation.LocalWorkspace
print(json.dumps([before, "pulumi.automation._stack" in sys.modules]))
"""
    assert python(code) == [False, True]


def test_a_function_that_was_taken_out_runs_its_file_with_its_first_call() -> None:
    code = """
import json, sys
from components import lazy_sdk
lazy_sdk.put_off("colorsys", "rgb_to_hsv", "hsv_to_rgb")
from colorsys import hsv_to_rgb, rgb_to_hsv
before = "ONE_THIRD" in vars(sys.modules["colorsys"])
print(json.dumps([before, rgb_to_hsv(0, 0, 1)[1:], hsv_to_rgb(0, 0, 1), rgb_to_hsv(0, 0, 1)[1:]]))
"""
    assert python(code) == [False, [1.0, 1], [1, 1, 1], [1.0, 1]]
