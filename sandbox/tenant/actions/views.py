"""How an Action and its versions look in answers (§4.1, recorded).

A stored Action is split like the real one shows it to be: the Action itself (`created_at`,
`updated_at`), and its draft with an `updated_at` of its own, a few milliseconds later. Reads of an
Action show the draft's; bindings and versions show the Action's.
"""

from typing import Any

from sandbox.tenant.builds import status_at
from sandbox.tenant.clock import nanos

Document = dict[str, Any]

_DEPLOY_BOOKKEEPING_NS = 10_000_000  # between a version's end and its Action's (recorded)


def _secrets(stored: list[Document]) -> list[Document]:
    return [{"name": one["name"], "updated_at": nanos(one["updated_at"])} for one in stored]


def _modules(stored: Document) -> Document:
    return {"modules": stored["modules"]} if stored.get("modules") else {}


def is_deployed(version: Document, now_ns: int) -> bool:
    """Whether a version that was deployed has got there yet."""
    ready_at = version["ready_at"]
    return version["status"] == "built" and (ready_at is None or now_ns >= ready_at)


def draft_status(action: Document, now_ns: int) -> str:
    """The build state of the draft at an instant."""
    draft = action["draft"]
    return status_at(draft["phases"], draft["updated_at"], now_ns)


def base(action: Document) -> Document:
    """The Action inside a version; always says that changes are not deployed (recorded)."""
    return {
        "id": action["id"],
        "name": action["name"],
        "supported_triggers": action["supported_triggers"],
        "created_at": nanos(action["created_at"]),
        "updated_at": nanos(action["updated_at"]),
        "all_changes_deployed": False,
    }


def _times(version: Document, built_key: str, *, built: bool) -> Document:
    """A version that is not built shows no time of it, and no change since its creation."""
    changed = version["updated_at"] if built else version["created_at"]
    times = {"created_at": nanos(version["created_at"]), "updated_at": nanos(changed)}
    return times | ({built_key: nanos(version["built_at"])} if built else {})


def _version(version: Document, *, built: bool, deployed: bool) -> Document:
    return {
        "code": version["code"],
        "dependencies": version["dependencies"],
        "id": version["id"],
        "deployed": deployed,
        "number": version["number"],
        "secrets": _secrets(version["secrets"]),
        **_modules(version),
        "status": "pending" if deployed and not built else version["status"],
        "runtime": version["runtime"],
        "supported_triggers": version["supported_triggers"],
        **_times(version, "built_at", built=built),
    }


def new_version(version: Document, action: Document) -> Document:
    """The answer of a deploy: built, but not yet the deployed one (recorded)."""
    view = _version(version, built=False, deployed=False)
    return view | {"action": base(action)}


def version_of(
    version: Document, action: Document, *, deployed: Document | None, now_ns: int
) -> Document:
    """A version as the versions list shows it, beside the one that counts as deployed."""
    built = is_deployed(version, now_ns)
    running = built and deployed is not None and version["id"] == deployed["id"]
    return _version(version, built=built, deployed=running) | {"action": base(action)}


def _current_version(version: Document, *, built: bool) -> Document:
    return {
        "id": version["id"],
        "code": version["code"],
        "runtime": version["runtime"],
        "status": "BUILT" if built else "PENDING",
        "number": version["number"],
        **_times(version, "build_time", built=built),
    }


def updated_at(action: Document, deployed: Document | None, now_ns: int) -> int:
    """When the Action was last changed, as reads of it show.

    Seen after a create with deploy: the end of that deploy moves it. No other deploy does.
    """
    if action.get("deployed_at_birth") and deployed and is_deployed(deployed, now_ns):
        return int(deployed["updated_at"]) + _DEPLOY_BOOKKEEPING_NS
    return int(action["draft"]["updated_at"])


def deployed_content_differs(action: Document, version: Document) -> bool:
    """Whether the draft says something else than a version, by content (§4.6)."""
    draft = action["draft"]

    def content(of: Document) -> Document:
        return {
            "code": of["code"],
            "runtime": of["runtime"],
            "modules": of.get("modules") or [],
            # The registry of a dependency is forgotten once it is built.
            "dependencies": [(one["name"], one["version"]) for one in of["dependencies"]],
            "secrets": [(one["name"], one["value"]) for one in of["secrets"]],
        }

    return (
        content(draft) != content(version)
        or action["supported_triggers"] != version["supported_triggers"]
    )


def _versions(
    current: Document | None, deployed: Document | None, now_ns: int, *, fresh: bool = False
) -> Document:
    """The version keys of an Action; absent until the first deploy."""
    part: Document = {}
    if current is not None:
        built = not fresh and is_deployed(current, now_ns)
        part["current_version"] = _current_version(current, built=built)
    if deployed is not None:
        built = not fresh and is_deployed(deployed, now_ns)
        part["deployed_version"] = _version(deployed, built=built, deployed=True)
    return part


def full(
    action: Document,
    *,
    current: Document | None,
    deployed: Document | None,
    now_ns: int,
    written: bool = False,
) -> Document:
    """An Action as GET, POST and PATCH show it; answers to a write say `pending` (recorded)."""
    draft = action["draft"]
    status = "pending" if written else draft_status(action, now_ns)
    # Only the answer to the create itself shows a version that is at once deployed and pending.
    fresh = written and bool(action.get("deployed_at_birth"))
    changed = draft["updated_at"] if fresh else updated_at(action, deployed, now_ns)
    # The registry of a dependency is forgotten once it is built.
    forgotten = {"registry_url"} if status == "built" else set()
    installed = action.get("installed_integration_id")
    return {
        **base(action),
        "updated_at": nanos(changed),
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
        **_versions(current, deployed, now_ns, fresh=fresh),
        "all_changes_deployed": deployed is not None
        and not deployed_content_differs(action, deployed),
    }


def inside_binding(
    action: Document, *, current: Document | None, deployed: Document | None, now_ns: int
) -> Document:
    """An Action inside a binding: without draft, and with the Action's own times (recorded)."""
    return base(action) | _versions(current, deployed, now_ns)
