"""One sandbox and one Chromium a module; each test has a tenant that sends and empty phones."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from sandbox.server.running import RunningSandbox
from tests.browser import chromium
from tests.sandbox.pages.visit import Visits
from tests.sandbox.sending import set_up


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def sandbox(running: RunningSandbox) -> RunningSandbox:
    return set_up(running)


@pytest.fixture
def visits(browser: Browser, sandbox: RunningSandbox) -> Iterator[Visits]:
    """Opens pages of the sandbox; closes them, and fails when one misbehaved."""
    visits = Visits(browser, sandbox)
    yield visits
    visits.end()
