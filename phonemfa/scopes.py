"""Every Management API scope that this package and its commands use, and what for.

docs/reference/scopes.md, the doctor's answer about a token and the commands' own needs come from
this list. Which operation has which scope: management-api.md §3 to §6; which operations a stack
makes: official/.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from components.settings.model import StackSettings
from components.settings.words import subject
from components.tenant.guardian import WITH_DEFAULT, stated
from components.vocabulary import Experience, Gate


class Need(StrEnum):
    """What somebody may want to do with a tenant."""

    UNIFIED = "pulumi up of a unified stack"
    LEGACY = "pulumi up of a legacy stack"
    MOVE = "pulumi up of a stack that moves its tenant"
    GUARDIAN = "pulumi up of a stack with settings that need a scope beside Guardian's own"
    LOOK = "doctor and drift"
    PROTECTION = "what doctor says of Auth0's own protection, which nothing else needs"
    CUSTOM_DOMAIN = "doctor of a stack whose texts name the custom domain, to count it as it is"
    HEALTH = "health"
    SMOKE = "a test message: smoke, and pulumi up with gate: smoke"


_PULUMI: Final = frozenset({Need.UNIFIED, Need.LEGACY, Need.MOVE})
_UNIFIED: Final = frozenset({Need.UNIFIED, Need.MOVE})

_KEYS: Final = dict.fromkeys(part.setting.partition(".")[0] for part in WITH_DEFAULT if part.scope)
_BESIDE: Final = f"Guardian's settings ({', '.join(map(subject, _KEYS))})"
"""What has another scope than the rest of Guardian."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """One scope, by the name under which a token grants it.

    Attributes:
        what_for: what cannot be done without it, to read after "it is needed to".
        only_to_remove: an `up` that takes nothing away does without.
    """

    name: str
    what_for: str
    needs: frozenset[Need]
    only_to_remove: bool = False

    @property
    def is_read(self) -> bool:
        return self.name.startswith("read:")


def _family(things: str, needs: frozenset[Need], **what_for: str) -> Iterator[Scope]:
    for verb, words in what_for.items():
        looked_at = verb == "read" and needs & _PULUMI
        yield Scope(
            name=f"{verb}:{things}",
            what_for=words,
            needs=needs | {Need.LOOK} if looked_at else needs,
            only_to_remove=verb == "delete",
        )


SCOPES: Final[tuple[Scope, ...]] = (
    *_family(
        "actions",
        _PULUMI,
        read="see the Actions on the phone triggers and what is bound to them",
        create="create the Action that sends, and deploy it",
        update="change the Action's code and its CPaaS key, and bind it",
        delete="remove or replace the Action",
    ),
    *_family(
        "phone_providers",
        _UNIFIED,
        read="see the tenant's phone provider",
        create="make `custom` the tenant's phone provider",
        update="take an existing phone provider over, and change its delivery methods",
        delete="remove the phone provider",
    ),
    *_family(
        "phone_templates",
        _UNIFIED,
        read="see which texts are customised",
        create="set the texts of a message type",
        update="change the texts of a message type",
        delete="give a message type its default texts back",
    ),
    *_family(
        "custom_domains",
        frozenset({Need.CUSTOM_DOMAIN}),
        read="count texts with the tenant's own custom domain",
    ),
    *_family(
        "guardian_factors",
        _PULUMI,
        read="see which MFA factors are on, and the settings of phone and email codes",
        update="switch the phone factor on and set its message types",
    ),
    *_family(
        "mfa_policies",
        _PULUMI,
        read="see when users are asked for a second factor",
        update="set when users are asked for a second factor",
    ),
    *_family(
        "tenant_settings",
        _PULUMI,
        read=f"tell a unified tenant from a legacy one, and see {_BESIDE}",
    ),
    *_family(
        "tenant_settings",
        frozenset({Need.LEGACY, Need.MOVE, Need.GUARDIAN}),
        update="switch the tenant's phone experience and its MFA through Actions, and set "
        f"{_BESIDE}",
    ),
    *_family(
        "logs",
        frozenset({Need.SMOKE, Need.HEALTH}),
        read="find in the tenant's log what became of messages",
    ),
    *_family(
        "attack_protection",
        frozenset({Need.PROTECTION}),
        read="see which of Auth0's own controls against attacks are on",
    ),
)


def needed_by(needs: Iterable[Need]) -> tuple[Scope, ...]:
    """The scopes for any of these needs, in the list's order."""
    return tuple(one for one in SCOPES if one.needs & set(needs))


def needs_of(settings: StackSettings) -> frozenset[Need]:
    """What a `pulumi up` of this stack is, and the smoke test that follows it.

    That goes to the stack's own numbers alone: without one there is none.
    """
    legacy = settings.experience is Experience.LEGACY
    needs = {Need.MOVE if settings.transition else Need.LEGACY if legacy else Need.UNIFIED}
    if settings.gate is Gate.SMOKE or settings.test_numbers:
        needs.add(Need.SMOKE)
    said = stated(settings)
    if any(part.scope for part in WITH_DEFAULT if part.field in said):
        needs.add(Need.GUARDIAN)
    return frozenset(needs)


def names(scopes: Iterable[Scope]) -> frozenset[str]:
    """Their names."""
    return frozenset(one.name for one in scopes)


def named(name: str) -> Scope:
    """The scope of this name."""
    return next(one for one in SCOPES if one.name == name)
