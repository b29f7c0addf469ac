"""Bodies of the actions family. Owns shapes only; limits without a schema are the tenant's."""

from __future__ import annotations

from sandbox.tenant.actions.triggers import TRIGGER_IDS
from sandbox.tenant.schemas import BOOLEAN, STRING, Schema, array, described, obj, one_of, whole

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
        array(
            obj(
                {
                    "module_id": STRING,
                    "module_name": STRING,
                    "module_version_id": STRING,
                    "module_version_number": whole(),
                }
            )
        ),
        "Action modules and their versions",
    ),
}

CREATE_ACTION = obj(
    {**_DRAFT, "deploy": described(BOOLEAN, "Whether to deploy it at once")},
    required=("name", "supported_triggers"),
)
UPDATE_ACTION = obj(_DRAFT)
DEPLOY_VERSION = obj({"update_draft": BOOLEAN}, null=True)
TEST_ACTION = obj({"payload": obj({}, extra=True)}, required=("payload",))

_BINDING = obj(
    {
        "ref": obj(
            {"type": one_of("binding_id", "action_id", "action_name"), "value": STRING},
            extra=True,
        ),
        "display_name": STRING,
        "secrets": array(_SECRET),
    },
    required=("ref",),
)
# Written as a choice of one, so that a malformed item is refused in the reported words.
UPDATE_BINDINGS = obj({"bindings": array({"oneOf": [_BINDING]})})
