"""The tenant of a test, and its clock."""

import pytest

from sandbox.tenant import Tenant
from tests.sandbox.clock import ManualClock
from tests.sandbox.tenant.support import tenant


@pytest.fixture
def clock() -> ManualClock:
    """Stands still unless it is moved."""
    return ManualClock()


@pytest.fixture
def auth0(clock: ManualClock) -> Tenant:
    """A new unified tenant."""
    return tenant(clock=clock)
