// Calls every operation of the sandbox that node-auth0 has a method for.
//
// Usage: node clients.cjs unified|legacy, with AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET
// and NODE_EXTRA_CA_CERTS in the environment. It prints one line of JSON a step, as go/ does, and
// judges nothing: tests/clients/test_node_auth0.py does. The client is the one that
// auth0-deploy-cli is made of.
"use strict";

const { ManagementClient } = require("auth0");

const IDS =
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(pro|tem)_[0-9A-Za-z]{22}|900\d{20,}/g;

let calls = [];
const fetched = globalThis.fetch;
globalThis.fetch = async (input, options) => {
  const url = new URL(input instanceof Request ? input.url : String(input));
  const path = (url.pathname + url.search).replace(/^\/api\/v2/, "").replace(IDS, "{id}");
  const made = { method: options?.method ?? "GET", path, status: 0 };
  calls.push(made);
  const answer = await fetched(input, options);
  made.status = answer.status;
  return answer;
};

async function step(name, run) {
  calls = [];
  let value = null;
  let error = null;
  try {
    value = (await run()) ?? null;
  } catch (caught) {
    error = {
      type: caught.constructor.name,
      status: caught.statusCode ?? 0,
      message: String(caught.body?.message ?? caught.message),
    };
  }
  process.stdout.write(`${JSON.stringify({ step: name, calls, value, error })}\n`);
  return value;
}

async function all(pages) {
  const found = [];
  for await (const one of await pages) found.push(one);
  return found;
}

async function actions(auth0) {
  const code = "exports.onExecuteCustomPhoneProvider = async () => {};";
  const trigger = "custom-phone-provider";
  const made = await step("actions.create", () =>
    auth0.actions.create({
      name: "sender",
      supported_triggers: [{ id: trigger, version: "v1" }],
      code,
      secrets: [{ name: "KEY", value: "canary" }],
    }),
  );
  await step("actions.triggers", () => auth0.actions.triggers.list());
  await step("actions.read", () => auth0.actions.get(made.id));
  const first = await step("actions.deploy", () => auth0.actions.deploy(made.id));
  await step("actions.update", () => auth0.actions.update(made.id, { code: `${code} // 2` }));
  await step("actions.version", () => auth0.actions.versions.get(made.id, first.id));
  await step("actions.rollback", () =>
    auth0.actions.versions.deploy(made.id, first.id, { update_draft: true }),
  );
  await step("actions.versions", () => all(auth0.actions.versions.list(made.id)));
  await step("actions.test", () => auth0.actions.test(made.id, { payload: {} }));
  await step("actions.list", () => all(auth0.actions.list({ triggerId: trigger, per_page: 1 })));
  const bindings = auth0.actions.triggers.bindings;
  const ref = { type: "action_name", value: "sender" };
  await step("actions.bind", () =>
    bindings.updateMany(trigger, { bindings: [{ ref, display_name: "Sender" }] }),
  );
  await step("actions.bindings", () => all(bindings.list(trigger)));
  await step("actions.delete a bound one", () => auth0.actions.delete(made.id));
  await step("actions.modules", () => all(auth0.actions.modules.list()));
}

async function branding(auth0) {
  const { providers, templates } = auth0.branding.phone;
  const provider = await step("providers.create", () =>
    providers.create({
      name: "custom",
      credentials: {},
      configuration: { delivery_methods: ["text", "voice"] },
    }),
  );
  await step("providers.list", () => providers.list());
  await step("providers.update", () => providers.update(provider.id, { disabled: false }));
  await step("providers.read", () => providers.get(provider.id));
  const to = "+819012345678";
  await step("providers.try", () => providers.test(provider.id, { to, delivery_method: "text" }));
  await step("templates.list defaults", () => templates.list());
  const body = { text: "{{ code }}", voice: "{{ code }}" };
  const template = await step("templates.create", () =>
    templates.create({ type: "otp_verify", disabled: false, content: { body } }),
  );
  await step("templates.update", () => templates.update(template.id, { disabled: true }));
  await step("templates.read", () => templates.get(template.id));
  await step("templates.reset", () => templates.reset(template.id, {}));
  await step("templates.try", () => templates.test(template.id, { to }));
  await step("templates.delete", () => templates.delete(template.id));
  await step("providers.delete", () => providers.delete(provider.id));
}

async function guardian(auth0) {
  const { factors, policies } = auth0.guardian;
  await step("guardian.factors", () => factors.list());
  await step("guardian.policy always", () => policies.set(["all-applications"]));
  await step("guardian.policy", () => policies.list());
  await step("phone.enable", () => factors.set("sms", { enabled: true }));
  await step("phone.set message types", () =>
    factors.phone.setMessageTypes({ message_types: ["sms", "voice"] }),
  );
  await step("phone.message types", () => factors.phone.getMessageTypes());
  const push = factors.pushNotification;
  await step("push.set provider", () => push.setProvider({ provider: "sns" }));
  await step("push.provider", () => push.getSelectedProvider());
  await step("push.set sns", () =>
    push.setSnsProvider({ aws_region: "r", aws_secret_access_key: "canary" }),
  );
  await step("push.update sns", () => push.updateSnsProvider({ aws_access_key_id: "id" }));
  await step("push.sns", () => push.getSnsProvider());
  await step("push.set apns", () =>
    push.setApnsProvider({ sandbox: true, bundle_id: "b", p12: "canary" }),
  );
  await step("push.update apns", () => push.updateApnsProvider({ bundle_id: "b2" }));
  await step("push.apns", () => push.getApnsProvider());
  await step("push.set fcm", () => push.setFcmProvider({ server_key: "canary" }));
  await step("push.update fcm", () => push.updateFcmProvider({ server_key: "canary" }));
  await step("push.set fcmv1", () => push.setFcmv1Provider({ server_credentials: "canary" }));
  await step("push.update fcmv1", () => push.updateFcmv1Provider({ server_credentials: "canary" }));
  const duo = factors.duo.settings;
  await step("duo.set", () => duo.set({ ikey: "i", skey: "canary", host: "h" }));
  await step("duo.update", () => duo.update({ host: "h2" }));
  await step("duo", () => duo.get());
}

async function unified() {
  const auth0 = client();
  await step("settings.read", () => auth0.tenants.settings.get());
  await step("settings.update", () =>
    auth0.tenants.settings.update({ friendly_name: "みらい銀行" }),
  );
  await actions(auth0);
  await branding(auth0);
  await guardian(auth0);
  await step("clients.list", () => all(auth0.clients.list()));
  const logs = await step("logs.list", () => all(auth0.logs.list({ per_page: 2 })));
  await step("logs.read", () => auth0.logs.get(logs[0].log_id));
  await step("errors.action", () => auth0.actions.get("00000000-0000-4000-8000-000000000000"));
  await step("errors.execution", () => auth0.actions.executions.get("none"));
  await step("errors.body", () => auth0.guardian.factors.phone.setMessageTypes({ message_types: ["fax"] }));
  await step("errors.forbidden", () => auth0.guardian.factors.phone.getSelectedProvider());
}

async function legacy() {
  const { phone, sms } = client().guardian.factors;
  const texts = { enrollment_message: "{{code}} e", verification_message: "{{code}} v" };
  await step("sms.templates unset", () => sms.getTemplates());
  for (const [name, family] of Object.entries({ phone, sms })) {
    await step(`${name}.set provider`, () => family.setProvider({ provider: "phone-message-hook" }));
    await step(`${name}.provider`, () => family.getSelectedProvider());
    await step(`${name}.set templates`, () => family.setTemplates(texts));
    await step(`${name}.templates`, () => family.getTemplates());
    await step(`${name}.set twilio`, () => family.setTwilioProvider({ sid: "s", auth_token: "canary" }));
    await step(`${name}.twilio`, () => family.getTwilioProvider());
  }
}

function client() {
  return new ManagementClient({
    domain: process.env.AUTH0_DOMAIN,
    clientId: process.env.AUTH0_CLIENT_ID,
    clientSecret: process.env.AUTH0_CLIENT_SECRET,
  });
}

({ unified, legacy })[process.argv[2]]();
