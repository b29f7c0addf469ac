"""The sandbox tenant: what an Auth0 tenant remembers and allows, without any HTTP."""

from sandbox.tenant.actions.versions import DeployedAction
from sandbox.tenant.assumptions import Assumptions
from sandbox.tenant.clients import Credentials
from sandbox.tenant.clock import Clock, ManualClock, SystemClock
from sandbox.tenant.errors import ApiError
from sandbox.tenant.settings import Generation
from sandbox.tenant.store import Store
from sandbox.tenant.tenant import Tenant

__all__ = [
    "ApiError",
    "Assumptions",
    "Clock",
    "Credentials",
    "DeployedAction",
    "Generation",
    "ManualClock",
    "Store",
    "SystemClock",
    "Tenant",
]
