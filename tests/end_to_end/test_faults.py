"""A tenant that fails within an `up`: repeated or told, nothing secret anywhere, then finished."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import PHONE, Tenant
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = [pytest.mark.end_to_end, pytest.mark.thorough]

API = "/api/v2/"


LASTING: dict[str, tuple[dict[str, Any], str]] = {
    "the token ends": ({"end_tokens": True}, "401"),
    "HTML for an answer": ({"status": 200, "raw_body": "<html>", "times": None}, "not JSON"),
    "JSON of another form": ({"status": 200, "body": [7], "times": None}, "does not have"),
    # To the hooks: what the tenant says to the plugin, that repeats word for word.
    "a refusal that repeats secrets": (
        {"status": 400, "body": {"message": f"{PHONE} and SECRET"}, "times": None}
        | {"path": f"{API}tenants/settings$", "nth": 1},
        "400",
    ),
    "500 without end": ({"status": 500, "times": None}, "500"),
}
LEGITIMATE = (".sqlite", ".sqlite-wal", ".sqlite-shm", ".pem", "passphrase", "credentials.json")


def secrets_of(tenant: Tenant) -> list[str]:
    key = tenant.running.credentials.cpaas_api_key
    return [key, tenant.client_secret, PHONE, "eyJhbGciOi"]


def assert_nothing_secret(folder: Path, said: str, secrets: list[str]) -> None:
    for hidden in secrets:
        assert hidden not in said
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and not path.name.endswith(LEGITIMATE):
            text = path.read_bytes()
            found = [one for one in secrets if one.encode() in text]
            assert not found, (path, found)


@pytest.fixture
def stack(package: PulumiProject, tenant: Tenant) -> PulumiProject:
    package.configure(secrets={"cpaasApiKey": tenant.running.credentials.cpaas_api_key})
    return package


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_told_and_the_next_up_finishes(
    stack: PulumiProject, tenant: Tenant, tmp_path: Path, name: str
) -> None:
    fault, told = LASTING[name]
    secrets = secrets_of(tenant)
    if "body" in fault and "SECRET" in str(fault["body"]):
        fault = {**fault, "body": {"message": f"{PHONE} and {secrets[0]} {secrets[1]}"}}
    tenant.control("POST", "/faults", {"path": API, "nth": 6, **fault})
    ran = stack.up(expect=None)
    assert ran.exit != 0
    assert told in ran.text
    assert "Traceback" not in ran.text
    assert_nothing_secret(tmp_path, ran.text, secrets)
    tenant.control("DELETE", "/faults")
    # Without a refresh, which would take what is there for finished.
    assert stack.up().exit == 0
    assert tenant.api("GET", "/guardian/policies") == ["all-applications"]
