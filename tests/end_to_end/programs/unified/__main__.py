"""The program of the contract's unified trace: six resources, varied through config.

Not the package's components: the trace was recorded with bare resources under these names.
"""

import pulumi
import pulumi_auth0 as auth0

config = pulumi.Config()
methods = config.require_object("methods")

sender = auth0.Action(
    "sender",
    name="ntt-cpaas",
    supported_triggers={"id": "custom-phone-provider", "version": "v1"},
    runtime="node22",
    code=config.require("code"),
    deploy=True,
    secrets=[
        {"name": "CPAAS_API_KEY", "value": config.require_secret("key")},
        {"name": "CPAAS_BASE_URL", "value": "cpaas.example"},
    ],
)
provider = auth0.PhoneProvider(
    "provider",
    name="custom",
    disabled=False,
    configuration={"delivery_methods": methods},
    credentials={},
    opts=pulumi.ResourceOptions(depends_on=[sender]),
)
templates = [
    auth0.PhoneNotificationTemplate(
        kind,
        type=kind,
        disabled=False,
        content={
            "from_": "+815012345678",
            "body": {"text": config.require("text"), "voice": "{{ code }}"},
        },
        opts=pulumi.ResourceOptions(depends_on=[provider]),
    )
    for kind in ("otp_verify", "otp_enroll")
]
# The SDK has these blocks from 3.54 on, so that they are not named where none is wanted.
blocks = {"settings": "mfaSettings", "phone_settings": "phoneSettings"}
wanted = {block: config.get_object(key) for block, key in blocks.items()}
auth0.Guardian(
    "mfa",
    policy=config.require("policy"),
    phone={
        "enabled": True,
        "message_types": [{"text": "sms", "voice": "voice"}[method] for method in methods],
    },
    **{block: value for block, value in wanted.items() if value is not None},
    opts=pulumi.ResourceOptions(depends_on=[provider]),
)
