"""The two Go modules are pinned and say what the code says."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from sandbox.engine import build
from sandbox.engine.build import MODULES, build_engine
from sandbox.engine.versions import (
    BELOW,
    CLI_VERSION,
    MINIMUM_CLI,
    MINIMUM_PLUGIN,
    version_in,
)
from sandbox.machine.errors import EngineError
from sandbox.machine.progress import Progress
from tests.contract import PROJECT

CLI = MODULES / "cli"
PYTHON_HOST = MODULES / "python-host"


def required(folder: Path) -> dict[str, str]:
    text = (folder / "go.mod").read_text()
    return dict(re.findall(r"^(?:require|\t)\s*(\S+) (v\S+)", text, re.MULTILINE))


def test_modules_name_the_versions_that_the_code_names() -> None:
    assert required(CLI)["github.com/pulumi/pulumi/pkg/v3"] == f"v{CLI_VERSION}"
    assert required(CLI)["github.com/pulumi/pulumi/sdk/v3"] == f"v{CLI_VERSION}"
    # The last one that still has `pulumi-language-python`.
    assert required(PYTHON_HOST)["github.com/pulumi/pulumi/sdk/v3"] == "v3.79.0"


@pytest.mark.parametrize("folder", [CLI, PYTHON_HOST], ids=lambda folder: folder.name)
def test_every_required_module_has_a_checksum(folder: Path) -> None:
    sums = {tuple(line.split()[:2]) for line in (folder / "go.sum").read_text().splitlines()}
    replaced = {"github.com/atotto/clipboard"}

    without = [
        f"{module} {version}"
        for module, version in required(folder).items()
        if (module, f"{version}/go.mod") not in sums and module not in replaced
    ]

    assert len(required(folder)) > 50
    assert without == []


@pytest.mark.skipif(shutil.which("go") is None, reason="nothing is built without Go")
@pytest.mark.parametrize(
    ("module", "flags"),
    [
        ("github.com/pulumi/pulumi/pkg/v3", {}),
        # What a user may have set to be asked less must not lower the check.
        ("github.com/pulumi/pulumi/pkg/v3", {"GOFLAGS": "-mod=mod", "GONOSUMDB": "*"}),
        ("gocloud.dev", {"GOFLAGS": "-mod=mod", "GONOSUMCHECK": "1", "GOSUMDB": "off"}),
    ],
)
def test_a_module_with_another_sum_is_not_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, flags: dict[str, str]
) -> None:
    copy = tmp_path / "modules"
    shutil.copytree(MODULES, copy)
    sums = copy / "cli" / "go.sum"
    tampered, count = re.subn(
        rf"^({re.escape(module)} v[^/\s]+) h1:.*$",
        rf"\1 h1:{'A' * 43}=",
        sums.read_text(),
        flags=re.MULTILINE,
    )
    assert count == 1
    sums.write_text(tampered)
    monkeypatch.setattr(build, "MODULES", copy)
    folder = tmp_path / "engine"
    folder.mkdir()
    with pytest.raises(EngineError, match="checksum mismatch"):
        build_engine(folder, Progress(), dict(os.environ) | flags)
    assert sums.read_text() == tampered, "the sums are not brought into line with what came"


def test_ranges_are_those_of_the_package() -> None:
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    for name, lowest in (("pulumi", MINIMUM_CLI), ("pulumi-auth0", MINIMUM_PLUGIN)):
        assert f'"{name}>={lowest.major}.{lowest.minor},<{BELOW.major}"' in text


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v3.259.0\n", "3.259.0"),
        ("3.260.0-alpha.1", "3.260.0a1"),
        ("pulumi-resource-auth0 v3.54.0+dev", "3.54.0+dev"),
        ("nonsense", "None"),
        (None, "None"),
    ],
)
def test_versions_are_read_as_their_programs_print_them(text: str | None, version: str) -> None:
    assert str(version_in(text)) == version
