"""auth0:index/phoneProvider:PhoneProvider."""

from __future__ import annotations

from typing import Any, ClassVar

from sandbox.plugin.client import Management
from sandbox.plugin.resources.base import Change, Resource, State, existing, given, unless_gone
from sandbox.plugin.schema import Attribute, Schema


class PhoneProviderResource(Resource):
    """The tenant's phone provider. Creating takes over a provider that is already there."""

    token: ClassVar[str] = "auth0:index/phoneProvider:PhoneProvider"  # noqa: S105 - a type token
    autonamed: ClassVar[bool] = True
    schema: ClassVar[Schema] = {
        "channel": Attribute(output_only=True),
        "configuration": Attribute(
            kind="block",
            required=True,
            fields={
                "defaultFrom": Attribute(empty="", conflicts=("mssid",), needs=("sid",)),
                "deliveryMethods": Attribute(kind="set", required=True, choices=("voice", "text")),
                "mssid": Attribute(empty="", conflicts=("defaultFrom",), needs=("sid",)),
                "sid": Attribute(empty=""),
            },
        ),
        "credentials": Attribute(
            kind="block",
            required=True,
            fields={"authToken": Attribute(secret=True, empty="")},
        ),
        "disabled": Attribute(empty=False),
        "name": Attribute(required=True, choices=("twilio", "custom")),
        "tenant": Attribute(output_only=True),
    }

    async def create(self, api: Management, inputs: State) -> tuple[str, State]:
        found = await api.call(lambda sdk: sdk.branding.phone.providers.list())
        if found["providers"]:
            provider_id: str = found["providers"][0]["id"]
            taken_over = Change(id=provider_id, prior={}, inputs=inputs, attributes=frozenset())
            with existing(provider_id):
                return provider_id, await self.update(api, taken_over)
        body = _body(inputs)
        created = await api.call(lambda sdk: sdk.branding.phone.providers.create(**body))
        provider_id = created["id"]
        with existing(provider_id):
            return provider_id, await self.read(api, provider_id, inputs) or inputs

    async def read(self, api: Management, resource_id: str, prior: State) -> State | None:
        asked = api.call(lambda sdk: sdk.branding.phone.providers.get(resource_id))
        provider = await unless_gone(asked)
        if provider is None:
            return None
        configuration = provider.get("configuration") or {}
        return given(
            channel=provider.get("channel"),
            configuration=given(
                defaultFrom=configuration.get("default_from"),
                deliveryMethods=configuration.get("delivery_methods"),
                mssid=configuration.get("mssid"),
                sid=configuration.get("sid"),
            ),
            credentials=prior.get("credentials"),
            disabled=provider.get("disabled"),
            name=provider["name"],
            tenant=provider.get("tenant"),
        )

    async def update(self, api: Management, change: Change) -> State:
        body = _body(change.inputs)
        await api.call(lambda sdk: sdk.branding.phone.providers.update(change.id, **body))
        return await self.read(api, change.id, change.inputs) or change.inputs

    async def delete(self, api: Management, resource_id: str, state: State) -> None:
        await unless_gone(api.call(lambda sdk: sdk.branding.phone.providers.delete(resource_id)))


def _body(inputs: State) -> dict[str, Any]:
    configuration = inputs["configuration"]
    return given(
        name=inputs["name"],
        disabled=inputs.get("disabled"),
        configuration=given(
            delivery_methods=configuration["deliveryMethods"],
            default_from=configuration.get("defaultFrom"),
            mssid=configuration.get("mssid"),
            sid=configuration.get("sid"),
        ),
        credentials=given(auth_token=inputs["credentials"].get("authToken")),
    )
