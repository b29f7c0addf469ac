"""The programs of the contract's traces, varied through config: six resources; of legacy, three.

Not the package's components: the traces were recorded with bare resources under these names.
"""

from typing import Any

import pulumi
import pulumi_auth0 as auth0

config = pulumi.Config()
methods = config.require_object("methods")
legacy = config.require_bool("legacy")
trigger, version = ("send-phone-message", "v2") if legacy else ("custom-phone-provider", "v1")
sender = auth0.Action(
    "sender",
    name="ntt-cpaas",
    supported_triggers={"id": trigger, "version": version},
    runtime="node22",
    code=config.require("code"),
    deploy=True,
    secrets=[
        {"name": "CPAAS_API_KEY", "value": config.require_secret("key")},
        {"name": "CPAAS_BASE_URL", "value": "cpaas.example"},
    ],
)
phone: Any = {
    "enabled": True,
    "message_types": [{"text": "sms", "voice": "voice"}[method] for method in methods],
}
delivery: pulumi.Resource
if legacy:
    delivery = auth0.TriggerActions(
        "binding",
        trigger=trigger,
        actions=[{"id": sender.id, "display_name": "ntt-cpaas"}],
    )
    texts = {"enrollment_message": "{{code}} e", "verification_message": config.require("text")}
    phone |= {"provider": "phone-message-hook", "options": texts}
else:
    delivery = auth0.PhoneProvider(
        "provider",
        name="custom",
        disabled=False,
        configuration={"delivery_methods": methods},
        credentials={},
        opts=pulumi.ResourceOptions(depends_on=[sender]),
    )
    for kind in ("otp_verify", "otp_enroll"):
        auth0.PhoneNotificationTemplate(
            kind,
            type=kind,
            disabled=False,
            content={
                "from_": "+815012345678",
                "body": {"text": config.require("text"), "voice": "{{ code }}"},
            },
            opts=pulumi.ResourceOptions(depends_on=[delivery]),
        )
# The SDK has these blocks from 3.54 on, so that they are not named where none is wanted.
blocks = {"settings": "mfaSettings", "phone_settings": "phoneSettings"}
wanted = {block: config.get_object(key) for block, key in blocks.items()}
auth0.Guardian(
    "mfa",
    policy=config.require("policy"),
    phone=phone,
    **{block: value for block, value in wanted.items() if value is not None},
    opts=pulumi.ResourceOptions(depends_on=[delivery]),
)
