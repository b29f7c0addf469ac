"""auth0:index/phoneProvider:PhoneProvider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sandbox.plugin.client import Management
from sandbox.plugin.resources.base import ApiObject, Change, State, existing, given
from sandbox.plugin.schema import Attribute, Schema

if TYPE_CHECKING:
    from auth0.management import AsyncAuth0


class PhoneProviderResource(ApiObject):
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
        return await super().create(api, inputs)

    def calls(self, sdk: AsyncAuth0) -> Any:
        return sdk.branding.phone.providers

    def body(self, inputs: State, changed: frozenset[str] | None) -> dict[str, Any]:
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

    def state(self, answer: dict[str, Any], prior: State) -> State:
        configuration = answer.get("configuration") or {}
        return given(
            channel=answer.get("channel"),
            configuration=given(
                defaultFrom=configuration.get("default_from"),
                deliveryMethods=configuration.get("delivery_methods"),
                mssid=configuration.get("mssid"),
                sid=configuration.get("sid"),
            ),
            credentials=prior.get("credentials"),
            disabled=answer.get("disabled"),
            name=answer["name"],
            tenant=answer.get("tenant"),
        )
