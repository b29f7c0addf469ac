"""auth0:index/guardian:Guardian.

Writes in the official plugin's order: policy, email, otp, recovery code, phone, the block factors,
then the MFA settings; every step runs although an earlier one failed, and the failures are
reported together. That order is the trap this package designs around, so the stand-in has it too.
After a failed write the state has what was asked, so the next `up` only reads.

Whether a plan without Adaptive MFA fails the policy `confidence-score` (as recorded) or is a
warning (provider pull request 1716) is a switch: `sandbox.plugin.switches`.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, ClassVar, Final

from sandbox.plugin.client import Management, ManagementError
from sandbox.plugin.resources.base import (
    Change,
    PartialFailureError,
    Resource,
    State,
    given,
    several,
    snake,
)
from sandbox.plugin.schema import Attribute, Schema, differences
from sandbox.plugin.switches import adaptive_mfa_is_a_warning

Step = Callable[[], Awaitable[None]]

_SIMPLE: Final = {"email": "email", "otp": "otp", "recoveryCode": "recovery-code"}
_SWITCHES: Final = {
    "webauthnRoaming": "webauthn-roaming",
    "webauthnPlatform": "webauthn-platform",
    "duo": "duo",
    "push": "push-notification",
}
_DELETE_ORDER: Final = (
    "sms",
    "email",
    "otp",
    "recovery-code",
    "webauthn-roaming",
    "webauthn-platform",
    "duo",
    "push-notification",
)
_ENABLED: Schema = {"enabled": Attribute(required=True)}
_TEXT = Attribute(output_only=True, empty="")
_FLAG = Attribute(output_only=True, empty=False)
_NOTHING = Attribute(output_only=True)
_RELYING_PARTY: Schema = {
    **_ENABLED,
    "overrideRelyingParty": _FLAG,
    "relyingPartyIdentifier": _TEXT,
}


def _factor(fields: Schema) -> Attribute:
    return Attribute(kind="block", computed=True, fields=fields)


_CODES = Attribute(
    kind="block",
    computed=True,
    fields={
        "otpExpirationTime": Attribute(required=True),
        "otpLength": Attribute(required=True),
    },
)
_MFA_SETTINGS: Final[dict[str, Attribute]] = {
    # In the order in which they are written.
    "settings": Attribute(
        kind="block",
        computed=True,
        fields={
            "displayRememberMeCheckbox": Attribute(required=True),
            "mfaSessionInactivityTimeout": Attribute(required=True),
            "mfaSessionOverallTimeout": Attribute(required=True),
            "rememberMeDefaultValue": Attribute(required=True),
        },
    ),
    "phoneSettings": _CODES,
    "emailSettings": _CODES,
}


class GuardianResource(Resource):
    """The tenant's MFA: policy and factors. One a tenant; deleting switches everything off.

    Of WebAuthn, Duo and push the stand-in knows the switch only, not their settings.
    """

    token: ClassVar[str] = "auth0:index/guardian:Guardian"  # noqa: S105 - a type token
    schema: ClassVar[Schema] = {
        "duo": _factor(
            {
                **_ENABLED,
                "hostname": _TEXT,
                "integrationKey": _TEXT,
                "secretKey": Attribute(output_only=True, empty="", secret=True),
            }
        ),
        "email": Attribute(default=False, empty=False),
        "otp": Attribute(default=False, empty=False),
        "phone": Attribute(
            kind="block",
            computed=True,
            fields={
                "enabled": Attribute(required=True),
                "messageTypes": Attribute(kind="list"),
                "options": Attribute(
                    kind="block",
                    computed=True,
                    fields={
                        "authToken": Attribute(secret=True, empty=""),
                        "enrollmentMessage": Attribute(empty=""),
                        "from": Attribute(empty=""),
                        "messagingServiceSid": Attribute(empty=""),
                        "sid": Attribute(empty=""),
                        "verificationMessage": Attribute(empty=""),
                    },
                ),
                "provider": Attribute(empty="", choices=("auth0", "twilio", "phone-message-hook")),
            },
        ),
        "policy": Attribute(
            required=True, choices=("all-applications", "confidence-score", "never")
        ),
        "push": _factor(
            {
                "amazonSns": _NOTHING,
                "customApp": _NOTHING,
                "directApns": _NOTHING,
                "directFcm": _NOTHING,
                **_ENABLED,
                "provider": _TEXT,
            }
        ),
        "recoveryCode": Attribute(default=False, empty=False),
        "webauthnPlatform": _factor(_RELYING_PARTY),
        "webauthnRoaming": _factor({**_RELYING_PARTY, "userVerification": _TEXT}),
        **_MFA_SETTINGS,
    }

    async def create(self, api: Management, inputs: State) -> tuple[str, State]:
        resource_id = f"stand-in-{uuid.uuid4().hex}"
        changed = frozenset(item.top for item in differences(self.schema, {}, inputs))
        # A block that says "off" equals an absent one for the diff, yet the plugin writes it.
        changed |= {
            name for name in (*_SWITCHES, "phone", *_MFA_SETTINGS) if inputs.get(name) is not None
        }
        return resource_id, await self._write(api, resource_id, inputs, changed)

    async def update(self, api: Management, change: Change) -> State:
        return await self._write(api, change.id, change.inputs, change.attributes)

    async def _write(
        self, api: Management, resource_id: str, inputs: State, changed: frozenset[str]
    ) -> State:
        steps: list[Step] = []
        if "policy" in changed:
            policies = [] if inputs["policy"] == "never" else [inputs["policy"]]
            steps.append(lambda: _set_policies(api, policies))
        for attribute, factor in _SIMPLE.items():
            if attribute in changed:
                steps.append(_switching(api, factor, enabled=inputs.get(attribute, False)))
        if "phone" in changed:
            steps.append(lambda: _write_phone(api, inputs.get("phone") or {"enabled": False}))
        for attribute, factor in _SWITCHES.items():
            if attribute in changed:
                steps.append(_switching(api, factor, enabled=inputs[attribute]["enabled"]))
        steps += [
            _writing_settings(api, attribute, inputs[attribute])
            for attribute in _MFA_SETTINGS
            if attribute in changed and inputs.get(attribute) is not None
        ]
        reasons = await _run_all(steps)
        if reasons:
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
        policies = await api.call(lambda sdk: sdk.guardian.policies.list())
        factors = await api.call(lambda sdk: sdk.guardian.factors.list())
        enabled = {factor["name"]: bool(factor["enabled"]) for factor in factors}
        state: State = {"policy": policies[0] if policies else "never"}
        state |= {attribute: enabled.get(factor, False) for attribute, factor in _SIMPLE.items()}
        state |= {
            attribute: {"enabled": enabled.get(factor, False)}
            for attribute, factor in _SWITCHES.items()
        }
        state["phone"] = await _read_phone(api, enabled=enabled.get("sms", False))
        reasons: list[str] = []
        for attribute in _PATHS:
            try:
                state[attribute] = await _read_settings(api, attribute)
            except ManagementError as error:
                if attribute != "settings" or error.status != HTTPStatus.FORBIDDEN:
                    reasons.append(str(error))
                else:
                    api.warn(f"the MFA settings of the tenant could not be read: {error}")
        return state, reasons

    async def delete(self, api: Management, resource_id: str, state: State) -> None:
        steps: list[Step] = [lambda: _set_policies(api, [])]
        steps += [_switching(api, factor, enabled=False) for factor in _DELETE_ORDER]
        reasons = await _run_all(steps)
        if reasons:
            raise ManagementError(0, several(reasons))


async def _run_all(steps: list[Step]) -> list[str]:
    reasons: list[str] = []
    for step in steps:
        try:
            await step()
        except ManagementError as error:
            reasons.append(str(error))
    return reasons


async def _set_policies(api: Management, policies: list[str]) -> None:
    try:
        await api.call(lambda sdk: sdk.guardian.policies.set(request=policies))
    except ManagementError as error:
        if not (adaptive_mfa_is_a_warning() and error.code == "insufficient_entitlement"):
            raise
        api.warn(f"the policy was not written: {error}")


_PATHS: Final = {
    "phoneSettings": "guardian/factors/phone/settings",
    "emailSettings": "guardian/factors/email/settings",
    "settings": "guardian/settings",
}


async def _read_settings(api: Management, attribute: str) -> State:
    answer = await api.call_path("GET", _PATHS[attribute])
    return {name: answer.get(snake(name)) for name in _MFA_SETTINGS[attribute].fields}


def _writing_settings(api: Management, attribute: str, values: dict[str, Any]) -> Step:
    body = {snake(name): values[name] for name in _MFA_SETTINGS[attribute].fields}

    async def put() -> None:
        await api.call_path("PUT", _PATHS[attribute], body)

    return put


def _switching(api: Management, factor: str, *, enabled: bool) -> Step:
    async def switch() -> None:
        await api.call(lambda sdk: sdk.guardian.factors.set(factor, enabled=enabled))

    return switch


async def _write_phone(api: Management, phone: dict[str, Any]) -> None:
    await _switching(api, "sms", enabled=phone["enabled"])()
    if not phone["enabled"]:
        return
    unified = await _is_unified(api)
    provider, options = phone.get("provider"), phone.get("options") or {}
    if unified and (provider or options):
        raise ManagementError(
            0,
            "phone.provider and phone.options belong to legacy tenants: "
            "this tenant has the unified phone experience",
        )
    if provider:
        await api.call(lambda sdk: sdk.guardian.factors.phone.set_provider(provider=provider))
        if options:
            await _write_options(api, provider, options)
    types = phone.get("messageTypes")
    if types is not None:
        await api.call(
            lambda sdk: sdk.guardian.factors.phone.set_message_types(message_types=types)
        )


async def _write_options(api: Management, provider: str, options: dict[str, Any]) -> None:
    if provider == "twilio":
        twilio = given(
            from_=options.get("from"),
            messaging_service_sid=options.get("messagingServiceSid"),
            auth_token=options.get("authToken"),
            sid=options.get("sid"),
        )
        await api.call(lambda sdk: sdk.guardian.factors.sms.set_twilio_provider(**twilio))
    texts = given(
        enrollment_message=options.get("enrollmentMessage"),
        verification_message=options.get("verificationMessage"),
    )
    await api.call(lambda sdk: sdk.guardian.factors.sms.set_templates(**texts))


async def _read_phone(api: Management, *, enabled: bool) -> dict[str, Any]:
    if not enabled:
        return {"enabled": False}
    answer = await api.call(lambda sdk: sdk.guardian.factors.phone.get_message_types())
    phone: dict[str, Any] = {"enabled": True, "messageTypes": answer["message_types"]}
    if await _is_unified(api):
        return phone
    selected = await api.call(lambda sdk: sdk.guardian.factors.phone.get_selected_provider())
    phone["provider"] = selected["provider"]
    phone["options"] = await _read_options(api, selected["provider"])
    return phone


async def _read_options(api: Management, provider: str) -> dict[str, Any]:
    # A tenant that never had texts answers 204, which auth0-python gives as None.
    texts = await api.call(lambda sdk: sdk.guardian.factors.sms.get_templates()) or {}
    options = given(
        enrollmentMessage=texts.get("enrollment_message"),
        verificationMessage=texts.get("verification_message"),
    )
    if provider == "twilio":
        twilio = await api.call(lambda sdk: sdk.guardian.factors.sms.get_twilio_provider())
        options |= given(
            authToken=twilio.get("auth_token"),
            messagingServiceSid=twilio.get("messaging_service_sid"),
            sid=twilio.get("sid"),
            **given(**{"from": twilio.get("from") or twilio.get("from_")}),
        )
    return options


async def _is_unified(api: Management) -> bool:
    # The official plugin takes a missing flag for true here (contract, provider-traps.md).
    settings = await api.call(lambda sdk: sdk.tenants.settings.get())
    return settings.get("phone_consolidated_experience") is not False
