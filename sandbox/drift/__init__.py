"""What a tenant looks like beside the last `pulumi up`, and drift made by hand, to try with.

Owns the snapshot of the tenant that an `up` leaves, the differences from it, and one deed a class
of drift. Refuses to judge: what counts as drift of a stack is for `phonemfa drift` to say, which
is not imported here.
"""

from sandbox.drift.applied import FILE as APPLIED_FILE
from sandbox.drift.applied import Applied, Difference, NothingAppliedError
from sandbox.drift.hands import Hands, NothingToChangeError
from sandbox.drift.picture import Picture, picture_of
from sandbox.drift.routes import routes
from sandbox.drift.scenarios import DEEDS, Deed, deed

__all__ = [
    "APPLIED_FILE",
    "DEEDS",
    "Applied",
    "Deed",
    "Difference",
    "Hands",
    "NothingAppliedError",
    "NothingToChangeError",
    "Picture",
    "deed",
    "picture_of",
    "routes",
]
