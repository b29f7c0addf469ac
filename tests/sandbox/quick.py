"""The sandbox as tests start it: any free ports, and no waiting between attempts."""

from __future__ import annotations

from pathlib import Path

from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.server.assembly import ServerConfig


def quick(folder: Path) -> ServerConfig:
    """A sandbox whose state is in this folder."""
    return ServerConfig(
        state_dir=folder,
        tenant_port=0,
        cpaas_port=0,
        pages_port=0,
        notification_assumptions=NotificationAssumptions(retry_delay=0),
    )
