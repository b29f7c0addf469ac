"""The sandbox and the engine of the end-to-end tests, and a repository made by `phonemfa new`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from phonemfa.new.package import Package
from phonemfa.new.repository import Answers, StackAnswer, files_of, write
from sandbox.engine.plugin import Plugin
from tests.ci.company import Company, Released
from tests.end_to_end.conftest import Tenant, engine, environment, plugin, running, tenant
from tests.phonemfa.github_stand_in import GitHubStandIn

__all__ = ["engine", "environment", "plugin", "running", "tenant"]

ANSWERS = Answers(
    name="company-login",
    stacks=(
        StackAnswer(name="dev", tenant="dev.jp.auth0.com", production=False),
        StackAnswer(name="staging", tenant="staging.jp.auth0.com", production=False),
        StackAnswer(name="prod", tenant="login.jp.auth0.com", production=True),
    ),
    experience="unified",
    cpaas_host="abc123.api.infobip.com",
    sms_sender="0005212345",
    voice_sender="+815012345678",
    owners="@mirai/login",
    package=Package(address="https://example.test/p-1.whl", sha256="0" * 64, first_use=False),
    sandbox=Package(address="https://example.test/s-1.whl", sha256="1" * 64, first_use=False),
)


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Released:
    hastily = "not thorough" in request.config.option.markexpr
    return Released.into(tmp_path_factory.mktemp("released"), hastily=hastily)


@pytest.fixture
def company(
    request: pytest.FixtureRequest,
    *,
    tmp_path: Path,
    tenant: Tenant,
    environment: dict[str, str],
    plugin: Plugin,
    released: Released,
) -> Iterator[Company]:
    """One that has dev, whose tenant is at hand; a parameter names its other stacks."""
    with GitHubStandIn() as github:
        yield Company(
            tmp_path / "day",
            tenant,
            environment=environment,
            plugin=plugin,
            github=github,
            released=released,
            others=getattr(request, "param", ("staging", "prod")),
        )


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `phonemfa new` writes; nobody runs anything in it."""
    folder = tmp_path_factory.mktemp("company") / "repository"
    write(folder, files_of(ANSWERS))
    return folder
