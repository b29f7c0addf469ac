"""Runs deployed Action code under Node with the shape Auth0 gives it."""

from sandbox.runner.runner import ActionOutcome, ActionRunner, NodeUnusableError

__all__ = ["ActionOutcome", "ActionRunner", "NodeUnusableError"]
