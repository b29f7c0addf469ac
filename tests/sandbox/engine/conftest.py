"""A machine without an engine, and release servers that answer what a test publishes."""

from pathlib import Path

import httpx
import pytest

from sandbox.engine import download, plugin
from tests.sandbox.engine.fakes import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(tmp_path)
    client = httpx.Client(transport=httpx.MockTransport(world.releases))
    monkeypatch.setattr(httpx, "stream", client.stream)
    monkeypatch.setattr(download, "LOCK", world.lock)
    monkeypatch.setattr(plugin, "STAND_IN_PROGRAM", world.stand_in)
    return world
