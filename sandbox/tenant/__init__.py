"""The sandbox tenant: what an Auth0 tenant remembers and allows, without any HTTP."""

from sandbox.tenant.actions.versions import DeployedAction
from sandbox.tenant.clients import Credentials
from sandbox.tenant.settings import Generation
from sandbox.tenant.store import Store
from sandbox.tenant.tenant import Tenant

__all__ = ["Credentials", "DeployedAction", "Generation", "Store", "Tenant"]
