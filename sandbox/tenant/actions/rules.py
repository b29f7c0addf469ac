"""Actions and their drafts: create, list, read, update, delete (§4.3-4.6, §4.10)."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sandbox.json_schemas import (
    BOOLEAN,
    STRING,
    Schema,
    array,
    complete,
    described,
    obj,
    one_of,
    whole,
)
from sandbox.tenant.actions import triggers
from sandbox.tenant.actions.views import Standing, is_deployed
from sandbox.tenant.context import Context, Page, Rules, page_of
from sandbox.tenant.errors import ApiError, invalid_body
from sandbox.tenant.operation import Call, Evidence, Routes

COLLECTION = "actions"
Document = dict[str, Any]

_MAX_ACTIONS = 100
_MAX_SECRETS = 30
_MAX_DEPENDENCIES = 10
_MAX_MODULES = 3
_MAX_CODE_BYTES = 100_000
_MAX_SECRET_NAME = 128
_MAX_SECRET_VALUE = 4096
_EMPTY: Document = {"code": "", "runtime": "", "dependencies": [], "secrets": [], "modules": []}

_TRIGGER_ID = one_of(*triggers.TRIGGER_IDS)
_TRIGGER_VERSION = {"id": _TRIGGER_ID, "version": STRING}
_TRIGGER = obj(
    {
        **_TRIGGER_VERSION,
        "status": STRING,
        "runtimes": array(STRING),
        "default_runtime": STRING,
        "compatible_triggers": array(complete(_TRIGGER_VERSION, extra=True)),
        "binding_policy": one_of("trigger-bound", "entity-bound"),
    },
    required=("id",),
)
SECRET = obj({"name": STRING, "value": STRING}, extra=True)
_MODULE = {"module_id": STRING, "module_name": STRING, "module_version_id": STRING}
DRAFT: dict[str, Schema] = {
    "name": described(STRING, "How the action is called"),
    "supported_triggers": described(array(_TRIGGER, minItems=1), "The trigger it is made for"),
    "code": described(STRING, "Its JavaScript source"),
    "dependencies": described(
        array(obj({"name": STRING, "version": STRING, "registry_url": STRING})),
        "npm modules that the code needs",
    ),
    "runtime": described(STRING, "The Node.js runtime, such as node22"),
    "secrets": described(array(SECRET), "Values that the code reads as event.secrets"),
    "modules": described(
        array(obj({**_MODULE, "module_version_number": whole()})),
        "Action modules and their versions",
    ),
}

PATH = "/actions/actions"
ONE = f"{PATH}/{{id}}"
ROUTES = Routes("actions")


def versions_collection(action_id: str) -> str:
    """Each Action's versions lie apart: reading one Action must not load the others' code."""
    return f"versions of {action_id}"


class Actions(Rules):
    """The tenant's Actions."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.when_deleted: list[Callable[[Document, bool], None]] = []
        self.when_deployed: list[Callable[[Document], None]] = []

    def stored(self, action_id: str) -> Document:
        """The stored Action; words as recorded where there is none."""
        return self._context.stored(COLLECTION, action_id, "That action does not exist.")

    def all(self) -> list[Document]:
        """The stored Actions in the order of their creation."""
        return self._store.all(COLLECTION)

    def save(self, action: Document) -> None:
        self._store.put(COLLECTION, action["id"], action)

    def at_present(self, action: Document) -> Standing:
        """The Action as it is now.

        While a deploy is under way, the earlier version stays deployed. Right after a create with
        `deploy`, the pending version itself is shown as deployed (recorded).
        """
        now, key = self._context.stamp(), action["deployed_version"]
        versions = versions_collection(action["id"])
        current = key and self._store.get(versions, key)
        if not current:  # no deploy yet, or an import has left the version out
            return Standing(action, None, None, now)
        if is_deployed(current, now) or action.get("deployed_at_birth"):
            return Standing(action, current, current, now)
        previous = action.get("previous_version")
        return Standing(action, current, self._store.get(versions, previous or ""), now)

    @ROUTES("GET", ONE, "read:actions")
    def get(self, action_id: str) -> Document:
        return self.at_present(self.stored(action_id)).view()

    @ROUTES(
        "GET",
        PATH,
        "read:actions",
        query={
            "triggerId": _TRIGGER_ID,
            "actionName": STRING,
            "deployed": BOOLEAN,
            "installed": BOOLEAN,
        },
        paged=Page(),
        known=Evidence("recorded", "quoted in §1.5 and §4.4"),
    )
    def listing(
        self,
        page: Page,
        *,
        trigger_id: str | None = None,
        action_name: str | None = None,
        deployed: bool | None = None,
        installed: bool | None = None,
    ) -> Document:
        """A part of all; filters match exactly."""
        found = [
            action
            for action in self.all()
            if (trigger_id is None or trigger_of(action) == trigger_id)
            and (action_name is None or action["name"] == action_name)
            and (deployed is None or (self.at_present(action).deployed is not None) == deployed)
            and (installed is None or bool(action.get("installed_integration_id")) == installed)
        ]
        return page_of("actions", found, page, lambda one: self.at_present(one).view())

    def create(self, body: Document) -> Document:
        """Make an Action with a draft that is being built; answers the stored Action."""
        entry = self._trigger_of(body["supported_triggers"])
        with self._store.transaction():
            others = self.all()
            self._check_cardinality(entry["id"], others)
            self._check_name(body["name"], others)
            created_at = self._context.stamp()
            action: Document = {
                "id": str(uuid.uuid4()),
                "name": body["name"],
                "supported_triggers": [triggers.reference(entry)],
                "created_at": created_at,
                "updated_at": created_at,
                "deployed_version": None,
                "last_number": 0,
            }
            action["draft"] = _EMPTY | {
                "runtime": entry["default_runtime"],
                "updated_at": self._context.stamp(),
            }
            self._write_draft(action, _EMPTY | body, entry)
            self.save(action)
        return action

    @ROUTES("PATCH", ONE, "update:actions", body=obj(DRAFT))
    def update(self, action_id: str, body: Document) -> Document:
        """What is not named keeps its value."""
        with self._store.transaction():
            action = self.stored(action_id)
            entry = self._trigger_of(action["supported_triggers"])
            if "supported_triggers" in body:
                wanted = self._trigger_of(body["supported_triggers"])
                triggers.check_upgrade(entry, wanted)
                entry = wanted
                action["supported_triggers"] = [triggers.reference(entry)]
            if "name" in body:
                self._check_name(
                    body["name"], [one for one in self.all() if one["id"] != action_id]
                )
                action["name"] = body["name"]
            shown = self.at_present(action).updated_at
            action["updated_at"] = self._context.stamp()
            action.pop("deployed_at_birth", None)
            # A deploy at birth showed a time a little ahead of the clock's.
            action["draft"]["updated_at"] = max(self._context.stamp(), shown + 1)
            self._write_draft(action, body, entry)
            self.save(action)
        return self.at_present(action).view(written=True)

    @ROUTES("DELETE", ONE, "delete:actions", query={"force": BOOLEAN})
    def delete(self, action_id: str, *, force: bool = False) -> None:
        """`force` detaches its bindings first."""
        with self._store.transaction():
            action = self.stored(action_id)
            for consequence in self.when_deleted:
                consequence(action, force)
            self._store.delete(COLLECTION, action_id)

    @ROUTES(
        "POST",
        f"{ONE}/test",
        "create:actions",
        body=complete({"payload": obj({}, extra=True)}),
        with_call=True,
        known=Evidence("recorded", "quoted in §4.9"),
    )
    async def test(self, action_id: str, body: Document, *, call: Call) -> Document:
        """Run the draft; code that throws is still a 200."""
        action = self.stored(action_id)
        if call.notifier is None:
            # Said inside the answer's own error object: the call was right, nothing can run it.
            message = "This sandbox was started without an Action runner."
            error = {"name": "Error", "message": message, "stack": ""}
            return {"payload": {"error": error, "stats": {}}}
        draft = action["draft"]
        payload = await call.notifier.test_action(
            code=draft["code"],
            trigger_id=trigger_of(action),
            secrets={one["name"]: one["value"] for one in draft["secrets"]},
            event=body["payload"],
        )
        return {"payload": payload}

    @staticmethod
    def _trigger_of(supported: Sequence[Document]) -> Document:
        if len(supported) != 1:
            raise invalid_body("An action supports exactly one trigger")
        return triggers.find(supported[0]["id"], supported[0].get("version"))

    def _check_cardinality(self, trigger_id: str, others: Sequence[Document]) -> None:
        same = [one for one in others if trigger_of(one) == trigger_id]
        if trigger_id in triggers.SINGLE_ACTION_TRIGGERS and same:
            raise ApiError(
                403,
                f"Only one action is allowed for the {trigger_id} trigger.",
                f"actions_cardinality_{trigger_id.replace('-', '_')}_not_allowed",
            )
        self._context.check_limit(len(others) + 1, _MAX_ACTIONS, "actions per tenant")

    def _check_name(self, name: str, others: Sequence[Document]) -> None:
        if not name.strip():
            raise invalid_body("The name of an action cannot be empty")
        taken = any(one["name"] == name for one in others)
        if taken and self._context.assumptions.unique_action_names:
            raise ApiError(409, "An action with this name already exists.")

    def _write_draft(self, action: Document, wanted: Document, entry: Document) -> None:
        """Change the wanted parts of the draft; its build begins."""
        draft = action["draft"]
        checks: dict[str, Callable[[Any], Any]] = {
            "code": self._code,
            "dependencies": self._dependencies,
            # An empty one asks for no other.
            "runtime": lambda name: triggers.checked(entry, name) if name else draft["runtime"],
            "secrets": lambda new: self._secrets(new, draft["secrets"], draft["updated_at"]),
            "modules": self._modules,
        }
        draft |= {key: check(wanted[key]) for key, check in checks.items() if key in wanted}
        draft["phases"] = self._context.builds.next(draft["dependencies"])

    def _code(self, code: str) -> str:
        size = len(code.encode())
        self._context.check_limit(size, _MAX_CODE_BYTES, "of code per action", said="100 kB")
        return code

    def _dependencies(self, wanted: Sequence[Document]) -> list[Document]:
        self._context.check_limit(len(wanted), _MAX_DEPENDENCIES, "dependencies per action")
        for one in wanted:
            if not one.get("name"):
                raise invalid_body("A dependency needs a name")
        # Without a version npm's newest is meant.
        return [{"version": "latest", **one} for one in wanted]

    def _modules(self, wanted: Sequence[Document]) -> list[Document]:
        self._context.check_limit(len(wanted), _MAX_MODULES, "modules per action")
        return [dict(one) for one in wanted]

    def _secrets(
        self, wanted: Sequence[Document], existing: Sequence[Document], now_ns: int
    ) -> list[Document]:
        """The new list of secrets; known names keep their place, new ones follow (recorded)."""
        self._context.check_limit(len(wanted), _MAX_SECRETS, "secrets per action")
        old = {one["name"]: one for one in existing}
        new: dict[str, Document] = {}
        for one in wanted:
            name = one.get("name")
            if not isinstance(name, str) or not 1 <= len(name) <= _MAX_SECRET_NAME:
                raise invalid_body(f"A secret needs a name of 1 to {_MAX_SECRET_NAME} characters")
            if name in new:
                raise ApiError(400, f"duplicate secret name: {name}")
            value = one.get("value")
            if value is None and name in old:
                if not self._context.assumptions.secret_without_value_keeps_value:
                    raise invalid_body(f"Secret {name} needs a value")
                value = old[name]["value"]
            elif value is None and not self._context.assumptions.new_secret_needs_value:
                value = ""
            if not isinstance(value, str) or len(value) > _MAX_SECRET_VALUE:
                raise invalid_body(
                    f"Secret {name} needs a value of at most {_MAX_SECRET_VALUE} characters"
                )
            new[name] = {"name": name, "value": value, "updated_at": now_ns}
        kept = [name for name in old if name in new]
        return [new[name] for name in [*kept, *(name for name in new if name not in old)]]


def trigger_of(action: Document) -> str:
    """The id of the one trigger that an Action is made for."""
    return str(action["supported_triggers"][0]["id"])
