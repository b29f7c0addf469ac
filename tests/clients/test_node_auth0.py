"""node-auth0, which auth0-deploy-cli is made of, calls every operation that it has."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from sandbox.tenant.tenant import Generation
from tests.clients.deploy_cli import PACKAGES, node_is_too_old
from tests.clients.steps import ALL, Steps, assert_succeeded, called, told
from tests.clients.tenants import assert_nothing_was_missing, control, sandbox_of
from tests.contract import PROJECT

pytestmark = [
    pytest.mark.fidelity,
    pytest.mark.skipif(node_is_too_old() is not None, reason=str(node_is_too_old())),
]

PROGRAM = PROJECT / "tests" / "clients" / "node" / "clients.cjs"

NOT_IN_THE_SDK = {
    *(
        (method, f"/guardian/factors/{factor}/settings")
        for method in ("GET", "PUT")
        for factor in ("webauthn-roaming", "webauthn-platform")
    ),
    *((method, "/prompts/mfa-push") for method in ("GET", "PATCH")),
}
"""Only go-auth0 v1 has these."""


def played(folder: Path, generation: Generation) -> Steps:
    with sandbox_of(generation, folder) as running:
        for _ in range(3):
            running.parts.tenant.logs.add("gd_send_sms", "sent", {})
        done = subprocess.run(
            ["node", str(PROGRAM), generation],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(running.state_dir),
                "NODE_PATH": str(PACKAGES),
                "AUTH0_DOMAIN": running.tenant_url.removeprefix("https://"),
                "AUTH0_CLIENT_ID": running.client_id,
                "AUTH0_CLIENT_SECRET": running.client_secret,
                "NODE_EXTRA_CA_CERTS": str(running.ca_file),
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert_nothing_was_missing(running)
        assert "canary" not in str(control(running, "GET", "/requests"))
    return told(done.stdout)


@pytest.fixture(scope="module")
def unified(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    return played(tmp_path_factory.mktemp("node"), "unified")


@pytest.fixture(scope="module")
def legacy(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    return played(tmp_path_factory.mktemp("node-legacy"), "legacy")


def test_every_operation_is_called(unified: Steps, legacy: Steps) -> None:
    assert ALL - called(unified, legacy) == NOT_IN_THE_SDK


def test_it_succeeds_where_auth0_would(unified: Steps, legacy: Steps) -> None:
    assert_succeeded(unified, "errors.", "actions.delete a bound one")
    assert_succeeded(legacy)


def test_its_pagers_end_and_have_everything(unified: Steps) -> None:
    assert [one["name"] for one in unified["actions.list"].value] == ["sender"]
    assert [one["number"] for one in unified["actions.versions"].value] == [2, 1]
    assert len(unified["actions.bindings"].value) == 1
    logged = [one["log_id"] for one in unified["logs.list"].value]
    assert len(logged) >= 3
    assert sorted(set(logged), reverse=True) == logged
    assert len(unified["logs.list"].calls) > 1


def test_an_unset_legacy_template_has_no_body(legacy: Steps) -> None:
    unset = legacy["sms.templates unset"]
    assert unset.calls[-1] == "GET /guardian/factors/sms/templates 204"
    assert unset.value is None
    assert legacy["sms.twilio"].value == {
        "auth_token": "canary",
        "sid": "s",
        "from": None,
        "messaging_service_sid": None,
    }


@pytest.mark.parametrize(
    ("step", "kind", "status", "message"),
    [
        ("errors.action", "NotFoundError", 404, "That action does not exist."),
        ("errors.execution", "NotFoundError", 404, "That execution does not exist."),
        ("errors.body", "BadRequestError", 400, "Payload validation error: "),
        ("errors.forbidden", "ForbiddenError", 403, "Insufficient privileges to use this"),
        (
            "actions.delete a bound one",
            "ManagementError",
            409,
            "Unable to delete an action bound to a trigger.",
        ),
    ],
)
def test_it_finds_its_own_error_types(
    unified: Steps, step: str, kind: str, status: int, message: str
) -> None:
    error = unified[step].error
    assert error is not None
    assert (error["type"], error["status"]) == (kind, status)
    assert error["message"].startswith(message)
