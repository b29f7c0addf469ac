"""auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate."""

from __future__ import annotations

from typing import Any, ClassVar

from sandbox.plugin.client import Management
from sandbox.plugin.resources.base import Change, Resource, State, existing, given, unless_gone
from sandbox.plugin.schema import Attribute, Schema


class TemplateResource(Resource):
    """One phone notification template. A type that is already customised answers 409."""

    token: ClassVar[str] = "auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate"  # noqa: S105 - a type token
    schema: ClassVar[Schema] = {
        "channel": Attribute(output_only=True),
        "content": Attribute(
            kind="block",
            computed=True,
            fields={
                "body": Attribute(
                    kind="block",
                    computed=True,
                    fields={"text": Attribute(empty=""), "voice": Attribute(empty="")},
                ),
                "from": Attribute(empty=""),
                "syntax": Attribute(computed=True, empty=""),
            },
        ),
        "customizable": Attribute(output_only=True, empty=False),
        "disabled": Attribute(computed=True),
        "templateId": Attribute(output_only=True),
        "tenant": Attribute(output_only=True),
        "type": Attribute(
            required=True,
            force_new=True,
            choices=(
                "otp_verify",
                "otp_enroll",
                "change_password",
                "blocked_account",
                "password_breach",
            ),
        ),
    }

    async def create(self, api: Management, inputs: State) -> tuple[str, State]:
        body = given(
            type=inputs["type"],
            disabled=inputs.get("disabled"),
            content=_content(inputs, syntax=True),
        )
        created = await api.call(lambda sdk: sdk.branding.phone.templates.create(**body))
        template_id: str = created["id"]
        with existing(template_id):
            return template_id, await self.read(api, template_id, inputs) or inputs

    async def read(self, api: Management, resource_id: str, prior: State) -> State | None:
        asked = api.call(lambda sdk: sdk.branding.phone.templates.get(resource_id))
        template = await unless_gone(asked)
        if template is None:
            return None
        content = template.get("content") or {}
        text_and_voice = content.get("body") or {}
        return given(
            channel=template.get("channel"),
            content=given(
                body=given(text=text_and_voice.get("text"), voice=text_and_voice.get("voice")),
                syntax=content.get("syntax"),
                **given(**{"from": content.get("from") or content.get("from_")}),
            ),
            customizable=template.get("customizable"),
            disabled=template.get("disabled"),
            templateId=template["id"],
            tenant=template.get("tenant"),
            type=template["type"],
        )

    async def update(self, api: Management, change: Change) -> State:
        body = given(
            disabled=change.inputs.get("disabled"), content=_content(change.inputs, syntax=False)
        )
        await api.call(lambda sdk: sdk.branding.phone.templates.update(change.id, **body))
        return await self.read(api, change.id, change.inputs) or change.inputs

    async def delete(self, api: Management, resource_id: str, state: State) -> None:
        await unless_gone(api.call(lambda sdk: sdk.branding.phone.templates.delete(resource_id)))


def _content(inputs: State, *, syntax: bool) -> dict[str, Any] | None:
    content = inputs.get("content")
    if content is None:
        return None
    texts = content.get("body")
    return given(
        syntax=content.get("syntax") if syntax else None,
        body=None if texts is None else given(text=texts.get("text"), voice=texts.get("voice")),
        from_=content.get("from"),
    )
