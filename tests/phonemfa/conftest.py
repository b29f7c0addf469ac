"""A sandbox for the commands of this package, and an operator of a stack that was applied to it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.server.running import RunningSandbox, start
from sandbox.tenant import Generation
from tests.phonemfa.applied import Operator, operator
from tests.sandbox.quick import quick


@pytest.fixture(scope="session", autouse=True)
def _soon() -> Iterator[None]:
    """Let the SDK repeat at once what failed, instead of after one second, two and four."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("auth0.management.core.http_client.INITIAL_RETRY_DELAY_SECONDS", 0.01)
        yield


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with start(quick(tmp_path_factory.mktemp("sandbox"))) as running:
        yield running


@pytest.fixture
def applied(
    sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Operator]]:
    """Applies a stack of a generation, with these settings, and seats somebody before it."""
    made: list[Operator] = []

    def apply(generation: Generation = "unified", **config: object) -> Operator:
        made.append(operator(sandbox, tmp_path, monkeypatch, generation, **config))
        made[-1].tenant.forget_requests()
        return made[-1]

    yield apply
    for one in made:
        one.tenant.control("DELETE", "/faults")
        one.tenant.http.close()
