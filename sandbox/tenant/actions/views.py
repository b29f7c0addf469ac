"""How an Action and its versions look in answers (§4.1, recorded).

A stored Action is split like the real one shows it to be: the Action itself (`created_at`,
`updated_at`), and its draft with an `updated_at` of its own, a few milliseconds later. Reads of an
Action show the draft's; bindings and versions show the Action's.
"""

from dataclasses import dataclass
from typing import Any

from sandbox.tenant.builds import status_at
from sandbox.tenant.clock import nanos

Document = dict[str, Any]

_DEPLOY_BOOKKEEPING_NS = 10_000_000  # between a version's end and its Action's (recorded)


@dataclass(frozen=True)
class Standing:
    """An Action at an instant (`now`, in ns): its newest version, and the one shown as deployed."""

    action: Document
    current: Document | None
    deployed: Document | None
    now: int

    @property
    def running(self) -> Document | None:
        """The deployed version, once it has got there."""
        return self.deployed if self.deployed and is_deployed(self.deployed, self.now) else None

    @property
    def status(self) -> str:
        """The build state of the draft."""
        draft = self.action["draft"]
        return status_at(draft["phases"], draft["updated_at"], self.now)

    @property
    def updated_at(self) -> int:
        """When the Action was last changed, as reads of it show.

        Seen after a create with deploy: the end of that deploy moves it. No other deploy does.
        """
        if self.running and self.action.get("deployed_at_birth"):
            return int(self.running["updated_at"]) + _DEPLOY_BOOKKEEPING_NS
        return int(self.action["draft"]["updated_at"])

    def view(self, *, written: bool = False) -> Document:
        """As GET, POST and PATCH show it; answers to a write say `pending` (recorded)."""
        action, draft = self.action, self.action["draft"]
        status = "pending" if written else self.status
        # Only the answer to the create itself shows a version that is at once deployed and pending.
        fresh = written and bool(action.get("deployed_at_birth"))
        # The registry of a dependency is forgotten once it is built.
        forgotten = {"registry_url"} if status == "built" else set()
        installed = action.get("installed_integration_id")
        said = draft | {"supported_triggers": action["supported_triggers"]}
        return {
            **_base(action),
            "updated_at": nanos(draft["updated_at"] if fresh else self.updated_at),
            "code": draft["code"],
            "dependencies": [
                {key: value for key, value in one.items() if key not in forgotten}
                for one in draft["dependencies"]
            ],
            "runtime": draft["runtime"],
            "status": status,
            "secrets": _secrets(draft["secrets"]),
            **_modules(draft),
            **({"installed_integration_id": installed} if installed else {}),
            **self._versions(fresh=fresh),
            "all_changes_deployed": self.deployed is not None
            and _content(said) == _content(self.deployed),
        }

    def inside_binding(self) -> Document:
        """Without draft, and with the Action's own times (recorded)."""
        return _base(self.action) | self._versions()

    def version(self, version: Document) -> Document:
        """One of its versions as their list shows it."""
        built = is_deployed(version, self.now)
        running = built and self.deployed is not None and version["id"] == self.deployed["id"]
        return _version(version, built=built, deployed=running) | {"action": _base(self.action)}

    def _versions(self, *, fresh: bool = False) -> Document:
        """The version keys; absent until the first deploy."""
        part: Document = {}
        if (version := self.current) is not None:
            built = not fresh and is_deployed(version, self.now)
            part["current_version"] = {
                **{key: version[key] for key in ("id", "code", "runtime", "number")},
                "status": "BUILT" if built else "PENDING",
                **_times(version, "build_time", built=built),
            }
        if (version := self.deployed) is not None:
            built = not fresh and is_deployed(version, self.now)
            part["deployed_version"] = _version(version, built=built, deployed=True)
        return part


def is_deployed(version: Document, now_ns: int) -> bool:
    """Whether a version that was deployed has got there yet."""
    ready_at = version["ready_at"]
    return version["status"] == "built" and (ready_at is None or now_ns >= ready_at)


def new_version(version: Document, action: Document) -> Document:
    """The answer of a deploy: built, but not yet the deployed one (recorded)."""
    return _version(version, built=False, deployed=False) | {"action": _base(action)}


def _base(action: Document) -> Document:
    """The Action inside a version; always says that changes are not deployed (recorded)."""
    return {
        **{key: action[key] for key in ("id", "name", "supported_triggers")},
        "created_at": nanos(action["created_at"]),
        "updated_at": nanos(action["updated_at"]),
        "all_changes_deployed": False,
    }


def _version(version: Document, *, built: bool, deployed: bool) -> Document:
    kept = ("id", "number", "code", "dependencies", "runtime", "supported_triggers")
    return {
        **{key: version[key] for key in kept},
        "deployed": deployed,
        "secrets": _secrets(version["secrets"]),
        **_modules(version),
        "status": "pending" if deployed and not built else version["status"],
        **_times(version, "built_at", built=built),
    }


def _times(version: Document, built_key: str, *, built: bool) -> Document:
    """A version that is not built shows no time of it, and no change since its creation."""
    changed = version["updated_at"] if built else version["created_at"]
    times = {"created_at": nanos(version["created_at"]), "updated_at": nanos(changed)}
    return times | ({built_key: nanos(version["built_at"])} if built else {})


def _secrets(stored: list[Document]) -> list[Document]:
    return [{"name": one["name"], "updated_at": nanos(one["updated_at"])} for one in stored]


def _modules(stored: Document) -> Document:
    return {"modules": stored["modules"]} if stored.get("modules") else {}


def _content(of: Document) -> Document:
    """What makes a draft differ from a version (§4.6)."""
    return {
        **{key: of[key] for key in ("code", "runtime", "supported_triggers")},
        "modules": of.get("modules") or [],
        "dependencies": [(one["name"], one["version"]) for one in of["dependencies"]],
        "secrets": [(one["name"], one["value"]) for one in of["secrets"]],
    }
