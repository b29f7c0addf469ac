"""The Action's source text, assembled from `actions/src`.

No minifier, no templating of values: the text that is deployed is the text that a reviewer reads
(`python components/action_code.py TRIGGER` prints it). What differs between stacks reaches the
Action as secrets. A stamp in the heading tells our own text, of any version, from one that somebody
wrote or edited, which may hold a key.
"""

import re
import sys
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal, get_args

RUNTIME: Final = "node22"
"""Pinned: a trigger's default runtime moves without a review (management-api.md §4.11)."""

Trigger = Literal["custom-phone-provider", "send-phone-message"]

SOURCE_DIR = Path(__file__).resolve().parent.parent / "actions" / "src"

# Read from the top: the handler first, then the parts in the order a message passes them.
SHARED_PARTS = (
    "delivery",
    "config",
    "recipient",
    "ranges",
    "text",
    "speech",
    "cpaas",
    "exchange",
    "outcome",
    "throttle",
)

# Auth0 allows 100 kB. This is the project's own bound: what one person reviews in one sitting. The
# goal is about 30 kB; the room above is for limits, calls and texts standing in one bundle.
MAX_BYTES = 36_000


_STAMP: Final = re.compile(r"\A.*\n.*, ([0-9a-f]{16})\.\n")
_UNSTAMPED: Final = "0" * 16


def assemble(trigger: Trigger) -> str:
    """The complete code of the Action for one trigger; a `ValueError` where it is over MAX_BYTES.

    Deterministic, and nothing but the files below `actions/src` goes in: the same checkout
    always gives the same text, so an unchanged Action is no change to the stack.
    """
    if trigger not in get_args(Trigger):
        known = ", ".join(get_args(Trigger))
        raise ValueError(f"trigger: {trigger!r} has no handler in actions/src; use one of {known}")
    heading = (
        f"// Auth0 Action for the trigger {trigger}: sends phone messages through NTT CPaaS.\n"
        "// Assembled from actions/src by components/action_code.py (change it there), "
        f"{_UNSTAMPED}.\n"
        "'use strict';\n"
    )
    sections = [heading]
    for part in (trigger, *SHARED_PARTS):
        # Bytes decoded here, not read as text: a checkout with CRLF must not change the Action.
        text = (SOURCE_DIR / f"{part}.js").read_bytes().decode("utf-8").replace("\r\n", "\n")
        sections.append(f"// ---- {part}.js ----\n\n{text}")
    code = "\n".join(sections)
    size = len(code.encode("utf-8"))
    if size > MAX_BYTES:
        raise ValueError(
            f"actions/src: the Action for {trigger} has {size} bytes, over the bound of "
            f"{MAX_BYTES}; shorten its parts"
        )
    return code.replace(_UNSTAMPED, _stamp(code), 1)


def is_assembled(code: str) -> bool:
    """Whether some version of this package assembled a text, and nobody has changed it since."""
    found = _STAMP.match(code)
    if found is None:
        return False
    start, end = found.span(1)
    return found[1] == _stamp(f"{code[:start]}{_UNSTAMPED}{code[end:]}")


def _stamp(code: str) -> str:
    return sha256(code.encode("utf-8", "replace")).hexdigest()[:16]


if __name__ == "__main__":
    sys.stdout.write(assemble(sys.argv[1]))  # type: ignore[arg-type]  # assemble checks it
