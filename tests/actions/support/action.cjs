'use strict';
/**
 * Runs the assembled Action in the sandbox's runner over a wire of the test's own, with sample events,
 * secrets and answers. The code under test is the text that is deployed: it comes from
 * components/action_code.py, so run the suites through pytest or with Python on PATH.
 */

const { execFileSync } = require('node:child_process');
const path = require('node:path');

const { ActionRuntime } = require('../../../sandbox/runner/runner.cjs');
const { failure, withWire } = require('./wire.cjs');

const ROOT = path.resolve(__dirname, '..', '..', '..');
const UNIFIED = 'onExecuteCustomPhoneProvider';
const LEGACY = 'onExecuteSendPhoneMessage';
const TRIGGERS = { [UNIFIED]: 'custom-phone-provider', [LEGACY]: 'send-phone-message' };
const KEY = 'K3Y-0123456789abcdef-SECRET';

const assembled = new Map();

function codeOf(handler) {
  if (!assembled.has(handler)) {
    const program = path.join(ROOT, 'components', 'action_code.py');
    const python = process.env.PHONEMFA_PYTHON ?? 'python3';
    assembled.set(handler, execFileSync(python, [program, TRIGGERS[handler]], { encoding: 'utf8' }));
  }
  return assembled.get(handler);
}

const secrets = (changes = {}) => ({
  CPAAS_API_KEY: KEY,
  CPAAS_BASE_URL: 'cpaas.sandbox.test',
  SMS_SENDER: 'MIRAIBANK',
  VOICE_SENDER: '+815031234567',
  ...changes,
});

const unifiedEvent = (notification = {}, rest = {}) => ({
  notification: {
    as_text: '482913 が認証コードです。',
    as_voice: '認証コードは、482913、です。繰り返します。482913、です。',
    code: '482913',
    delivery_method: 'text',
    locale: 'ja',
    message_type: 'otp_verify',
    recipient: '+819012345678',
    ...notification,
  },
  request: { geoip: { countryCode: 'JP' }, ip: '192.0.2.1', method: 'POST' },
  tenant: { id: 'test' },
  transaction: { correlation_id: 'transaction-1' },
  user: { user_id: 'auth0|1' },
  ...rest,
});

const legacyEvent = (options = {}, rest = {}) => ({
  message_options: {
    action: 'second-factor-authentication',
    code: '482913',
    message_type: 'sms',
    recipient: '+819012345678',
    text: '482913 が認証コードです。',
    ...options,
  },
  request: { geoip: { countryCode: 'JP' }, ip: '192.0.2.1', method: 'POST', language: 'ja' },
  tenant: { id: 'test' },
  user: { user_id: 'auth0|1' },
  ...rest,
});

/** A 200 with one message in the given status. */
const accepted = (status = { groupId: 1, groupName: 'PENDING', id: 26, name: 'PENDING_ACCEPTED' }) =>
  Response.json({ messages: [{ messageId: 'm', destination: '819012345678', status }] });

/**
 * Of one runtime the cache is a day older at each look, so that no test meets another's sends. A runtime
 * of its own for each would make every promise slower than the last (node:async_hooks).
 */
let days = 0;
const shared = new ActionRuntime({ now: () => Date.now() + days * 86_400_000 });
const fresh = () => {
  days += 1;
  return shared;
};

/** Runs one execution; `connect` and `answer` stand for the network and the CPaaS (wire.cjs). */
async function run({
  handler = UNIFIED,
  event = handler === UNIFIED ? unifiedEvent() : legacyEvent(),
  secrets: given = secrets(),
  connect,
  answer = () => accepted(),
  runtime = fresh(),
} = {}) {
  const requests = [];
  let tries = 0;
  const wire = { connect, answer, seen: (request) => requests.push(request), tried: () => { tries += 1; } };
  const outcome = await withWire(wire, () => runtime.execute({
    code: codeOf(handler), version_id: handler, handler, event, secrets: given,
  }));
  return { ...outcome, requests, tries, message: requests[0]?.body.messages[0] };
}

module.exports = {
  ActionRuntime, KEY, LEGACY, UNIFIED, accepted, codeOf, failure, legacyEvent, run, secrets, unifiedEvent, withWire,
};
