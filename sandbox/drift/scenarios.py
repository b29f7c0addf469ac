"""One deed a class of drift: what somebody does to a tenant behind Pulumi's back.

Owns the deeds, what each says of itself, and the class that `phonemfa drift` calls it by (the ids
of phonemfa/drift/kinds.py, which this package does not import; a test compares them). Refuses to
look for drift.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sandbox.drift.hands import Hands, NothingToChangeError
from sandbox.tenant import Generation, Tenant

_BOTH: Final = frozenset[Generation]({"unified", "legacy"})
_UNIFIED: Final = frozenset[Generation]({"unified"})
_LEGACY: Final = frozenset[Generation]({"legacy"})

_UP: Final = "`make up`"
_REPAIR: Final = "`phonemfa drift --repair`"
_BY_HAND: Final = "nobody but a person"


@dataclass(frozen=True, kw_only=True)
class Deed:
    """A deed.

    `kind` is what the drift command calls it; `also` are further kinds that it cannot help making.
    `title` asks for it, `done` says that it was done; `repaired_by` names what takes it back, other
    than putting the whole tenant back.
    """

    id: str
    kind: str
    title: str
    done: str
    repaired_by: str
    make: Callable[[Tenant, Hands], object]
    also: frozenset[str] = frozenset()
    generations: frozenset[Generation] = _BOTH
    note: str = ""

    def do(self, tenant: Tenant) -> None:
        """Do it.

        Raises:
            NothingToChangeError: the tenant has nothing to do it to.
            ApiError: the tenant refuses, as its rules have it.
        """
        if tenant.generation not in self.generations:
            raise NothingToChangeError(f"A {tenant.generation} tenant has no such thing.")
        with tenant.transaction():
            self.make(tenant, Hands(tenant))


def _unbind(_: Tenant, hands: Hands) -> None:
    if not hands.bound():
        raise NothingToChangeError(
            f"Nothing is bound to {hands.trigger}; phonemfa:bindAction has the stack bind it."
        )
    hands.bind()


def _bind_another(_: Tenant, hands: Hands) -> None:
    ours = hands.bound()
    hands.bind(hands.another_action("theirs"), *ours)


def _switch_provider(tenant: Tenant, hands: Hands) -> None:
    if tenant.generation == "legacy":
        tenant.guardian.set_selected_provider("auth0")
        return
    sender = {"sid": "AC0", "default_from": "+815099999999", "delivery_methods": ["text", "voice"]}
    twilio = {"name": "twilio", "credentials": {"auth_token": "by-hand"}, "configuration": sender}
    tenant.providers.update(hands.provider_id(), twilio)


def _fewer_message_types(tenant: Tenant, _: Hands) -> None:
    types = tenant.message_types()
    if not types:
        raise NothingToChangeError("The phone factor has no message types.")
    tenant.guardian.set_message_types(types[:-1])


def _switch_policy(tenant: Tenant, _: Hands) -> None:
    tenant.guardian.set_policies([] if tenant.policies() else ["all-applications"])


def _switch_factor(tenant: Tenant, _: Hands) -> None:
    tenant.guardian.set_factor("otp", enabled=not tenant.factor_enabled("otp"))


def _switch_experience(tenant: Tenant, _: Hands) -> None:
    tenant.switch("legacy" if tenant.generation == "unified" else "unified")


DEEDS: Final = (
    Deed(
        id="action-gone",
        kind="action",
        title="Delete the Action",
        done="The Action was deleted, bound or not. No message can be sent.",
        repaired_by=_UP,
        make=lambda _, hands: hands.delete_action(),
    ),
    Deed(
        id="action-renamed",
        kind="action",
        title="Rename the Action",
        done="The Action is called “renamed” now. It still runs.",
        repaired_by=_UP,
        make=lambda _, hands: hands.edit_action(name="renamed"),
    ),
    Deed(
        id="action-code",
        kind="action-code",
        title="Edit the Action's code",
        done="A line was written at the end of the Action's draft. It is not deployed: what ran "
        "before still runs.",
        repaired_by=_UP,
        make=lambda _, hands: hands.edit_code("\n// edited by hand\n"),
    ),
    Deed(
        id="action-undeployed",
        kind="action-undeployed",
        title="Deploy an older version",
        done="An older version of the Action runs; its draft is as declared. `pulumi refresh` does "
        "not see that.",
        repaired_by=_REPAIR,
        make=lambda _, hands: hands.roll_back(),
    ),
    Deed(
        id="action-runtime",
        kind="action-runtime",
        title="Set another Node.js",
        done="The Action's draft is set to Node.js 18.",
        repaired_by=_UP,
        make=lambda _, hands: hands.edit_action(runtime="node18-actions"),
    ),
    Deed(
        id="action-dependencies",
        kind="action-dependencies",
        title="Add an npm package",
        done="The Action's draft loads left-pad 1.3.0.",
        repaired_by=_UP,
        make=lambda _, hands: hands.edit_action(
            dependencies=[{"name": "left-pad", "version": "1.3.0"}]
        ),
    ),
    Deed(
        id="secret-names",
        kind="secret-names",
        also=frozenset({"secret-changed"}),
        title="Add a secret",
        done="The Action's draft has a secret EXTRA. A form writes all secrets when it writes one: "
        "the others have another value too.",
        repaired_by=_BY_HAND,
        make=lambda _, hands: hands.write_secrets(add="EXTRA"),
    ),
    Deed(
        id="secret-changed",
        kind="secret-changed",
        title="Write the secrets anew",
        done="The secrets of the Action's draft have another value. The next deploy would break "
        "sending.",
        repaired_by=_BY_HAND,
        make=lambda _, hands: hands.write_secrets(),
    ),
    Deed(
        id="second-action",
        kind="second-action",
        title="Add a second Action",
        done="Another Action, “theirs”, stands on the trigger that has room for one. No API call "
        "makes one any more; it was put in as tenants older than that rule have one.",
        repaired_by=_BY_HAND,
        make=lambda _, hands: hands.another_action("theirs"),
        generations=_UNIFIED,
    ),
    Deed(
        id="unbound",
        kind="binding",
        title="Unbind the Action",
        done="The Action is not bound to its trigger any more.",
        repaired_by=_UP,
        make=_unbind,
        note="where the stack binds: phonemfa:bindAction, and always on a legacy tenant",
    ),
    Deed(
        id="another-bound",
        kind="binding",
        title="Bind another Action first",
        done="Somebody else's Action, “theirs”, runs before ours at every message.",
        repaired_by=_BY_HAND,
        make=_bind_another,
        generations=_LEGACY,
    ),
    Deed(
        id="provider-switched",
        kind="provider",
        title="Choose another phone provider",
        done="Messages go through another provider (Twilio; on a legacy tenant Auth0's own), to "
        "which the sandbox does not deliver.",
        repaired_by=_UP,
        make=_switch_provider,
    ),
    Deed(
        id="provider-gone",
        kind="provider",
        title="Delete the phone provider",
        done="The tenant has no phone provider.",
        repaired_by=_UP,
        make=lambda tenant, hands: tenant.providers.delete(hands.provider_id()),
        generations=_UNIFIED,
    ),
    Deed(
        id="text",
        kind="template",
        title="Change a text",
        done="The SMS of otp_verify has another text.",
        repaired_by=_UP,
        make=lambda _, hands: hands.write_text("otp_verify", "{{ code }} by hand"),
    ),
    Deed(
        id="factor-off",
        kind="factor",
        title="Switch the phone factor off",
        done="The phone factor is off: nobody gets a code by phone.",
        repaired_by=_UP,
        make=lambda tenant, _: tenant.guardian.set_factor("sms", enabled=False),
    ),
    Deed(
        id="fewer-message-types",
        kind="message-types",
        title="Take a channel away",
        done="The phone factor has lost the last of its message types.",
        repaired_by=_UP,
        make=_fewer_message_types,
    ),
    Deed(
        id="policy-switched",
        kind="policy",
        title="Switch the policy",
        done="The policy was switched: to “never”, or to “always” where it was “never”.",
        repaired_by=_UP,
        make=_switch_policy,
    ),
    Deed(
        id="other-factor",
        kind="other-factor",
        title="Switch one-time passwords on or off",
        done="The factor otp was switched.",
        repaired_by="nothing, unless the stack names it",
        make=_switch_factor,
        note="a notice, unless the stack names it in phonemfa:otherFactors",
    ),
    Deed(
        id="experience-switched",
        kind="tenant-switch",
        title="Switch the phone experience",
        done="The tenant is of the other generation now.",
        repaired_by=_BY_HAND,
        make=_switch_experience,
    ),
    Deed(
        id="mfa-in-actions-off",
        kind="tenant-switch",
        title="Switch MFA in Actions off",
        done="“Customize MFA Factors using Actions” is off.",
        repaired_by=_UP,
        make=lambda tenant, _: tenant.tenant_settings.patch(
            {"customize_mfa_in_postlogin_action": False}
        ),
        generations=_LEGACY,
    ),
    Deed(
        id="country-codes",
        kind="tenant-setting",
        title="Restrict countries",
        done="The tenant takes Japanese numbers only.",
        repaired_by="`pulumi up --refresh`, which records it",
        make=lambda tenant, _: tenant.tenant_settings.patch(
            {"country_codes": {"list": ["JP"], "mode": "allow"}}
        ),
        generations=_LEGACY,
    ),
)


def deed(deed_id: str) -> Deed | None:
    """The deed of this id."""
    return next((one for one in DEEDS if one.id == deed_id), None)
