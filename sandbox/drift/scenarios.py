"""What somebody does to a tenant behind Pulumi's back: one scenario a class of drift.

`python -m sandbox drift NAME` plays one; `phonemfa drift` should then call it by its `kind`. (The
ids of phonemfa/drift/findings.py, which is not imported here; a test compares them.)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sandbox.drift.hands import Hands
from sandbox.tenant import Generation, Tenant
from sandbox.web.control import RefusedError

_UP: Final = "make up"
_NOBODY: Final = "nobody but a person"
_UNIFIED: Final = frozenset[Generation]({"unified"})
_LEGACY: Final = frozenset[Generation]({"legacy"})


@dataclass(frozen=True)
class Scenario:
    """One scenario: `kind` is what the drift command calls it, and `what` was done, in words.

    `also` are further kinds that it cannot help making.
    """

    kind: str
    what: str
    make: Callable[[Tenant, Hands], object]
    repaired_by: str = _UP
    also: frozenset[str] = frozenset()
    generations: frozenset[Generation] = _UNIFIED | _LEGACY

    def play(self, tenant: Tenant) -> None:
        """Do it, or raise that the tenant has nothing to do it to, or that its rules refuse it."""
        if tenant.generation not in self.generations:
            raise RefusedError(f"A {tenant.generation} tenant has no such thing.", 409)
        with tenant.transaction():
            self.make(tenant, Hands(tenant))


def _unbind(_: Tenant, hands: Hands) -> None:
    if not hands.bound():
        raise RefusedError(
            f"Nothing is bound to {hands.trigger}; phonemfa:bindAction has the stack bind it.", 409
        )
    hands.bind()


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
        raise RefusedError("The phone factor has no message types.", 409)
    tenant.guardian.set_message_types(types[:-1])


def _settings(**changes: object) -> Callable[[Tenant, Hands], object]:
    return lambda tenant, _: tenant.settings.patch(changes)


SCENARIOS: Final = {
    "action-gone": Scenario(
        "action",
        "The Action was deleted, bound or not. No message can be sent.",
        lambda _, hands: hands.delete_action(),
    ),
    "action-renamed": Scenario(
        "action",
        'The Action is called "renamed" now. It still runs.',
        lambda _, hands: hands.edit_action(name="renamed"),
    ),
    "action-code": Scenario(
        "action-code",
        "A line was added to the Action's draft. It is not deployed: what ran before still runs.",
        lambda _, hands: hands.edit_code("\n// edited by hand\n"),
    ),
    "action-undeployed": Scenario(
        "action-undeployed",
        "An older version of the Action runs; its draft is as declared. A refresh does not see it.",
        lambda _, hands: hands.roll_back(),
        repaired_by="python -m phonemfa drift --repair",
    ),
    "action-runtime": Scenario(
        "action-runtime",
        "The Action's draft is set to Node.js 18.",
        lambda _, hands: hands.edit_action(runtime="node18-actions"),
    ),
    "action-dependencies": Scenario(
        "action-dependencies",
        "The Action's draft loads left-pad 1.3.0.",
        lambda _, hands: hands.edit_action(dependencies=[{"name": "left-pad", "version": "1.3.0"}]),
    ),
    "secret-names": Scenario(
        "secret-names",
        "The Action's draft has a secret EXTRA, and the others have another value: a form writes "
        "all of them.",
        lambda _, hands: hands.write_secrets(add="EXTRA"),
        repaired_by=_NOBODY,
        also=frozenset({"secret-changed"}),
    ),
    "secret-changed": Scenario(
        "secret-changed",
        "The secrets of the Action's draft have another value: the next deploy breaks sending.",
        lambda _, hands: hands.write_secrets(),
        repaired_by=_NOBODY,
    ),
    "second-action": Scenario(
        "second-action",
        'A second Action, "theirs", stands on the trigger that has room for one, as on tenants '
        "older than that rule.",
        lambda _, hands: hands.another_action("theirs"),
        repaired_by=_NOBODY,
        generations=_UNIFIED,
    ),
    "unbound": Scenario("binding", "The Action is not bound to its trigger any more.", _unbind),
    "another-bound": Scenario(
        "binding",
        'Somebody else\'s Action, "theirs", runs before ours at every message.',
        lambda _, hands: hands.bind(hands.another_action("theirs"), *hands.bound()),
        repaired_by=_NOBODY,
        generations=_LEGACY,
    ),
    "provider-switched": Scenario(
        "provider",
        "Messages go through another provider (Twilio; on a legacy tenant Auth0's own), to which "
        "the sandbox does not deliver.",
        _switch_provider,
    ),
    "provider-gone": Scenario(
        "provider",
        "The tenant has no phone provider.",
        lambda tenant, hands: tenant.providers.delete(hands.provider_id()),
        generations=_UNIFIED,
    ),
    "text": Scenario(
        "template",
        "The SMS of otp_verify has another text.",
        lambda _, hands: hands.write_text("otp_verify", "{{ code }} by hand"),
    ),
    "factor-off": Scenario(
        "factor",
        "The phone factor is off: nobody gets a code by phone.",
        lambda tenant, _: tenant.guardian.set_factor("sms", enabled=False),
    ),
    "fewer-message-types": Scenario(
        "message-types",
        "The phone factor has lost the last of its message types.",
        _fewer_message_types,
    ),
    "policy-switched": Scenario(
        "policy",
        'The policy was switched to "never", or to "always" where it was "never".',
        lambda tenant, _: tenant.guardian.set_policies(
            [] if tenant.policies() else ["all-applications"]
        ),
    ),
    "other-factor": Scenario(
        "other-factor",
        "The factor otp was switched: a notice, unless the stack names it in otherFactors.",
        lambda tenant, _: tenant.guardian.set_factor(
            "otp", enabled=not tenant.factor_enabled("otp")
        ),
        repaired_by="nothing, unless the stack names it",
    ),
    "codes-longer": Scenario(
        "mfa-setting",
        "Codes have 8 digits: a notice, unless the stack declares oneTimeCode.",
        lambda tenant, _: tenant.mfa_settings.write_codes(
            "phone", tenant.mfa_settings.read_codes("phone") | {"otp_length": 8}
        ),
        repaired_by="nothing, unless the stack declares it",
    ),
    "experience-switched": Scenario(
        "tenant-switch",
        "The tenant is of the other generation now.",
        lambda tenant, _: tenant.switch("legacy" if tenant.generation == "unified" else "unified"),
        repaired_by=_NOBODY,
    ),
    "mfa-in-actions-off": Scenario(
        "tenant-switch",
        '"Customize MFA Factors using Actions" is off.',
        _settings(customize_mfa_in_postlogin_action=False),
        generations=_LEGACY,
    ),
    "country-codes": Scenario(
        "tenant-setting",
        "The tenant takes Japanese numbers only.",
        _settings(country_codes={"list": ["JP"], "mode": "allow"}),
        repaired_by="pulumi up --refresh, which records it",
        generations=_LEGACY,
    ),
}
