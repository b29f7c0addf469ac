"""The sandbox as tests start it: any free ports, and no waiting between attempts."""

from pathlib import Path
from typing import Any

from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.server.assembly import ServerConfig


def quick(folder: Path, **more: Any) -> ServerConfig:
    """A sandbox whose state is in this folder."""
    own: dict[str, Any] = dict.fromkeys(("tenant_port", "cpaas_port", "pages_port"), 0)
    own["notification_assumptions"] = NotificationAssumptions(retry_delay=0)
    return ServerConfig(state_dir=folder, **own | more)
