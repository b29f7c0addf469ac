"""The sandbox and the engine of the end-to-end tests, for running the workflows' steps."""

from tests.end_to_end.conftest import engine, environment, plugin, running, tenant

__all__ = ["engine", "environment", "plugin", "running", "tenant"]
