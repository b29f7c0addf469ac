"""What the engine says while it runs: an event a line, as `--json` prints them.

The first of them has all of the config in it: nothing is shown of an event that is not known here,
nor of one that a killed engine has cut off.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from phonemfa.pulumi.state import name_in

NO_CHANGES: Final = frozenset({"same", "refresh"})
_NO_STEPS: Final = NO_CHANGES | {"read"}
_GROUPING: Final = ("pulumi:pulumi:", "phonemfa:index:")
"""Stack and components: the engine counts them, and no tenant has them."""


@dataclass
class Events:
    """What the engine said of one run.

    Attributes:
        tell: is given each step at a resource, when it begins.
        log: is given everything that a person can read.
        changes: how many resources of the tenant, by what was done or would be done to them.
        steps: how many were begun.
        violated: a mandatory rule of a policy pack was broken.
    """

    tell: Callable[[str], None]
    log: Callable[[str], None]
    changes: Mapping[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    steps: int = 0
    violated: bool = False
    _grouping: Counter[str] = field(default_factory=Counter)

    def hear(self, line: str) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            if not line.startswith("{"):
                self.log(line)
            return
        match event:
            case {"resourcePreEvent": {"metadata": {"op": op, "urn": urn, "type": kind}}}:
                if op not in _NO_STEPS:
                    self.steps += 1
                    self._grouping[op] += kind.startswith(_GROUPING)
                    self.log(f"{op} {name_in(urn)}")
                    self.tell(f"{op} {name_in(urn)}")
            case {"diagnosticEvent": {"severity": severity, "message": _} as told}:
                if severity != "debug":
                    self.log(f"{severity}: {said_of(told)}")
                if severity == "error":
                    self.errors.append(said_of(told))
            case {"policyEvent": {"policyName": name, "enforcementLevel": level, **more}}:
                self.log(f"policy {name} ({level}): {more.get('message', '')}")
                if level == "mandatory":
                    self.violated = True
                    self.errors.append(f"policy {name}")
            case {"stdoutEvent": {"message": message}}:
                self.log(message)
            case {"summaryEvent": {"resourceChanges": found}}:
                self.changes = {op: n - self._grouping[op] for op, n in (found or {}).items()}


def said_of(diagnostic: Mapping[str, Any]) -> str:
    """What a diagnostic says, and of which resource."""
    resource = name_in(diagnostic.get("urn") or "")
    message = str(diagnostic["message"]).strip()
    return f"{resource}: {message}" if resource else message
