"""The distributions and an environment with the wheel: made once a run."""

from pathlib import Path

import pytest

from tests.packaging.installed import Installed, build, install


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build(tmp_path_factory.mktemp("dist"), "wheel", "sdist")


@pytest.fixture(scope="session")
def installed(
    distributions: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    """The wheel and its dependencies alone: no extra, no checkout."""
    return install(distributions[".whl"], tmp_path_factory.mktemp("environment") / "venv")
