"""auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate."""

from typing import Any, ClassVar

from sandbox.plugin.resources.base import ApiObject, State
from sandbox.plugin.schema import NOT_EMPTY, Attribute, Schema, block

_TYPES = ("otp_verify", "otp_enroll", "change_password", "blocked_account", "password_breach")


class TemplateResource(ApiObject):
    """One phone notification template. A type that is already customised answers 409."""

    token: ClassVar[str] = "auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate"  # noqa: S105 - a type token
    path: ClassVar[str] = "branding/phone/templates"
    schema: ClassVar[Schema] = {
        "channel": Attribute(output_only=True),
        "content": block(
            {
                "body": block(
                    {"text": Attribute(empty=""), "voice": Attribute(empty="")}, computed=True
                ),
                "from": NOT_EMPTY,
                "syntax": Attribute(computed=True, empty=""),
            },
            computed=True,
        ),
        "customizable": Attribute(output_only=True, empty=False),
        "disabled": Attribute(computed=True),
        "templateId": Attribute(output_only=True),
        "tenant": Attribute(output_only=True),
        "type": Attribute(required=True, force_new=True, choices=_TYPES),
    }

    def body(self, inputs: State, changed: frozenset[str] | None) -> dict[str, Any]:
        body = super().body(inputs, changed)
        if changed is not None:
            body.pop("type")
            body.get("content", {}).pop("syntax", None)
        return body

    def state(self, answer: dict[str, Any], prior: State) -> State:
        return super().state(answer, prior) | {"templateId": answer["id"]}
