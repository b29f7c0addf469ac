"""The Action that sends: what a stack declares of it, and what a tenant, or a state, has.

Which version runs, when things were written and by which id the tenant knows the Action take no
part in a comparison: a tenant does not tell which of its versions is ours.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Self

import pulumi
from pydantic.alias_generators import to_camel

from components.action_code import RUNTIME, assemble
from components.settings.model import StackSettings
from components.tenant.model import (
    LEFT_ALONE,
    Client,
    Maybe,
    Part,
    Resource,
    Unseen,
    at,
    flag,
    items,
    known,
    nonempty,
    plain,
)
from components.vocabulary import TRIGGERS, Experience, MessageType, action_name

TOKEN: Final = "auth0:index/action:Action"  # noqa: S105 - a type
PATH: Final = "/actions/actions"
SCOPE: Final = "read:actions"

KEY_SECRET: Final = "CPAAS_API_KEY"  # noqa: S105 - its name
"""The Action's one secret that is a secret."""

TRIGGER_VERSIONS: Final = {Experience.UNIFIED: "v1", Experience.LEGACY: "v2"}


def _runtime(value: Any) -> str:
    # The API's name of Node.js 18 differs from everybody else's (management-api.md §4.11).
    return str(value).removesuffix("-actions")


def _packages(value: Any) -> tuple[str, ...]:
    return tuple(f"{one.get('name')}@{one.get('version')}" for one in items(value))


def times(value: Any) -> dict[str, str]:
    """When each secret of a draft or a version was written, by name, as far as it is told."""
    return {
        str(one["name"]): str(one.get("updated_at") or "")
        for one in items(value)
        if one.get("name")
    }


def _names(value: Any) -> tuple[str, ...]:
    return tuple(times(value))


def moment(text: str) -> datetime | None:
    """A time of the tenant's; None where the text is none."""
    with suppress(ValueError):
        told = datetime.fromisoformat(text)
        return told if told.tzinfo else told.replace(tzinfo=UTC)
    return None


Code = Annotated[Maybe[str], Part("code", "code")]
Runtime = Annotated[Maybe[str], Part("runtime", "runtime", of=_runtime, absent="")]
Packages = Annotated[
    Maybe[tuple[str, ...]],
    Part("dependencies", "dependencies", of=_packages, absent=(), ordered=False),
]
"""npm packages, each as name@version."""


@dataclass(frozen=True, kw_only=True)
class Version(Resource):
    """One version that the tenant keeps (it keeps fifty), with the secrets of when it was made.

    `secrets` says when each was written; a value is told nobody.
    """

    id: str
    number: int
    created_at: str
    code: Code = field(repr=False)
    runtime: Runtime
    dependencies: Packages
    secrets: Mapping[str, str]
    status: str
    """Of its build."""
    api_runtime: str
    """As the API calls it, to write it back."""

    @classmethod
    def of_api(cls, answer: Mapping[str, Any]) -> Self:
        return cls(
            id=str(answer.get("id") or ""),
            number=int(answer.get("number") or 0),
            created_at=str(answer.get("created_at") or ""),
            secrets=times(answer.get("secrets")),
            status=str(answer.get("status") or ""),
            api_runtime=str(answer.get("runtime") or ""),
            **cls.parts_of_api(answer),
        )


@dataclass(frozen=True, kw_only=True)
class Action(Resource):
    """An Action on one of the phone triggers; in a tenant, its draft.

    `configuration` has the secrets that are no secret, by name: only a stack tells it. An adopted
    Action is declared without secrets, and neither deployed nor judged for what runs. What follows
    `configuration` is a tenant's own, and not compared.
    """

    TOKEN: ClassVar = TOKEN
    HIDDEN: ClassVar = "secrets"
    """What Pulumi hides as a whole."""

    trigger: str
    trigger_version: str
    name: Annotated[Maybe[str], Part("name", "name", "actionName")]
    code: Code = field(repr=False)
    runtime: Runtime
    dependencies: Packages
    secret_names: Annotated[
        Maybe[tuple[str, ...]],
        Part("secrets", setting="retiredSecrets", of=_names, absent=(), ordered=False),
    ]
    """Of all its secrets, the key among them."""
    deployed: Annotated[Maybe[bool], Part("deployed_version", "deploy", of=bool, absent=False)]
    configuration: Annotated[Maybe[Mapping[str, str]], Part()] = field(repr=False)

    id: str = field(default="", compare=False)
    created_at: str | None = field(default=None, compare=False)
    updated_at: str | None = field(default=None, compare=False)
    status: str = field(default="", compare=False)
    """Of the draft's build; "built" when it can be deployed."""
    secrets: Mapping[str, str] = field(default_factory=dict, compare=False)
    """When each secret of the draft was written."""
    all_changes_deployed: bool | None = field(default=None, compare=False)
    running: Version | None = field(default=None, compare=False)
    from_marketplace: bool = field(default=False, compare=False)
    version_id: str = field(default="", compare=False)
    """Of the version that a stack deployed last, by its state."""
    has_secrets: bool = field(default=False, compare=False)
    """Whether there is any: of a state or a preview, all that it tells."""

    @classmethod
    def of_api(cls, answer: Mapping[str, Any], trigger: str) -> Self:
        """An Action as the API tells it, whole or as an item of a list."""
        running = answer.get("deployed_version")
        supported = items(answer.get("supported_triggers"))
        return cls(
            trigger=trigger,
            trigger_version=next(
                (str(one.get("version") or "") for one in supported if one.get("id") == trigger), ""
            ),
            **cls.parts_of_api(answer),
            id=str(answer.get("id") or ""),
            created_at=nonempty(answer.get("created_at")),
            updated_at=nonempty(answer.get("updated_at")),
            status=str(answer.get("status") or ""),
            secrets=times(answer.get("secrets")),
            all_changes_deployed=answer.get("all_changes_deployed"),
            running=Version.of_api(running) if running else None,
            from_marketplace=bool(answer.get("installed_integration_id")),
            has_secrets=bool(answer.get("secrets")),
        )

    @classmethod
    def recorded(cls, properties: Mapping[str, Any], *, identifier: str = "") -> Self:
        """An Action as one side of a preview, or a state, has it: its secrets are hidden."""
        found = cls.parts_of_pulumi(properties)
        found["deployed"] = flag(properties.get("deploy"))
        return cls(
            trigger=str(known(trigger_of(properties), "")),
            trigger_version=str(known(_supported(properties, "version"), "")),
            **found,
            id=identifier or str(properties.get("id") or ""),
            version_id=str(known(at(properties, "versionId"), "") or ""),
            has_secrets=bool(properties.get("secrets")),
        )


def trigger_of(properties: Mapping[str, Any]) -> Any:
    """The trigger that a program, or a state, has an Action on; `Unseen` where that is hidden."""
    return _supported(properties, "id")


def _supported(properties: Mapping[str, Any], name: str) -> Any:
    supported = at(properties, "supportedTriggers")
    first = supported if isinstance(supported, Mapping) else next(iter(items(supported)), {})
    return supported if isinstance(supported, Unseen) else at(first, name) or ""


def name_of(settings: StackSettings, experience: Experience) -> str | None:
    """What the stack's Action is called; None when it adopts a tenant that has none."""
    if settings.adopted:
        return settings.adopted.action.name if settings.adopted.action else None
    return action_name(settings.action_name, experience)


_CONFIGURATION: Final[Mapping[str, Callable[[StackSettings], str | None]]] = {
    "CPAAS_BASE_URL": lambda one: one.cpaas_base_host,
    "SMS_SENDER": lambda one: one.sms_sender,
    "VOICE_SENDER": lambda one: one.voice_sender,
    "VOICE_GENDER": lambda one: one.voice_gender.value,
    "ALLOWED_PREFIXES": lambda one: ",".join(one.allowed_prefixes),
    "MESSAGE_TYPES": lambda one: ",".join(
        kind for kind in MessageType if kind in one.message_types
    ),
    "DEDUPLICATE": lambda one: "on" if one.deduplicate else "off",
    "ORIGIN_BOUND_CODE": lambda one: one.origin_bound_code,
    "RECIPIENT_LIMIT": lambda one: str(one.recipient_limit),
    "VOICE_LIMIT": lambda one: str(one.calls_per_number),
    "TENANT_LIMIT": lambda one: str(one.tenant_limit),
    "LANGUAGE": lambda one: one.language.value,
    "RING_TIMEOUT": lambda one: str(one.ring_timeout),
    "MACHINE_DETECTION": lambda one: "on" if one.machine_detection else "off",
}


_BEHIND: Final = {
    "CPAAS_BASE_URL": frozenset({"cpaasBaseHost"}),
    "VOICE_LIMIT": frozenset({"voiceLimit", "recipientLimit"}),
}


def settings_behind(name: str) -> frozenset[str]:
    """The keys of the settings that a part of the configuration is made of: mostly of its name."""
    return _BEHIND.get(name) or frozenset({to_camel(name.lower())})


IN_SECRETS: Final = frozenset({"adopted", "retiredSecrets", "transition"}).union(
    *map(settings_behind, _CONFIGURATION)
)
"""The keys of the settings that may change which secrets there are, or what is in them."""


def configuration(settings: StackSettings) -> dict[str, str]:
    """The secrets of our Action that are no secret, by name: its configuration, what retires."""
    values = {name: value(settings) for name, value in _CONFIGURATION.items()}
    own = {name: value for name, value in values.items() if value is not None}
    # The provider refuses an update that would drop secrets of which it knows nothing. Declared
    # once, with a value that is no secret any more, they can go with the next update.
    gone = [one for one in settings.retired_secrets if one not in {KEY_SECRET, *own}]
    return own | dict.fromkeys(gone, "retired")


def declared(settings: StackSettings, checkout: Path = Path()) -> tuple[Action, ...]:
    """A stack's Actions: one a generation, or the one that was found; as `snapshot.declared`."""
    if not settings.adopted:
        return tuple(_ours(settings, one) for one in settings.experiences)
    found = settings.adopted.action
    if not found:
        return ()
    return (
        Action(
            trigger=TRIGGERS[settings.experience],
            trigger_version=found.trigger_version,
            name=found.name,
            code=adopted_code(found.code, checkout),
            runtime=found.runtime,
            dependencies=found.dependencies,
            secret_names=LEFT_ALONE,
            deployed=LEFT_ALONE,
            configuration=LEFT_ALONE,
        ),
    )


def _ours(settings: StackSettings, experience: Experience) -> Action:
    plain_secrets = configuration(settings)
    return Action(
        trigger=TRIGGERS[experience],
        trigger_version=TRIGGER_VERSIONS[experience],
        name=action_name(settings.action_name, experience),
        code=assemble(TRIGGERS[experience]),
        runtime=RUNTIME,
        dependencies=(),
        secret_names=(KEY_SECRET, *plain_secrets),
        deployed=True,
        configuration=plain_secrets,
    )


def adopted_code(path: str, checkout: Path) -> str:
    """The code of an adopted Action, character by character; a `RunError` where it is not."""
    try:
        return (checkout / path).read_bytes().decode("utf-8")
    except FileNotFoundError:
        why = "not there"
    except OSError as error:
        why = f"not readable ({error.strerror})"
    except UnicodeDecodeError:
        why = "not UTF-8, as an Action's code is"
    raise pulumi.RunError(
        f"phonemfa:adopted.action.code names {path}, which is {why}. Fix: bring the file back, or "
        "run python -m phonemfa adopt again."
    )


async def read(client: Client, triggers: Iterable[str]) -> tuple[Action, ...]:
    """The Actions on these triggers, in the tenant's order.

    An item of a list is complete, but for a draft that is being built (`read_one`).
    """
    return tuple(
        [
            Action.of_api(plain(one), trigger)
            for trigger in triggers
            async for one in await client.actions.list(trigger_id=trigger)
        ]
    )


async def count(client: Client) -> int:
    """How many Actions a tenant has, on any trigger."""
    listed = await client.actions.list(per_page=1)
    # The total is left out where it is zero.
    return int(getattr(listed.response, "total", None) or 0)


async def read_one(client: Client, action_id: str, trigger: str) -> Action:
    """One Action, whole."""
    return Action.of_api(plain(await client.actions.get(action_id)), trigger)


async def read_versions(client: Client, action_id: str) -> tuple[Version, ...]:
    """The versions of an Action, newest first."""
    listed = [
        Version.of_api(plain(one)) async for one in await client.actions.versions.list(action_id)
    ]
    return tuple(sorted(listed, key=lambda one: -one.number))


def find(actions: Iterable[Action], name: str, trigger: str = "") -> Action | None:
    """The Action of this name, of this trigger where one is given."""
    return next(
        (one for one in actions if one.name == name and (not trigger or one.trigger == trigger)),
        None,
    )
