"""The config block of Pulumi.yaml: what each setting is for, and the defaults.

Owns the block between the markers. Refuses types, secrets and settings without a default: the
engine would answer for them with one fault at a time, before the program can name all
(docs/decisions/project-config.md).
"""

from __future__ import annotations

import json
import re
from typing import Final

from reference.facts import settings

PAGE: Final = "Pulumi.yaml"
_BLOCK: Final = re.compile(r"^# begin settings.*?^# end settings\n", re.MULTILINE | re.DOTALL)
_BEGIN: Final = (
    "# begin settings (make reference; why no types: docs/decisions/project-config.md)\n"
)


def project_file(current: str) -> str:
    """Pulumi.yaml with its block made anew.

    Raises:
        ValueError: the file has no markers.
    """
    lines = ["config:"]
    for one in settings():
        if one.default is not None:
            lines += [
                f"  {one.key}:",
                f"    description: {json.dumps(one.description, ensure_ascii=False)}",
                f"    default: {json.dumps(one.default, ensure_ascii=False)}",
            ]
    block = _BEGIN + "\n".join(lines) + "\n# end settings\n"
    made, count = _BLOCK.subn(lambda _: block, current)
    if count != 1:
        raise ValueError(f"{PAGE} has no block between '# begin settings' and '# end settings'")
    return made
