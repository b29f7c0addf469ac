"""The sandbox tenant over HTTP: Auth0's Management API, its token endpoint and control routes.

Owns routing, authentication, validation, encoding, the request log and scripted faults. Refuses
rules of the tenant; those are `sandbox.tenant`'s.
"""

from sandbox.api.app import build_api
from sandbox.api.limiter import RateLimit
from sandbox.tenant.operation import ActionTester, Notifier

__all__ = ["ActionTester", "Notifier", "RateLimit", "build_api"]
