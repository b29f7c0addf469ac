"""Routes and schemas of /actions, with how well each is known."""

from __future__ import annotations

from typing import Any

from sandbox.tenant.actions.bindings import Bindings
from sandbox.tenant.actions.rules import Actions
from sandbox.tenant.actions.triggers import CATALOGUE, TRIGGER_IDS
from sandbox.tenant.actions.versions import Versions
from sandbox.tenant.context import page_of
from sandbox.tenant.errors import not_found
from sandbox.tenant.operation import PAGING, Call, Evidence, Routes
from sandbox.tenant.schemas import BOOLEAN, STRING, Schema, array, described, obj, one_of, whole
from sandbox.tenant.validation import Parameter

# -- schemas ----------------------------------------------------------------------------------

_TRIGGER_ID = one_of(*TRIGGER_IDS)
_TRIGGER_VERSION = {"id": _TRIGGER_ID, "version": STRING}
_TRIGGER = obj(
    {
        **_TRIGGER_VERSION,
        "status": STRING,
        "runtimes": array(STRING),
        "default_runtime": STRING,
        "compatible_triggers": array(obj(_TRIGGER_VERSION, required=("id", "version"), extra=True)),
        "binding_policy": one_of("trigger-bound", "entity-bound"),
    },
    required=("id",),
)
_SECRET = obj({"name": STRING, "value": STRING}, extra=True)
_MODULE = {"module_id": STRING, "module_name": STRING, "module_version_id": STRING}
_DRAFT: dict[str, Schema] = {
    "name": described(STRING, "How the action is called"),
    "supported_triggers": described(array(_TRIGGER, minItems=1), "The trigger it is made for"),
    "code": described(STRING, "Its JavaScript source"),
    "dependencies": described(
        array(obj({"name": STRING, "version": STRING, "registry_url": STRING})),
        "npm modules that the code needs",
    ),
    "runtime": described(STRING, "The Node.js runtime, such as node22"),
    "secrets": described(array(_SECRET), "Values that the code reads as event.secrets"),
    "modules": described(
        array(obj({**_MODULE, "module_version_number": whole()})),
        "Action modules and their versions",
    ),
}
_CREATE = obj(
    {**_DRAFT, "deploy": described(BOOLEAN, "Whether to deploy it at once")},
    required=("name", "supported_triggers"),
)
_BINDING = obj(
    {
        "ref": obj(
            {"type": one_of("binding_id", "action_id", "action_name"), "value": STRING}, extra=True
        ),
        "display_name": STRING,
        "secrets": array(_SECRET),
    },
    required=("ref",),
)
# Written as a choice of one, so that a malformed item is refused in the reported words.
_UPDATE_BINDINGS = obj({"bindings": array({"oneOf": [_BINDING]})})

# -- Actions and their versions ---------------------------------------------------------------

_ACTIONS = "/actions/actions"
_ACTION = f"{_ACTIONS}/{{id}}"
_VERSIONS = f"{_ACTIONS}/{{actionId}}/versions"


def _listing(actions: Actions, call: Call) -> Any:
    return actions.listing(
        call.page,
        trigger_id=call.query.get("triggerId"),
        name=call.query.get("actionName"),
        deployed=call.query.get("deployed"),
        installed=call.query.get("installed"),
    )


async def _test(actions: Actions, call: Call) -> dict[str, Any]:
    """Run the draft; code that throws is still a 200."""
    action = actions.stored(call.path["id"])
    if call.tester is None:
        # Said inside the answer's own error object: the call was right, nothing can run it.
        message = "This sandbox was started without an Action runner."
        error = {"name": "Error", "message": message, "stack": ""}
        return {"payload": {"error": error, "stats": {}}}
    draft = action["draft"]
    payload = await call.tester.test_action(
        code=draft["code"],
        runtime=draft["runtime"],
        trigger_id=action["supported_triggers"][0]["id"],
        secrets={one["name"]: one["value"] for one in draft["secrets"]},
        event=call.body["payload"],
    )
    return {"payload": payload}


def _execution(_: Versions, __: Call) -> Any:
    raise not_found("That execution does not exist.")


ACTIONS = Routes[Actions]()
ROUTES = Routes[Versions]()
ACTIONS.add(
    "GET",
    _ACTIONS,
    "read:actions",
    _listing,
    query={
        "triggerId": Parameter(values=TRIGGER_IDS),
        "actionName": Parameter(),
        "deployed": Parameter("boolean"),
        "installed": Parameter("boolean"),
        **PAGING,
    },
    known=Evidence("recorded", "quoted in §1.5 and §4.4"),
)
ROUTES.plain("POST", _ACTIONS, "create:actions", Versions.create, status=201, body=_CREATE)
ACTIONS.plain("GET", _ACTION, "read:actions", Actions.get)
ACTIONS.plain("PATCH", _ACTION, "update:actions", Actions.update, body=obj(_DRAFT))
ACTIONS.add(
    "DELETE",
    _ACTION,
    "delete:actions",
    lambda actions, call: actions.delete(call.path["id"], force=call.query.get("force", False)),
    query={"force": Parameter("boolean")},
)
# 202 is published; every recording says 200.
ROUTES.plain("POST", f"{_ACTION}/deploy", "create:actions", Versions.deploy)
ACTIONS.add(
    "POST",
    f"{_ACTION}/test",
    "create:actions",
    _test,
    body=obj({"payload": obj({}, extra=True)}, required=("payload",)),
    known=Evidence("recorded", "quoted in §4.9"),
)
ROUTES.add(
    "GET",
    _VERSIONS,
    "read:actions",
    lambda versions, call: versions.listing(call.path["actionId"], call.page),
    query=PAGING,
)
ROUTES.plain(
    "GET", f"{_VERSIONS}/{{id}}", "read:actions", Versions.get, known=Evidence("published", "§4.8")
)
ROUTES.add(
    "POST",
    f"{_VERSIONS}/{{id}}/deploy",
    "create:actions",
    lambda versions, call: versions.deploy_version(
        call.path["actionId"],
        call.path["id"],
        update_draft=(call.body or {}).get("update_draft", False),
    ),
    body=obj({"update_draft": BOOLEAN}, null=True),
    known=Evidence("recorded", "quoted in §4.8"),
)
ROUTES.add(
    "GET",
    "/actions/executions/{id}",
    "read:actions",
    _execution,
    known=Evidence("recorded", "its 404 (§4.9); the sandbox keeps no executions"),
)
ROUTES.add(
    "GET",
    "/actions/modules",
    "read:actions",
    lambda _, call: page_of("modules", [], call.page, lambda one: one),
    query=PAGING,
    known=Evidence("published", "the sandbox has none: always an empty list"),
)

# -- triggers and what is bound to them -------------------------------------------------------

_BINDINGS = "/actions/triggers/{triggerId}/bindings"

BINDINGS = Routes[Bindings](
    triggerId=Parameter(values=TRIGGER_IDS, description="An actions extensibility point")
)
BINDINGS.add(
    "GET",
    "/actions/triggers",
    "read:actions",
    lambda _, __: {"triggers": CATALOGUE},
    known=Evidence("recorded", "catalogue of 2026-08 (§4.11)"),
)
BINDINGS.add(
    "GET",
    _BINDINGS,
    "read:actions",
    lambda bindings, call: bindings.listing(call.path["triggerId"], call.page),
    query=PAGING,
)
BINDINGS.add(
    "PATCH",
    _BINDINGS,
    "update:actions",
    lambda bindings, call: bindings.replace(call.path["triggerId"], call.body.get("bindings", [])),
    body=_UPDATE_BINDINGS,
)
