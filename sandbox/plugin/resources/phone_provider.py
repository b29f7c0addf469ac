"""auth0:index/phoneProvider:PhoneProvider."""

from dataclasses import replace
from typing import Any, ClassVar

from sandbox.plugin.client import Management, of_form
from sandbox.plugin.resources.base import ApiObject, Change, State, existing, given
from sandbox.plugin.schema import NOT_EMPTY, Attribute, Schema, block


class PhoneProviderResource(ApiObject):
    """The tenant's phone provider. Creating takes over a provider that is already there."""

    token: ClassVar[str] = "auth0:index/phoneProvider:PhoneProvider"  # noqa: S105 - a type token
    path: ClassVar[str] = "branding/phone/providers"
    autonamed: ClassVar[bool] = True
    schema: ClassVar[Schema] = {
        "channel": Attribute(output_only=True),
        "configuration": block(
            {
                "defaultFrom": replace(NOT_EMPTY, conflicts=("mssid",), needs=("sid",)),
                "deliveryMethods": Attribute(
                    kind="set", required=True, choices=("voice", "text"), limits=(1, 2)
                ),
                "mssid": replace(NOT_EMPTY, conflicts=("defaultFrom",), needs=("sid",)),
                "sid": NOT_EMPTY,
            },
            required=True,
        ),
        "credentials": block({"authToken": replace(NOT_EMPTY, secret=True)}, required=True),
        "disabled": Attribute(empty=False),
        "name": Attribute(required=True, choices=("twilio", "custom")),
        "tenant": Attribute(output_only=True),
    }

    async def create(self, api: Management, inputs: State) -> tuple[str, State]:
        found = await api.get(
            self.path, lambda answer: [of_form(str, one["id"]) for one in answer["providers"]]
        )
        if found:
            provider_id = found[0]
            taken_over = Change(id=provider_id, prior={}, inputs=inputs, attributes=frozenset())
            with existing(provider_id):
                return provider_id, await self.update(api, taken_over)
        return await super().create(api, inputs)

    def state(self, answer: dict[str, Any], prior: State) -> State:
        state = super().state(answer, prior)
        state.pop("credentials", None)
        return state | given(credentials=prior.get("credentials"))
