"""Fixtures shared by the API's tests."""

import pytest

from tests.sandbox.api.support import Sandbox


@pytest.fixture
def sandbox() -> Sandbox:
    """A new unified tenant."""
    return Sandbox()
