import pytest

from tests.sandbox.login.world import LoginWorld


@pytest.fixture
def world() -> LoginWorld:
    return LoginWorld()
