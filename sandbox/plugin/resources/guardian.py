"""auth0:index/guardian:Guardian.

Writes in the official plugin's order: policy, email, otp, recovery code, phone, then the block
factors; every step runs although an earlier one failed, and the failures are reported together.
That order is the trap this package designs around, so the stand-in must have it too.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Final

from sandbox.plugin.client import Management, ManagementError
from sandbox.plugin.resources.base import Change, PartialFailureError, Resource, State, given
from sandbox.plugin.schema import Attribute, Schema, differences

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
_SWITCH = Attribute(kind="block", computed=True, fields={"enabled": Attribute(required=True)})


class GuardianResource(Resource):
    """The tenant's MFA: policy and factors. One a tenant; deleting switches everything off.

    Of WebAuthn, Duo and push the stand-in knows the switch only, not their settings.
    """

    token: ClassVar[str] = "auth0:index/guardian:Guardian"  # noqa: S105 - a type token
    schema: ClassVar[Schema] = {
        "duo": _SWITCH,
        "email": Attribute(default=False),
        "otp": Attribute(default=False),
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
                        "authToken": Attribute(secret=True),
                        "enrollmentMessage": Attribute(),
                        "from": Attribute(),
                        "messagingServiceSid": Attribute(),
                        "sid": Attribute(),
                        "verificationMessage": Attribute(),
                    },
                ),
                "provider": Attribute(choices=("auth0", "twilio", "phone-message-hook")),
            },
        ),
        "policy": Attribute(
            required=True, choices=("all-applications", "confidence-score", "never")
        ),
        "push": _SWITCH,
        "recoveryCode": Attribute(default=False),
        "webauthnPlatform": _SWITCH,
        "webauthnRoaming": _SWITCH,
    }

    async def create(self, api: Management, inputs: State) -> tuple[str, State]:
        resource_id = f"stand-in-{uuid.uuid4().hex}"
        changed = frozenset(item.top for item in differences(self.schema, {}, inputs))
        # A block that says "off" equals an absent one for the diff, yet the plugin writes it.
        changed |= {name for name in (*_SWITCHES, "phone") if name in inputs}
        return resource_id, await self._write(api, resource_id, inputs, changed)

    async def update(self, api: Management, change: Change) -> State:
        return await self._write(api, change.id, change.inputs, change.attributes)

    async def _write(
        self, api: Management, resource_id: str, inputs: State, changed: frozenset[str]
    ) -> State:
        steps: list[Callable[[], Awaitable[None]]] = []
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

        reasons = await _run_all(steps)
        if reasons:
            raise PartialFailureError(resource_id, dict(inputs), reasons)
        return await self._read_all(api)

    async def read(self, api: Management, resource_id: str, prior: State) -> State | None:
        # Unlike the other resources, a 404 here is an error: these endpoints always exist.
        return await self._read_all(api)

    async def _read_all(self, api: Management) -> State:
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
        return state

    async def delete(self, api: Management, resource_id: str, state: State) -> None:
        steps: list[Callable[[], Awaitable[None]]] = [lambda: _set_policies(api, [])]
        steps += [_switching(api, factor, enabled=False) for factor in _DELETE_ORDER]
        reasons = await _run_all(steps)
        if reasons:
            raise ManagementError(0, "; ".join(reasons))


async def _run_all(steps: list[Callable[[], Awaitable[None]]]) -> list[str]:
    reasons: list[str] = []
    for step in steps:
        try:
            await step()
        except ManagementError as error:
            reasons.append(str(error))
    return reasons


async def _set_policies(api: Management, policies: list[str]) -> None:
    await api.call(lambda sdk: sdk.guardian.policies.set(request=policies))


def _switching(api: Management, factor: str, *, enabled: bool) -> Callable[[], Awaitable[None]]:
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
