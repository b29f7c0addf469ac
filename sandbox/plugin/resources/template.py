"""auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sandbox.plugin.resources.base import ApiObject, State, given
from sandbox.plugin.schema import Attribute, Schema

if TYPE_CHECKING:
    from auth0.management import AsyncAuth0


class TemplateResource(ApiObject):
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

    def calls(self, sdk: AsyncAuth0) -> Any:
        return sdk.branding.phone.templates

    def body(self, inputs: State, changed: frozenset[str] | None) -> dict[str, Any]:
        new = changed is None
        return given(
            type=inputs["type"] if new else None,
            disabled=inputs.get("disabled"),
            content=_content(inputs, syntax=new),
        )

    def state(self, answer: dict[str, Any], prior: State) -> State:
        content = answer.get("content") or {}
        text_and_voice = content.get("body") or {}
        return given(
            channel=answer.get("channel"),
            content=given(
                body=given(text=text_and_voice.get("text"), voice=text_and_voice.get("voice")),
                syntax=content.get("syntax"),
                **given(**{"from": content.get("from") or content.get("from_")}),
            ),
            customizable=answer.get("customizable"),
            disabled=answer.get("disabled"),
            templateId=answer["id"],
            tenant=answer.get("tenant"),
            type=answer["type"],
        )


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
