"""What every group of rules shares.

Owns nothing but the bundle: state, time, switches and the tenant's name.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.tenant.actions.builds import Builds
from sandbox.tenant.assumptions import Assumptions
from sandbox.tenant.clock import Stamper
from sandbox.tenant.store import Store


@dataclass
class Context:
    """Handed to each group of rules by the tenant.

    `assumptions` may be exchanged while the tenant runs; rules read it at each call.
    """

    store: Store
    stamp: Stamper
    name: str
    assumptions: Assumptions = field(default_factory=Assumptions)
    builds: Builds = field(default_factory=Builds)
