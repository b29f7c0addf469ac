"""The program of the contract's legacy trace: three resources, varied through config.

Not the package's components: the trace was recorded with bare resources under these names.
"""

import pulumi
import pulumi_auth0 as auth0

config = pulumi.Config()

sender = auth0.Action(
    "sender",
    name="ntt-cpaas",
    supported_triggers={"id": "send-phone-message", "version": "v2"},
    runtime="node22",
    code=config.require("code"),
    deploy=True,
    secrets=[
        {"name": "CPAAS_API_KEY", "value": config.require_secret("key")},
        {"name": "CPAAS_BASE_URL", "value": "cpaas.example"},
    ],
)
binding = auth0.TriggerActions(
    "binding",
    trigger="send-phone-message",
    actions=[{"id": sender.id, "display_name": "ntt-cpaas"}],
)
auth0.Guardian(
    "mfa",
    policy=config.require("policy"),
    phone={
        "enabled": True,
        "provider": "phone-message-hook",
        "message_types": [
            {"text": "sms", "voice": "voice"}[method] for method in config.require_object("methods")
        ],
        "options": {
            "enrollment_message": "{{code}} e",
            "verification_message": config.require("text"),
        },
    },
    opts=pulumi.ResourceOptions(depends_on=[binding]),
)
