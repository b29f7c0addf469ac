"""The policy pack under the real engine: what it lets through, refuses, and warns about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from phonemfa.pulumi.preview import read_preview
from phonemfa.report.summary import environment
from tests.contract import PROJECT
from tests.end_to_end.conftest import KEY, Tenant
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end

PACK = ("--policy-pack", str(PROJECT / "policy" / "__main__.py"))
PASSED, WARNED, REFUSED = "✅ phonemfa@v0.1.0", "⚠️ phonemfa@v0.1.0", "❌ phonemfa@v0.1.0"


def with_levels(folder: Path, content: object) -> tuple[str, ...]:
    """The pack's arguments with a file of levels."""
    path = folder / "levels.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return (*PACK, "--policy-pack-config", str(path))


def test_the_pack_lets_through_refuses_and_warns(
    applied: PulumiProject, tenant: Tenant, tmp_path: Path
) -> None:
    package = applied
    passed = package.up(*PACK)
    assert passed.out.count(PASSED) == 1, passed.text
    assert KEY not in passed.text

    # Mandatory: the preview fails, and an apply without its preview is stopped before it writes.
    package.configure(policy="never", allowedPrefixes=["+81", "+886"])
    level = {"enforcementLevel": "mandatory", "production": ["t1"]}
    mandatory = with_levels(tmp_path, {"always-in-production": level})
    refused = package.run("preview", *mandatory, expect=1)
    assert REFUSED in refused.out
    assert "[mandatory]  always-in-production" in refused.out
    assert "Fix: set phonemfa:policy to always" in refused.out
    tenant.forget_requests()
    package.up(*mandatory, expect=1)
    written = [one for one in tenant.logged() if one["method"] not in {"GET", "HEAD"}]
    assert [one["path"] for one in written if one["path"].startswith("/api/v2")] == []
    assert tenant.api("GET", "/guardian/policies") == ["all-applications"]

    # The rules alone say of the preview's steps what the engine said, at the stack's own levels.
    printed = json.loads(package.run("preview", "--json", "--show-sames").out)
    (alone,) = environment(read_preview(printed), PROJECT).violations
    assert (alone.rule, alone.enforcement) == ("country-allow-list", "mandatory")
    assert alone.message in refused.out

    # Advisory: the same change passes, with a warning.
    advisory = with_levels(
        tmp_path, {"all": "advisory", "always-in-production": {"production": ["t1"]}}
    )
    warned = package.run("preview", *advisory)
    assert WARNED in warned.out
    assert "[advisory]  country-allow-list" in warned.out
