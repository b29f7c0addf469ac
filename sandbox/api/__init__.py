"""The sandbox tenant over HTTP: Auth0's Management API, its token endpoint and control routes."""

from sandbox.api.app import build_api
from sandbox.api.limiter import RateLimit
from sandbox.tenant.operation import ActionTester, Notifier

__all__ = ["ActionTester", "Notifier", "RateLimit", "build_api"]
