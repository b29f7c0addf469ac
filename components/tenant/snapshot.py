"""A whole tenant, as a stack declares it or as the tenant is, and whether it can send a code.

`declared(settings, checkout)` and `read(client)` answer the same shape. A command compares the
two resource by resource with `differences` and says in its own words what a difference means.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

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
from components.tenant.errors import ends_questions, refusal_of, unanswered
from components.tenant.guardian import Guardian
from components.tenant.model import (
    LEFT_ALONE,
    UNSEEN,
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

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient

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
    MFA_SETTINGS = auto()


EVERYTHING: Final = frozenset(About)
SENDING: Final = EVERYTHING - {About.TEMPLATES, About.MFA_SETTINGS}
"""What `deliverable` looks at."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A tenant's phone MFA.

    What was not asked, or was refused, is `Unseen`; `provider` is None where there is none.
    `second_providers` are further ones that the API lists.
    """

    settings: Maybe[TenantSettings]
    actions: Maybe[tuple[Action, ...]]
    bindings: Maybe[tuple[Binding, ...]]
    provider: Maybe[PhoneProvider | None]
    templates: Maybe[Mapping[str, PhoneTemplate]]
    guardian: Guardian
    second_providers: tuple[PhoneProvider, ...] = ()

    @property
    def experience(self) -> Experience:
        """The generation.

        Raises:
            UnseenError: the tenant's settings were not seen.
        """
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
    """A stack's tenant.

    Args:
        settings: of the stack.
        checkout: the folder with Pulumi.yaml, where an adopted Action's code is.

    Raises:
        pulumi.RunError: the code of an adopted Action is not where the stack says.
    """
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

Properties = Mapping[str, Any]


def recorded(resources: Iterable[tuple[str, Properties, Collection[str]]]) -> Snapshot:
    """What is on one side of a preview, or in a state: what no resource declares is left alone.

    Args:
        resources: of each its type, its properties, and which of them the program ignores; others
            than phone MFA's are passed over.
    """
    of_type: dict[str, list[tuple[Properties, Collection[str]]]] = {}
    for token, properties, ignored in resources:
        of_type.setdefault(token, []).append((properties, ignored))

    def all_of(model: Any) -> list[Any]:
        found = of_type.get(model.TOKEN, ())
        return [left_alone(model.recorded(one), ignored) for one, ignored in found]

    provider, *others = all_of(PhoneProvider) or [None]
    nothing = Guardian(phone_enabled=LEFT_ALONE, message_types=LEFT_ALONE, policy=LEFT_ALONE)
    return Snapshot(
        settings=next(iter(all_of(TenantSettings)), LEFT_ALONE),
        actions=tuple(one for one in all_of(Action) if one.trigger in TRIGGERS.values()),
        bindings=tuple(
            binding
            for token in (trigger.TOKEN, trigger.TOKEN_OF_ALL)
            for one, _ in of_type.get(token, ())
            for binding in Binding.recorded(one)
        ),
        provider=provider,
        templates={
            str(known(phone_template.kind_of(one), "")): PhoneTemplate.recorded(one)
            for one, _ in of_type.get(PhoneTemplate.TOKEN, ())
        },
        guardian=next(iter(all_of(Guardian)), nothing),
        second_providers=tuple(others),
    )


async def read(
    client: AsyncManagementClient,
    about: Collection[About] = EVERYTHING,
    *,
    experiences: Collection[Experience] = tuple(Experience),
    refusals: bool = False,
) -> Snapshot:
    """A tenant, with as few requests as what is asked for needs.

    Args:
        client: of the tenant.
        about: what to ask for.
        experiences: whose Actions and bindings, and whose other parts.
        refusals: whether a question that the tenant refuses becomes `Unseen`, with the refusal,
            instead of ending the reading with the client's exception. A token that the tenant
            does not take ends it in any case.
    """
    ask = asked if refusals else _told
    triggers = [TRIGGERS[one] for one in experiences]
    unified = Experience.UNIFIED in experiences

    async def of(
        wanted: About, path: str, scope: str, question: Callable[[], Awaitable[Any]]
    ) -> Any:
        return await ask(path, scope, question) if wanted in about else UNSEEN

    settings = await of(
        About.SETTINGS,
        tenant_settings.PATH,
        tenant_settings.SCOPE,
        lambda: tenant_settings.read(client),
    )
    actions = await of(
        About.ACTIONS, action.PATH, action.SCOPE, lambda: action.read(client, triggers)
    )
    bindings = await of(
        About.BINDINGS, trigger.PATH, trigger.SCOPE, lambda: trigger.read(client, triggers)
    )
    providers: Any = UNSEEN
    templates: Any = UNSEEN
    if unified:
        providers = await of(
            About.PROVIDER,
            phone_provider.PATH,
            phone_provider.SCOPE,
            lambda: phone_provider.read(client),
        )
        templates = await of(
            About.TEMPLATES,
            phone_template.PATH,
            phone_template.SCOPE,
            lambda: phone_template.read(client),
        )
    paths = [*guardian.LOGIN] if About.LOGIN in about else []
    is_unified = isinstance(settings, TenantSettings) and settings.unified is True
    if About.LEGACY in about and Experience.LEGACY in experiences and not is_unified:
        paths += guardian.LEGACY
    if About.MFA_SETTINGS in about:
        paths += guardian.MFA_SETTINGS
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
    try:
        return await question()
    except unanswered() as error:
        refusal = refusal_of(error, f"GET {path}", scope)
        # Not every plan is entitled to them, and everything else can be told without.
        if path in guardian.MFA_SETTINGS:
            return Unseen(refusal=refusal)
        # Plans without hooks forbid it, and so may a tenant without the flag of its generation
        # (management-api.md §6.6). A missing scope is a 403 too, and another matter.
        of_tenant = refusal.status == HTTPStatus.FORBIDDEN and refusal.why is not Why.SCOPE
        if path in guardian.LEGACY and of_tenant:
            return Unseen(refusal=refusal)
        raise


async def asked(path: str, scope: str, question: Callable[[], Awaitable[T]]) -> T | Unseen:
    """The answer to one question, or that the tenant refused it.

    Args:
        path: of the request, for a person.
        scope: what it needs.
        question: asks it.
    """
    try:
        return await question()
    except unanswered() as error:
        if ends_questions(error):
            raise
        return Unseen(refusal=refusal_of(error, f"GET {path}", scope))


class Lack(Enum):
    """What a code may lack on its way to a user."""

    PROVIDER = "there is no phone provider"
    PROVIDER_ON = "the phone provider is switched off"
    DEPLOYED = "no Action is deployed on {trigger}"
    BOUND = "no Action is bound to {trigger}"
    OURS = "{others} stands on {trigger} instead of {ours}"
    SENDER = "codes are sent by {sender}, not by the Action"
    FACTOR = "the phone factor is switched off"
    CHANNELS = "the factor does not offer {channels}"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a tenant is to send by.

    Attributes:
        experience: the generation to judge; the tenant's own, when it is None.
        action_name: of the stack's Action; empty: any Action will do.
        message_types: the factor's, each of which must be on.
        selected_provider: who sends on a legacy tenant; empty: whoever the tenant has.
        factor: whether the factor must be on already.
    """

    experience: Experience | None = None
    action_name: str = ""
    message_types: Collection[str] = ()
    selected_provider: str = ""
    factor: bool = True

    @classmethod
    def by(cls, settings: StackSettings) -> Wanted:
        """What a stack wants of its tenant, once it is applied."""
        declared_factor = guardian.declared(settings)
        selected = declared_factor.selected_provider
        return cls(
            action_name=action.name_of(settings, settings.experience) or "",
            message_types=guardian_message_types(settings.delivery_methods),
            selected_provider=selected if isinstance(selected, str) else "",
        )


@dataclass(frozen=True, kw_only=True)
class Deliverable:
    """Whether a code can reach users: what it lacks, in words, and what could not be seen."""

    missing: Mapping[Lack, str]
    unseen: Mapping[Lack, Refusal | None]

    def __bool__(self) -> bool:
        return not (self.missing or self.unseen)


def deliverable(tenant: Snapshot, wanted: Wanted) -> Deliverable:
    """What a tenant lacks to send a code by phone, of either generation, in the order of a message.

    Each need is judged by itself, so that one that cannot be seen hides no other.
    """
    missing: dict[Lack, str] = {}
    unseen: dict[Lack, Refusal | None] = {}
    for lack, need in _NEEDS.items():
        try:
            found = next(need(tenant, wanted), None)
        except UnseenError as error:
            unseen[lack] = error.refusal
        else:
            if found is not None:
                missing[lack] = lack.value.format(**found)
    return Deliverable(missing=missing, unseen=unseen)


Told = Iterator[dict[str, str]]
"""What a lack's words are filled in with; nothing, where nothing is lacking."""


def _experience(tenant: Snapshot, wanted: Wanted) -> Experience:
    return wanted.experience or tenant.experience


def _provider(tenant: Snapshot, wanted: Wanted) -> Told:
    if _experience(tenant, wanted) is Experience.UNIFIED and seen(tenant.provider) is None:
        yield {}


def _provider_on(tenant: Snapshot, wanted: Wanted) -> Told:
    if _experience(tenant, wanted) is Experience.UNIFIED:
        provider = seen(tenant.provider)
        if provider and seen(provider.disabled):
            yield {}


def _sent_by_action(tenant: Snapshot, wanted: Wanted) -> bool:
    """Whether an Action has to send: Twilio, and Auth0's own sender, need none."""
    if _experience(tenant, wanted) is Experience.LEGACY:
        provider = wanted.selected_provider or seen(tenant.guardian.selected_provider)
        return provider == guardian.HOOK
    sender = seen(tenant.provider)
    return sender is None or sender.name == phone_provider.CUSTOM


def _deployed(tenant: Snapshot, wanted: Wanted) -> Told:
    experience = _experience(tenant, wanted)
    if experience is Experience.UNIFIED and _sent_by_action(tenant, wanted):
        there = tenant.actions_on(TRIGGERS[experience])
        if not any(seen(one.deployed) for one in there):
            yield {"trigger": TRIGGERS[experience]}


def _bound(tenant: Snapshot, wanted: Wanted) -> Told:
    experience = _experience(tenant, wanted)
    if experience is Experience.LEGACY and _sent_by_action(tenant, wanted):
        trigger = TRIGGERS[experience]
        if not tenant.bindings_of(trigger):
            yield {"trigger": trigger}


def _ours(tenant: Snapshot, wanted: Wanted) -> Told:
    experience = _experience(tenant, wanted)
    if not wanted.action_name or not _sent_by_action(tenant, wanted):
        return
    trigger = TRIGGERS[experience]
    if experience is Experience.LEGACY:
        there = [one.action_name for one in tenant.bindings_of(trigger)]
    else:
        there = [str(one.name) for one in tenant.actions_on(trigger) if seen(one.deployed)]
    if there and wanted.action_name not in there:
        others = " and ".join(map(repr, there))
        yield {"others": others, "trigger": trigger, "ours": repr(wanted.action_name)}


def _sender(tenant: Snapshot, wanted: Wanted) -> Told:
    if _experience(tenant, wanted) is Experience.LEGACY and wanted.selected_provider:
        there = seen(tenant.guardian.selected_provider)
        if there != wanted.selected_provider and wanted.factor:
            yield {"sender": there}


def _factor(tenant: Snapshot, wanted: Wanted) -> Told:
    if wanted.factor and not seen(tenant.guardian.phone_enabled):
        yield {}


def _channels(tenant: Snapshot, wanted: Wanted) -> Told:
    if wanted.factor and wanted.message_types:
        uncovered = set(wanted.message_types) - set(seen(tenant.guardian.message_types))
        if uncovered:
            yield {"channels": " and ".join(sorted(uncovered))}


_NEEDS: Final[Mapping[Lack, Callable[[Snapshot, Wanted], Told]]] = {
    Lack.PROVIDER: _provider,
    Lack.PROVIDER_ON: _provider_on,
    Lack.DEPLOYED: _deployed,
    Lack.BOUND: _bound,
    Lack.OURS: _ours,
    Lack.SENDER: _sender,
    Lack.FACTOR: _factor,
    Lack.CHANNELS: _channels,
}
