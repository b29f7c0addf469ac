"""A running sandbox, one a module."""

from collections.abc import Iterator

import pytest

from sandbox.server.running import RunningSandbox, start
from tests.sandbox.quick import quick


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with start(quick(tmp_path_factory.mktemp("state"))) as sandbox:
        yield sandbox
