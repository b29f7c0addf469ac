"""What is bound to a phone trigger: the Actions that a tenant runs there, in its order."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final, Self

from components.settings.model import StackSettings
from components.tenant.model import Client, Part, Resource, at, items, known, nonempty, plain
from components.vocabulary import TRIGGERS, Experience, action_name

TOKEN: Final = "auth0:index/triggerAction:TriggerAction"  # noqa: S105 - a type
TOKEN_OF_ALL: Final = "auth0:index/triggerActions:TriggerActions"  # noqa: S105 - a type
PATH: Final = "/actions/triggers/{id}/bindings"
SCOPE: Final = "read:actions"


@dataclass(frozen=True, kw_only=True)
class Binding(Resource):
    """One Action in a trigger's flow; what follows `display_name` is a tenant's or a state's."""

    TOKEN: ClassVar = TOKEN

    trigger: str
    action_name: str
    display_name: Annotated[str, Part("display_name", "displayName")]

    action_id: str = field(default="", compare=False)
    created_at: str | None = field(default=None, compare=False)
    updated_at: str | None = field(default=None, compare=False)

    @property
    def pulumi_id(self) -> str:
        """The auth0 provider's id of it, as `pulumi import` takes it."""
        return f"{self.trigger}::{self.action_id}"

    @classmethod
    def of_api(cls, answer: Mapping[str, Any], trigger: str) -> Self:
        action = answer.get("action") or {}
        return cls(
            trigger=trigger,
            action_name=str(action.get("name") or ""),
            display_name=str(answer.get("display_name") or ""),
            action_id=str(action.get("id") or ""),
            created_at=nonempty(answer.get("created_at")),
            updated_at=nonempty(answer.get("updated_at")),
        )

    @classmethod
    def recorded(cls, properties: Mapping[str, Any]) -> Iterator[Self]:
        """The bindings of one side of a preview or a state: one, or all of a trigger's."""
        trigger = str(known(trigger_of(properties), "") or "")
        is_all = "actions" in properties
        for one in items(properties["actions"]) if is_all else (properties,):
            yield cls(
                trigger=trigger,
                action_name="",
                display_name=str(one.get("displayName") or ""),
                action_id=str(one.get("id" if is_all else "actionId") or ""),
            )


def trigger_of(properties: Mapping[str, Any]) -> Any:
    """The trigger of a binding in a program or a state; `Unseen` where that is hidden."""
    return at(properties, "trigger")


def declared(settings: StackSettings) -> tuple[Binding, ...]:
    """What a stack binds: always on a legacy tenant, which runs bound Actions alone."""
    if settings.adopted:
        found = settings.adopted.action
        if not found or found.binding is None:
            return ()
        trigger = TRIGGERS[settings.experience]
        return (Binding(trigger=trigger, action_name=found.name, display_name=found.binding),)
    names = {one: action_name(settings.action_name, one) for one in settings.experiences}
    return tuple(
        Binding(trigger=TRIGGERS[one], action_name=name, display_name=name)
        for one, name in names.items()
        if one is Experience.LEGACY or settings.bind_action
    )


async def read(client: Client, triggers: Iterable[str]) -> tuple[Binding, ...]:
    """What is bound to these triggers, each in the order in which it runs."""
    return tuple(
        [
            Binding.of_api(plain(one), trigger)
            for trigger in triggers
            async for one in await client.actions.triggers.bindings.list(trigger)
        ]
    )
