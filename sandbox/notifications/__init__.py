"""From an MFA challenge of the sandbox tenant to a message on a phone."""

from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.notifications.delivery import Delivery
from sandbox.notifications.routes import routes
from sandbox.notifications.service import NotificationService
from sandbox.notifications.tester import RunnerActionTester

__all__ = [
    "Delivery",
    "NotificationAssumptions",
    "NotificationService",
    "RunnerActionTester",
    "routes",
]
