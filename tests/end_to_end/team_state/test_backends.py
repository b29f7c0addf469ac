"""State on S3 and PostgreSQL: the whole life of a stack, and no secret in what lies there."""

import base64
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Tenant
from tests.end_to_end.pulumi_cli import PulumiProject, Ran
from tests.end_to_end.team_state.backends import PASSWORD, REGION, PostgresServer, S3Server, Store
from tests.end_to_end.team_state.conftest import OnStore

pytestmark = pytest.mark.end_to_end


def live_and_die(stack: PulumiProject, tenant: Tenant, store: Store) -> None:
    """Up, an up without work, a refresh, destroy; the store is read after each."""
    secrets = secrets_of(stack, tenant, store)
    shown = [stack.up()]
    assert ".pulumi/stacks/phonemfa/t1.json" in store.content()
    assert tenant.policies == ["all-applications"]
    nothing_readable(secrets, store, shown)

    tenant.forget_requests()
    shown.append(stack.up())
    assert tenant.logged() == [], "a no-op up asks the tenant nothing"
    shown.append(stack.unchanged())

    shown.append(stack.destroy())
    assert tenant.actions == []
    assert tenant.providers == []
    assert stack.state()["deployment"].get("resources", []) == []
    nothing_readable(secrets, store, shown)
    assert store.locks() == []


def secrets_of(stack: PulumiProject, tenant: Tenant, store: Store) -> list[str]:
    passphrase = Path(stack.environment["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text("utf-8")
    key = tenant.running.credentials.cpaas_api_key
    own = [value for name, value in store.variables.items() if name != "AWS_ACCESS_KEY_ID"]
    return [key, tenant.client_secret, passphrase, *own]


def nothing_readable(secrets: list[str], store: Store, shown: list[Ran]) -> None:
    """No secret in any object of the store, backups and history included, nor in any output."""
    content = store.content()
    assert content
    for secret in secrets:
        for form in (secret.encode(), base64.b64encode(secret.encode())):
            assert [key for key, body in content.items() if form in body] == []
        assert [one.command for one in shown if secret in one.text] == []


@pytest.mark.thorough
def test_a_stack_lives_its_whole_life_on_a_teams_store(
    store: Store, on_store: OnStore, tenant: Tenant
) -> None:
    live_and_die(on_store(store), tenant, store)
    sealed = [body for key, body in store.content().items() if "/history/" in key]
    assert any(b'"ciphertext"' in body for body in sealed), "the key is there, encrypted"


@pytest.mark.thorough
def test_a_stack_whose_secrets_a_kms_key_seals_needs_no_passphrase(
    s3: S3Server, on_store: OnStore, tenant: Tenant
) -> None:
    store = s3.store()
    s3.key("phonemfa")
    stack = on_store(
        store,
        secrets_provider=f"awskms://alias/phonemfa?region={REGION}",
        AWS_ENDPOINT_URL_KMS=s3.url,
        PULUMI_CONFIG_PASSPHRASE_FILE="",
    )
    file = (stack.folder / "Pulumi.t1.yaml").read_text("utf-8")
    assert "encryptedkey:" in file
    assert "encryptionsalt:" not in file
    stack.environment["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(stack.folder / "none")
    (stack.folder / "none").write_text("not-the-passphrase", "utf-8")
    live_and_die(stack, tenant, store)

    stack.environment["AWS_ENDPOINT_URL_KMS"] = "http://127.0.0.1:9"
    stack.environment["AWS_MAX_ATTEMPTS"] = "1"
    refused = stack.up(expect=None)
    assert refused.exit != 0, "without the key there is no way to the secrets"


@pytest.mark.thorough
def test_the_cli_shows_a_password_that_is_in_the_address(
    postgres: PostgresServer, on_store: OnStore
) -> None:
    """Why the guide keeps it out of the address: the trap is real under this engine."""
    stack = on_store(postgres.store())
    stack.environment |= {"PGPASSWORD": "", "PGCONNECT_TIMEOUT": "5"}
    url = f"postgres://pulumi:{PASSWORD}@127.0.0.1:9/state?sslmode=disable"
    stack.environment["PULUMI_BACKEND_URL"] = url
    assert PASSWORD in stack.run("stack", "ls", expect=None).text

    stack.environment["PGPASSWORD"] = PASSWORD
    stack.environment["PULUMI_BACKEND_URL"] = url.replace(f":{PASSWORD}", "")
    refused = stack.refused("stack", "ls")
    assert PASSWORD not in refused.text
