"""Versions of Actions: deploys, old ones deployed again, and which one runs (§4.7, §4.8)."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from sandbox.json_schemas import BOOLEAN, described, obj
from sandbox.tenant.actions.rules import DRAFT, ONE, PATH, Actions, versions_collection
from sandbox.tenant.actions.views import new_version
from sandbox.tenant.builds import finished_at
from sandbox.tenant.clock import NANOS_PER_SECOND
from sandbox.tenant.context import Context, Page, Rules, page_of
from sandbox.tenant.errors import ApiError
from sandbox.tenant.operation import Evidence, Routes

Document = dict[str, Any]

_KEPT_VERSIONS = 50
_BUILD_BOOKKEEPING_NS = 500_000  # built_at and updated_at differ by about that much (recorded)

_CREATE = obj(
    {**DRAFT, "deploy": described(BOOLEAN, "Whether to deploy it at once")},
    required=("name", "supported_triggers"),
)
_VERSIONS = f"{PATH}/{{actionId}}/versions"
ROUTES = Routes("versions")


@dataclass(frozen=True)
class DeployedAction:
    """The code that runs for a trigger, and its secrets; neither is in what a log shows."""

    id: str
    name: str
    version_id: str
    code: str = field(repr=False)
    runtime: str
    secrets: dict[str, str] = field(repr=False)


class Versions(Rules):
    """The versions of the tenant's Actions."""

    def __init__(self, context: Context, actions: Actions) -> None:
        super().__init__(context)
        self.actions = actions
        actions.when_deleted.append(self._forget)

    def _of(self, action_id: str) -> list[Document]:
        return self._store.all(versions_collection(action_id))

    def running(self, action: Document) -> DeployedAction | None:
        deployed = self.actions.at_present(action).running
        if deployed is None:
            return None
        return DeployedAction(
            id=action["id"],
            name=action["name"],
            version_id=deployed["id"],
            code=deployed["code"],
            runtime=deployed["runtime"],
            secrets={one["name"]: one["value"] for one in deployed["secrets"]},
        )

    @ROUTES("GET", _VERSIONS, "read:actions", paged=Page())
    def listing(self, action_id: str, page: Page) -> Document:
        """Newest first."""
        action = self.actions.stored(action_id)
        newest_first = sorted(self._of(action_id), key=lambda one: -one["number"])
        return page_of("versions", newest_first, page, self.actions.at_present(action).version)

    @ROUTES("GET", f"{_VERSIONS}/{{id}}", "read:actions", known=Evidence("published", "§4.8"))
    def get(self, action_id: str, version_id: str) -> Document:
        action = self.actions.stored(action_id)
        return self.actions.at_present(action).version(self._stored(action_id, version_id))

    def _stored(self, action_id: str, version_id: str) -> Document:
        return self._context.stored(
            versions_collection(action_id), version_id, "That version does not exist."
        )

    @ROUTES(
        "GET",
        "/actions/executions/{id}",
        "read:actions",
        known=Evidence("recorded", "its 404 (§4.9); the sandbox keeps no executions"),
    )
    def execution(self, _: str) -> Document:
        raise ApiError(404, "That execution does not exist.")

    @ROUTES(
        "GET",
        "/actions/modules",
        "read:actions",
        paged=Page(),
        known=Evidence("published", "the sandbox has none: always an empty list"),
    )
    def modules(self, page: Page) -> Document:
        return page_of("modules", [], page, dict)

    @ROUTES("POST", PATH, "create:actions", status=201, body=_CREATE)
    def create(self, body: Document) -> Document:
        """A new Action, deployed at once where the body asks for it."""
        with self._store.transaction():
            action = self.actions.create(body)
            if body.get("deploy"):
                action["deployed_at_birth"] = True
                draft = action["draft"]
                # It becomes the deployed one when the draft's build ends, unless that fails.
                build_ns = finished_at(draft["phases"], draft["updated_at"]) - draft["updated_at"]
                seconds = build_ns / NANOS_PER_SECOND + self._context.builds.deploy_seconds
                built = draft["phases"][-1]["status"] == "built"
                self._new(action, draft, seconds, status="built" if built else "failed")
        return self.actions.at_present(action).view(written=True)

    # 202 is published; every recording says 200.
    @ROUTES("POST", f"{ONE}/deploy", "create:actions")
    def deploy(self, action_id: str) -> Document:
        """A new version, even when nothing changed."""
        with self._store.transaction():
            action = self.actions.stored(action_id)
            if self.actions.at_present(action).status != "built":
                message = "A draft must be in the 'built' state before it can be deployed."
                raise ApiError(400, message)
            self._grow_up(action)
            version = self._new(action, action["draft"], self._context.builds.deploy_seconds)
        return new_version(version, action)

    @ROUTES(
        "POST",
        f"{_VERSIONS}/{{id}}/deploy",
        "create:actions",
        body=obj({"update_draft": BOOLEAN}, null=True),
        spread=True,
        known=Evidence("recorded", "quoted in §4.8"),
    )
    def deploy_version(
        self, action_id: str, version_id: str, *, update_draft: bool = False
    ) -> Document:
        """The old content becomes a new version."""
        with self._store.transaction():
            action = self.actions.stored(action_id)
            old = self._stored(action_id, version_id)
            self._grow_up(action)
            if update_draft:
                draft = action["draft"]
                for key in ("code", "dependencies", "runtime", "secrets", "modules"):
                    draft[key] = old[key]
                action["updated_at"] = self._context.stamp()
                # As in an update: a deploy at birth showed a time ahead of the clock.
                draft["updated_at"] = max(self._context.stamp(), draft["updated_at"] + 1)
                draft["phases"] = self._context.builds.next(draft["dependencies"])
            version = self._new(action, old, self._context.builds.deploy_seconds)
        return new_version(version, action)

    def _grow_up(self, action: Document) -> None:
        """Make an Action that was deployed at birth one like any other, before its next deploy.

        The time that its first deploy moved stays; a version under way no longer counts as the
        deployed one.
        """
        moved = self.actions.at_present(action).updated_at
        draft = action["draft"]
        if moved != draft["updated_at"]:
            draft["updated_at"] = moved
            draft["phases"] = draft["phases"][-1:]  # it was built by then
        action.pop("deployed_at_birth", None)

    def _new(
        self, action: Document, content: Document, seconds: float, *, status: str = "built"
    ) -> Document:
        created_at = self._context.stamp()
        built_at = self._context.stamp() + int(seconds * NANOS_PER_SECOND)
        version: Document = {
            **{key: content[key] for key in ("code", "runtime", "secrets")},
            "id": str(uuid.uuid4()),
            "number": action["last_number"] + 1,
            "dependencies": [
                {"name": one["name"], "version": one["version"]} for one in content["dependencies"]
            ],
            "modules": content.get("modules", []),
            "supported_triggers": action["supported_triggers"],
            "status": status,
            "created_at": created_at,
            "built_at": built_at,
            "updated_at": built_at + _BUILD_BOOKKEEPING_NS,
            # None: at once, whatever the machine's clock says after a restart.
            "ready_at": built_at if seconds else None,
        }
        self._store.put(versions_collection(action["id"]), version["id"], version)
        deployed = self.actions.at_present(action).deployed
        # It stays deployed while the new one is on its way.
        action["previous_version"] = deployed["id"] if deployed else None
        action["deployed_version"] = version["id"]
        action["last_number"] = version["number"]
        self.actions.save(action)
        self._trim(action)
        for consequence in self.actions.when_deployed:
            consequence(action)
        return version

    def _trim(self, action: Document) -> None:
        """Only 50 versions are kept; the oldest unused one goes silently (§4.3)."""
        versions = sorted(self._of(action["id"]), key=lambda one: one["number"])
        used = {action["deployed_version"], action["previous_version"]}
        unused = [one for one in versions if one["id"] not in used]
        for one in unused[: max(0, len(versions) - _KEPT_VERSIONS)]:
            self._store.delete(versions_collection(action["id"]), one["id"])

    def _forget(self, action: Document, _force: bool) -> None:
        for version in self._of(action["id"]):
            self._store.delete(versions_collection(action["id"]), version["id"])
