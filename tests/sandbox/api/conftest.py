"""Fixtures shared by the API's tests."""

import pytest

from tests.sandbox.api.support import Sandbox


@pytest.fixture
def sandbox() -> Sandbox:
    """A new unified tenant."""
    return Sandbox()


@pytest.fixture
def legacy() -> Sandbox:
    """A new legacy tenant."""
    return Sandbox(generation="legacy")
