"""auth0:index/guardian:Guardian.

Writes in the official plugin's order: policy, email, otp, recovery code, phone, the block factors,
then the MFA settings; every step runs although an earlier one failed, and the failures are
reported together. That order is the trap this package designs around, so the stand-in has it too.
After a failed write the state has what was asked, so the next `up` only reads.

Whether a plan without Adaptive MFA fails the policy `confidence-score` (as recorded) or is a
warning (provider pull request 1716) is a switch: `sandbox.plugin.switches`.
"""

import uuid
from collections.abc import Awaitable, Iterable
from functools import partial
from http import HTTPStatus
from operator import itemgetter
from typing import Any, ClassVar, Final

from sandbox.plugin.client import Management, ManagementError, of_form
from sandbox.plugin.resources.base import (
    Change,
    PartialFailureError,
    Resource,
    State,
    existing,
    given,
    several,
)
from sandbox.plugin.schema import (
    Attribute,
    Schema,
    block,
    differences,
    for_api,
    from_api,
    required,
)
from sandbox.plugin.switches import ADAPTIVE_MFA_WARNS, thrown

_SIMPLE: Final = {"email": "email", "otp": "otp", "recoveryCode": "recovery-code"}
_SWITCHES: Final = {
    "webauthnRoaming": "webauthn-roaming",
    "webauthnPlatform": "webauthn-platform",
    "duo": "duo",
    "push": "push-notification",
}
_TEXT = Attribute(output_only=True, empty="")
_FLAG = Attribute(output_only=True, empty=False)
_OPTION = Attribute(empty="")
_RELYING_PARTY: Schema = {
    **required("enabled"),
    "overrideRelyingParty": _FLAG,
    "relyingPartyIdentifier": _TEXT,
}
_CODES = block(
    {
        "otpExpirationTime": Attribute(required=True, limits=(30, 3600)),
        "otpLength": Attribute(required=True, limits=(4, 10)),
    },
    computed=True,
)
_MFA_SETTINGS: Final[dict[str, Attribute]] = {
    # In the order in which they are written.
    "settings": block(
        {
            **required("displayRememberMeCheckbox", "rememberMeDefaultValue"),
            "mfaSessionInactivityTimeout": Attribute(required=True, limits=(3600, 2_592_000)),
            "mfaSessionOverallTimeout": Attribute(required=True, limits=(3600, 7_776_000)),
        },
        computed=True,
    ),
    "phoneSettings": _CODES,
    "emailSettings": _CODES,
}
_PATHS: Final = {
    # In the order in which they are read.
    "phoneSettings": "guardian/factors/phone/settings",
    "emailSettings": "guardian/factors/email/settings",
    "settings": "guardian/settings",
}
_PHONE: Final = "guardian/factors/phone"
_SMS: Final = "guardian/factors/sms"


class GuardianResource(Resource):
    """The tenant's MFA: policy and factors. One a tenant; deleting switches everything off.

    Of WebAuthn, Duo and push the stand-in knows the switch only, not their settings.
    """

    token: ClassVar[str] = "auth0:index/guardian:Guardian"  # noqa: S105 - a type token
    schema: ClassVar[Schema] = {
        "duo": block(
            {
                **required("enabled"),
                "hostname": _TEXT,
                "integrationKey": _TEXT,
                "secretKey": Attribute(output_only=True, empty="", secret=True),
            },
            computed=True,
        ),
        "email": Attribute(default=False, empty=False),
        "otp": Attribute(default=False, empty=False),
        "phone": block(
            {
                **required("enabled"),
                "messageTypes": Attribute(kind="list"),
                "options": block(
                    {
                        "authToken": Attribute(secret=True, empty=""),
                        "enrollmentMessage": _OPTION,
                        "from": _OPTION,
                        "messagingServiceSid": _OPTION,
                        "sid": _OPTION,
                        "verificationMessage": _OPTION,
                    },
                    computed=True,
                ),
                "provider": Attribute(empty="", choices=("auth0", "twilio", "phone-message-hook")),
            },
            computed=True,
        ),
        "policy": Attribute(
            required=True, choices=("all-applications", "confidence-score", "never")
        ),
        "push": block(
            {
                **dict.fromkeys(
                    ("amazonSns", "customApp", "directApns", "directFcm"),
                    Attribute(output_only=True),
                ),
                **required("enabled"),
                "provider": _TEXT,
            },
            computed=True,
        ),
        "recoveryCode": Attribute(default=False, empty=False),
        "webauthnPlatform": block(_RELYING_PARTY, computed=True),
        "webauthnRoaming": block({**_RELYING_PARTY, "userVerification": _TEXT}, computed=True),
        **_MFA_SETTINGS,
    }

    async def create(self, api: Management, inputs: State) -> tuple[str, State]:
        resource_id = f"stand-in-{uuid.uuid4().hex}"
        changed = frozenset(item.top for item in differences(self.schema, {}, inputs))
        # A block that says "off" equals an absent one for the diff, yet the plugin writes it.
        changed |= {
            name for name in (*_SWITCHES, "phone", *_MFA_SETTINGS) if inputs.get(name) is not None
        }
        with existing(resource_id):
            return resource_id, await self._write(api, resource_id, inputs, changed)

    async def update(self, api: Management, change: Change) -> State:
        return await self._write(api, change.id, change.inputs, change.attributes)

    async def _write(
        self, api: Management, resource_id: str, inputs: State, changed: frozenset[str]
    ) -> State:
        steps: list[Awaitable[Any]] = []
        if "policy" in changed:
            steps.append(_set_policies(api, inputs["policy"]))
        for attribute, factor in _SIMPLE.items():
            if attribute in changed:
                steps.append(_switch(api, factor, enabled=inputs.get(attribute, False)))
        if "phone" in changed:
            steps.append(_write_phone(api, inputs.get("phone") or {"enabled": False}))
        for attribute, factor in _SWITCHES.items():
            if attribute in changed:
                steps.append(_switch(api, factor, enabled=inputs[attribute]["enabled"]))
        steps += [
            api.send("PUT", _PATHS[attribute], for_api(inputs[attribute]))
            for attribute in _MFA_SETTINGS
            if attribute in changed and inputs.get(attribute) is not None
        ]
        if reasons := await _run_all(steps):
            raise PartialFailureError(resource_id, several(reasons))
        state, reasons = await self._read_all(api)
        if reasons:
            raise PartialFailureError(resource_id, several(reasons), state)
        return state

    async def read(self, api: Management, resource_id: str, prior: State) -> State | None:
        # Unlike the other resources, a 404 here is an error: these endpoints always exist.
        state, reasons = await self._read_all(api)
        if reasons:
            raise ManagementError(0, several(reasons))
        return state

    async def _read_all(self, api: Management) -> tuple[State, list[str]]:
        """What could be read, and why something could not."""
        policy = await api.get(
            "guardian/policies", lambda answer: next(iter(of_form(list, answer)), "never")
        )
        enabled = await api.get(
            "guardian/factors",
            lambda answer: {one["name"]: bool(one["enabled"]) for one in of_form(list, answer)},
        )
        state: State = {"policy": policy}
        state |= {attribute: enabled.get(factor, False) for attribute, factor in _SIMPLE.items()}
        state |= {
            attribute: {"enabled": enabled.get(factor, False)}
            for attribute, factor in _SWITCHES.items()
        }
        state["phone"] = await _read_phone(api, enabled=enabled.get("sms", False))
        reasons: list[str] = []
        for attribute, path in _PATHS.items():
            try:
                known = _MFA_SETTINGS[attribute].fields
                state[attribute] = await api.get(path, partial(from_api, known))
            except ManagementError as error:
                if attribute != "settings" or error.status != HTTPStatus.FORBIDDEN:
                    reasons.append(str(error))
                else:
                    api.warnings.append(
                        f"the MFA settings of the tenant could not be read: {error}"
                    )
        return state, reasons

    async def delete(self, api: Management, resource_id: str, state: State) -> None:
        factors = ("sms", *_SIMPLE.values(), *_SWITCHES.values())
        steps = [_switch(api, factor, enabled=False) for factor in factors]
        if reasons := await _run_all([_set_policies(api, "never"), *steps]):
            raise ManagementError(0, several(reasons))


async def _run_all(steps: Iterable[Awaitable[Any]]) -> list[str]:
    reasons: list[str] = []
    for step in steps:
        try:
            await step
        except ManagementError as error:
            reasons.append(str(error))
    return reasons


async def _set_policies(api: Management, policy: str) -> None:
    try:
        await api.send("PUT", "guardian/policies", [] if policy == "never" else [policy])
    except ManagementError as error:
        if not (thrown(ADAPTIVE_MFA_WARNS) and error.code == "insufficient_entitlement"):
            raise
        api.warnings.append(f"the policy was not written: {error}")


def _switch(api: Management, factor: str, *, enabled: bool) -> Awaitable[Any]:
    return api.send("PUT", f"guardian/factors/{factor}", {"enabled": enabled})


async def _write_phone(api: Management, phone: dict[str, Any]) -> None:
    await _switch(api, "sms", enabled=phone["enabled"])
    if not phone["enabled"]:
        return
    provider, options = phone.get("provider"), for_api(phone.get("options") or {})
    if await _is_unified(api) and (provider or options):
        raise ManagementError(
            0,
            "phone.provider and phone.options belong to legacy tenants: "
            "this tenant has the unified phone experience",
        )
    if provider or options:
        await api.send("PUT", f"{_PHONE}/selected-provider", given(provider=provider))
    if options:
        texts = {key: value for key, value in options.items() if key.endswith("_message")}
        if provider == "twilio":
            twilio = {key: value for key, value in options.items() if key not in texts}
            await api.send("PUT", f"{_SMS}/providers/twilio", twilio)
        await api.send("PUT", f"{_SMS}/templates", texts)
    # Sent without what the program leaves out, which the tenant then refuses.
    types = given(message_types=phone.get("messageTypes"))
    await api.send("PUT", f"{_PHONE}/message-types", types)


async def _read_phone(api: Management, *, enabled: bool) -> dict[str, Any]:
    if not enabled:
        return {"enabled": False}
    types = await api.get(f"{_PHONE}/message-types", itemgetter("message_types"))
    phone: dict[str, Any] = {"enabled": True, "messageTypes": types}
    if await _is_unified(api):
        return phone
    provider = await api.get(f"{_PHONE}/selected-provider", itemgetter("provider"))
    read = partial(from_api, GuardianResource.schema["phone"].fields["options"].fields)
    options = await api.get(f"{_SMS}/templates", read)
    if provider == "twilio":
        options |= await api.get(f"{_SMS}/providers/twilio", read)
    return phone | {"provider": provider, "options": options}


async def _is_unified(api: Management) -> bool:
    # The official plugin takes a missing flag for true here (contract, provider-traps.md).
    return await api.get(
        "tenants/settings",
        lambda settings: settings.get("phone_consolidated_experience") is not False,
    )
