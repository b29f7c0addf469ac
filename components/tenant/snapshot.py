"""A whole tenant, as a stack declares it or as the tenant is, and whether it can send a code.

`declared(settings, checkout)` and `read(client)` answer the same shape. A command compares the
two resource by resource with `differences` and says in its own words what a difference means.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Self, TypeVar

from components.settings.model import StackSettings
from components.tenant import (
    action,
    guardian,
    phone_provider,
    phone_template,
    tenant_settings,
    trigger,
)
from components.tenant.action import Action
from components.tenant.guardian import Guardian
from components.tenant.model import (
    LEFT_ALONE,
    UNSEEN,
    Client,
    Maybe,
    Refusal,
    Unseen,
    UnseenError,
    Why,
    known,
    left_alone,
    seen,
)
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.tenant.tenant_settings import TenantSettings
from components.tenant.trigger import Binding
from components.vocabulary import TRIGGERS, Experience, guardian_message_types

T = TypeVar("T")


class About(Enum):
    """What can be asked of a tenant."""

    SETTINGS = auto()
    ACTIONS = auto()
    BINDINGS = auto()
    PROVIDER = auto()
    TEMPLATES = auto()
    LOGIN = auto()
    """Factors, policy and the phone's message types."""
    LEGACY = auto()
    """A legacy tenant's sender and texts; a unified tenant is not asked."""
    BY_PLAN = auto()
    """What only some plans have."""


EVERYTHING: Final = frozenset(About)
SENDING: Final = EVERYTHING - {About.TEMPLATES, About.BY_PLAN}
"""What `lacking` looks at."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A tenant's phone MFA.

    What was not asked, or was refused, is `Unseen`; `provider` is None where there is none.
    `second_providers` are further ones that the API lists.
    """

    settings: Maybe[TenantSettings] = UNSEEN
    actions: Maybe[tuple[Action, ...]] = UNSEEN
    bindings: Maybe[tuple[Binding, ...]] = UNSEEN
    provider: Maybe[PhoneProvider | None] = UNSEEN
    templates: Maybe[Mapping[str, PhoneTemplate]] = UNSEEN
    guardian: Guardian
    second_providers: tuple[PhoneProvider, ...] = ()

    @property
    def experience(self) -> Experience:
        """The generation; raises `UnseenError` where the tenant's settings were not seen."""
        return seen(self.settings).experience

    @property
    def in_transition(self) -> bool:
        """Whether a stack declares a sender of both generations, as while it moves its tenant."""
        return len({one.trigger for one in seen(self.actions)}) > 1

    def actions_on(self, trigger: str) -> tuple[Action, ...]:
        """The Actions on a trigger; raises `UnseenError` where they were not seen."""
        return tuple(one for one in seen(self.actions) if one.trigger == trigger)

    def bindings_of(self, trigger: str) -> tuple[Binding, ...]:
        """What is bound to a trigger; raises `UnseenError` where it was not seen."""
        return tuple(one for one in seen(self.bindings) if one.trigger == trigger)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Every question that the tenant refused, once."""
        values = [getattr(self, name) for name in self.__dataclass_fields__]
        values += [getattr(self.guardian, part.field) for part in Guardian.PARTS]
        found = [one.refusal for one in values if isinstance(one, Unseen) and one.refusal]
        return tuple(dict.fromkeys(found))


def declared(settings: StackSettings, checkout: Path = Path()) -> Snapshot:
    """A stack's tenant; a `RunError` where the code of an adopted Action is not in the checkout."""
    return Snapshot(
        settings=tenant_settings.declared(settings),
        actions=action.declared(settings, checkout),
        bindings=trigger.declared(settings),
        provider=phone_provider.declared(settings),
        templates=phone_template.declared(settings),
        guardian=guardian.declared(settings),
    )


MODELS: Final[Mapping[str, Any]] = {
    one.TOKEN: one for one in (Action, PhoneProvider, PhoneTemplate, Guardian, TenantSettings)
}
"""What a resource of Pulumi's is read by, by its type; a binding is one or several."""


def recorded(resources: Iterable[tuple[str, Mapping[str, Any], Collection[str]]]) -> Snapshot:
    """What is on one side of a preview, or in a state: what no resource declares is left alone.

    A resource is its type, its properties, and which of them the program ignores; others than phone
    MFA's are passed over.
    """
    there = tuple(resources)

    def all_of(model: Any) -> list[Any]:
        found = [one for one in there if one[0] == model.TOKEN]
        return [left_alone(model.recorded(one), ignored) for _, one, ignored in found]

    provider, *others = all_of(PhoneProvider) or [None]
    nothing = Guardian(phone_enabled=LEFT_ALONE, message_types=LEFT_ALONE, policy=LEFT_ALONE)
    return Snapshot(
        settings=next(iter(all_of(TenantSettings)), LEFT_ALONE),
        actions=tuple(one for one in all_of(Action) if one.trigger in TRIGGERS.values()),
        bindings=tuple(
            binding
            for token, one, _ in there
            if token in {trigger.TOKEN, trigger.TOKEN_OF_ALL}
            for binding in Binding.recorded(one)
        ),
        provider=provider,
        templates={
            str(known(phone_template.kind_of(one), "")): PhoneTemplate.recorded(one)
            for token, one, _ in there
            if token == PhoneTemplate.TOKEN
        },
        guardian=next(iter(all_of(Guardian)), nothing),
        second_providers=tuple(others),
    )


async def read(
    client: Client,
    about: Collection[About] = EVERYTHING,
    *,
    experiences: Collection[Experience] = tuple(Experience),
    refusals: bool = False,
) -> Snapshot:
    """A tenant, with as few requests as what is asked for needs.

    With `refusals`, a question that the tenant refuses becomes `Unseen` instead of ending the
    reading with the client's exception. What every question would be answered (the token is not
    taken, the rate limit is used up) ends it in any case.
    """
    ask = asked if refusals else _told
    triggers = [TRIGGERS[one] for one in experiences]

    async def of(wanted: About, resource: ModuleType, *which: Any) -> Any:
        if wanted not in about:
            return UNSEEN
        return await ask(resource.PATH, resource.SCOPE, lambda: resource.read(client, *which))

    settings = await of(About.SETTINGS, tenant_settings)
    actions = await of(About.ACTIONS, action, triggers)
    bindings = await of(About.BINDINGS, trigger, triggers)
    providers: Any = UNSEEN
    templates: Any = UNSEEN
    if Experience.UNIFIED in experiences:
        providers = await of(About.PROVIDER, phone_provider)
        templates = await of(About.TEMPLATES, phone_template)
    paths = [*guardian.LOGIN] if About.LOGIN in about else []
    is_unified = isinstance(settings, TenantSettings) and settings.unified is True
    if About.LEGACY in about and Experience.LEGACY in experiences and not is_unified:
        paths += guardian.LEGACY
    if About.BY_PLAN in about:
        paths += guardian.BY_PLAN
    several = providers if isinstance(providers, tuple) else ()
    return Snapshot(
        settings=settings,
        actions=actions,
        bindings=bindings,
        provider=providers if isinstance(providers, Unseen) else next(iter(several), None),
        templates=templates,
        guardian=Guardian.of_api(await guardian.answers(client, paths, ask)),
        second_providers=several[1:],
    )


async def _told(path: str, scope: str, question: Callable[[], Awaitable[Any]]) -> Any:
    from components.tenant import errors  # noqa: PLC0415 - see there

    try:
        return await question()
    except errors.UNANSWERED as error:
        refusal = errors.refusal_of(error, f"GET {path}", scope)
        # Not every plan is entitled to them, and everything else can be told without.
        if path in guardian.BY_PLAN:
            return Unseen(refusal=refusal)
        # Plans without hooks forbid it, and so may a tenant without the flag of its generation
        # (management-api.md §6.6). A missing scope is a 403 too, and another matter.
        of_tenant = refusal.status == HTTPStatus.FORBIDDEN and refusal.why is not Why.SCOPE
        if path in guardian.LEGACY and of_tenant:
            return Unseen(refusal=refusal)
        raise


async def asked(path: str, scope: str, question: Callable[[], Awaitable[T]]) -> T | Unseen:
    """The answer to one question, or that the tenant refused it: an `Ask`."""
    from components.tenant import errors  # noqa: PLC0415 - see there

    try:
        return await question()
    except errors.UNANSWERED as error:
        if errors.ends_questions(error):
            raise
        return Unseen(refusal=errors.refusal_of(error, f"GET {path}", scope))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a tenant is to send by; what is empty, or None, is whatever the tenant has."""

    experience: Experience | None = None
    action_name: str = ""
    message_types: Collection[str] = ()
    selected_provider: str = ""
    """Who sends on a legacy tenant."""
    factor: bool = True
    """Whether it must be on already."""

    @classmethod
    def by(cls, settings: StackSettings) -> Self:
        """What a stack wants of its tenant, once it is applied."""
        return cls(
            action_name=action.name_of(settings, settings.experience) or "",
            message_types=guardian_message_types(settings.delivery_methods),
            selected_provider=known(guardian.declared(settings).selected_provider, ""),
        )


def lacking(tenant: Snapshot, wanted: Wanted) -> list[str]:
    """What a tenant lacks to send a code by phone, in words and in the order of a message.

    Each need is judged by itself, so that one that cannot be seen hides no other.
    """
    found = []
    for need in (_provider, _action, _sender, _factor, _channels):
        with suppress(UnseenError):
            found.append(need(tenant, wanted, wanted.experience or tenant.experience))
    return [one for one in found if one]


def _provider(tenant: Snapshot, _: Wanted, experience: Experience) -> str:
    if experience is Experience.LEGACY:
        return ""
    provider = seen(tenant.provider)
    if provider is None:
        return "there is no phone provider"
    return "the phone provider is switched off" if seen(provider.disabled) else ""


def _action(tenant: Snapshot, wanted: Wanted, experience: Experience) -> str:
    trigger = TRIGGERS[experience]
    if experience is Experience.LEGACY:
        selected = wanted.selected_provider or seen(tenant.guardian.selected_provider)
        sent_by_action = selected == guardian.HOOK
        there = [one.action_name for one in tenant.bindings_of(trigger)]
        none = f"no Action is bound to {trigger}"
    else:
        provider = seen(tenant.provider)
        sent_by_action = provider is None or provider.name == phone_provider.CUSTOM
        there = [str(one.name) for one in tenant.actions_on(trigger) if seen(one.deployed)]
        none = f"no Action is deployed on {trigger}"
    if not sent_by_action:  # Twilio, and Auth0's own sender, need none.
        return ""
    if not there or not wanted.action_name or wanted.action_name in there:
        return "" if there else none
    others = " and ".join(map(repr, there))
    return f"{others} stands on {trigger} instead of {wanted.action_name!r}"


def _sender(tenant: Snapshot, wanted: Wanted, experience: Experience) -> str:
    if experience is Experience.UNIFIED or not (wanted.selected_provider and wanted.factor):
        return ""
    there = seen(tenant.guardian.selected_provider)
    is_wanted = there == wanted.selected_provider
    return "" if is_wanted else f"codes are sent by {there}, not by the Action"


def _factor(tenant: Snapshot, wanted: Wanted, _: Experience) -> str:
    is_off = wanted.factor and not seen(tenant.guardian.phone_enabled)
    return "the phone factor is switched off" if is_off else ""


def _channels(tenant: Snapshot, wanted: Wanted, _: Experience) -> str:
    if not (wanted.factor and wanted.message_types):
        return ""
    uncovered = set(wanted.message_types) - set(seen(tenant.guardian.message_types))
    return f"the factor does not offer {' and '.join(sorted(uncovered))}" if uncovered else ""
