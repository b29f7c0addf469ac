"""From an MFA challenge of the sandbox tenant to a message on a phone."""

from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.notifications.routes import routes
from sandbox.notifications.service import Delivery, NotificationService
from sandbox.notifications.tester import RunnerActionTester
from sandbox.notifications.view import TenantView

__all__ = [
    "Delivery",
    "NotificationAssumptions",
    "NotificationService",
    "RunnerActionTester",
    "TenantView",
    "routes",
]
