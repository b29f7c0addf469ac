"""The package's stack on a store of a team."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.conftest import CONFIG, Tenant, checkout
from tests.end_to_end.pulumi_cli import PulumiProject
from tests.end_to_end.team_state.backends import (
    PostgresServer,
    S3Server,
    Store,
    postgres_server,
    s3_server,
)

OnStore = Callable[..., PulumiProject]


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["s3", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty one of each kind."""
    server: S3Server | PostgresServer = request.getfixturevalue(request.param)
    return server.store()


@pytest.fixture
def on_store(tmp_path: Path, environment: dict[str, str], tenant: Tenant) -> OnStore:
    """The package's stack, configured but not applied, with its state on a store."""

    def make(store: Store, *, secrets_provider: str = "", **variables: str) -> PulumiProject:
        own = environment | dict(store.variables) | variables | {"PULUMI_BACKEND_URL": store.url}
        stack = PulumiProject(tmp_path / "package", own, program=checkout(tmp_path))
        provider = ["--secrets-provider", secrets_provider] if secrets_provider else []
        stack.run("stack", "init", *provider)
        key = tenant.running.credentials.cpaas_api_key
        stack.configure(secrets={"cpaasApiKey": key}, **CONFIG)
        return stack

    return make
