"""A day of logins in a tenant's log, played in seconds: quiet days, busy ones, and bad ones."""

from sandbox.traffic.days import BAD, KINDS, Kind, Play, play
from sandbox.traffic.routes import routes

__all__ = ["BAD", "KINDS", "Kind", "Play", "play", "routes"]
