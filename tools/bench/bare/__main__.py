"""The resources of the sandbox's stack as somebody writes them without the package.

What a preview of the package costs is measured against it.
"""

from pathlib import Path

import pulumi
import pulumi_auth0 as auth0

plain = {
    "CPAAS_BASE_URL": "cpaas.sandbox.test",
    "SMS_SENDER": "0005212345",
    "VOICE_SENDER": "+815012345678",
    "VOICE_GENDER": "female",
    "ALLOWED_PREFIXES": "+81",
    "MESSAGE_TYPES": "otp_verify,otp_enroll,change_password",
    "DEDUPLICATE": "off",
    "RECIPIENT_LIMIT": "10",
}
secrets: list[auth0.ActionSecretArgsDict] = [
    {"name": "CPAAS_API_KEY", "value": pulumi.Config().require_secret("key")},
    *(auth0.ActionSecretArgsDict(name=name, value=value) for name, value in plain.items()),
]
action = auth0.Action(
    "action",
    name="ntt-cpaas-phone",
    supported_triggers={"id": "custom-phone-provider", "version": "v1"},
    runtime="node22",
    code=Path("action.js").read_text(encoding="utf-8"),
    deploy=True,
    secrets=secrets,
)
provider = auth0.PhoneProvider(
    "provider",
    name="custom",
    disabled=False,
    configuration={"delivery_methods": ["text", "voice"]},
    credentials={},
    opts=pulumi.ResourceOptions(depends_on=[action]),
)
templates = [
    auth0.PhoneNotificationTemplate(
        kind,
        type=kind,
        disabled=False,
        content={"body": {"text": "{{ code }}", "voice": "{{ code }}"}},
    )
    for kind in ("otp_verify", "otp_enroll", "change_password")
]
auth0.Guardian(
    "guardian",
    policy="all-applications",
    phone={"enabled": True, "message_types": ["sms", "voice"]},
    email=False,
    otp=False,
    recovery_code=False,
    opts=pulumi.ResourceOptions(depends_on=[provider, *templates]),
)
