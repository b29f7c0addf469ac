"""A tenant with phone MFA in as few resources as a code needs to reach a phone."""

import pulumi
import pulumi_auth0 as auth0

CODE = """
exports.onExecuteCustomPhoneProvider = async (event, api) => {
  const voice = event.notification.delivery_method === 'voice';
  const { CPAAS_BASE_URL: host, CPAAS_API_KEY: key, SENDER: sender } = event.secrets;
  const to = event.notification.recipient;
  const text = voice ? event.notification.as_voice : event.notification.as_text;
  const body = voice
    ? { messages: [{ from: sender, destinations: [{ to }], text, language: 'ja',
        voice: { gender: 'female', name: 'Hiromi' } }] }
    : { messages: [{ sender, destinations: [{ to }], content: { text } }] };
  const answer = await fetch(`https://${host}${voice ? '/tts/3/advanced' : '/sms/3/messages'}`, {
    method: 'POST',
    headers: { Authorization: `App ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) api.notification.drop(`HTTP ${answer.status}: ${await answer.text()}`);
};
"""

config = pulumi.Config()
sender = auth0.Action(
    "sender",
    name="sender",
    supported_triggers={"id": "custom-phone-provider", "version": "v1"},
    runtime="node22",
    code=CODE,
    deploy=True,
    secrets=[
        {"name": "CPAAS_API_KEY", "value": config.require_secret("cpaasApiKey")},
        {"name": "CPAAS_BASE_URL", "value": config.require("cpaasBaseHost")},
        {"name": "SENDER", "value": config.require("sender")},
    ],
)
provider = auth0.PhoneProvider(
    "provider",
    name="custom",
    disabled=False,
    configuration={"delivery_methods": ["text", "voice"]},
    credentials={},
    opts=pulumi.ResourceOptions(depends_on=[sender]),
)
template = auth0.PhoneNotificationTemplate(
    "verify",
    type="otp_verify",
    disabled=False,
    content={
        "from_": config.require("sender"),
        "body": {"text": "Code: {{ code }}", "voice": "Code {{ code }}"},
    },
    opts=pulumi.ResourceOptions(depends_on=[provider]),
)
auth0.Guardian(
    "factor",
    policy="all-applications",
    phone={"enabled": True, "message_types": ["sms", "voice"]},
    opts=pulumi.ResourceOptions(depends_on=[provider]),
)
