'use strict';
/**
 * The Action before issue 21 (commit f983b8d of 2026-11-26, as it was deployed) and today's, each with
 * the other's secrets: a rollback changes code and secrets in two writes, and messages go in between.
 */
const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const path = require('node:path');
const test = require('node:test');

const { ActionRuntime, KEY, LEGACY, UNIFIED, accepted, legacyEvent, run, unifiedEvent } = require('./support/action.cjs');
const { generator } = require('./support/random.cjs');

const SEED = Number(process.env.PHONEMFA_SEED ?? 20261201);
const PREVIOUS = {
  [UNIFIED]: ['custom-phone-provider.js', '754a0e0c6c6dbbda0b1d68920eafb9294cf6726d5e73791d2f8f3e6592c14db3'],
  [LEGACY]: ['send-phone-message.js', '2bd510c3b898ba33326eb3c681db3e99df8f903923587c8973ed54f774c7e214'],
};
const previous = (handler) => readFileSync(path.join(__dirname, 'previous', PREVIOUS[handler][0]), 'utf8');

/** What both know, and what only today's does; every value is one that the settings can give. */
const shared = (random) => ({
  CPAAS_API_KEY: KEY, CPAAS_BASE_URL: 'cpaas.sandbox.test',
  SMS_SENDER: random.pick(['MIRAIBANK', '0005212345']), VOICE_SENDER: '+815031234567', VOICE_GENDER: random.pick(['female', 'male']),
  ALLOWED_PREFIXES: random.pick(['+81', '+81,+1808']), MESSAGE_TYPES: random.pick(['otp_verify,otp_enroll', 'otp_verify,otp_enroll,change_password']),
  DEDUPLICATE: random.pick(['on', 'off']), RECIPIENT_LIMIT: random.pick(['0', '3', '99']),
});
const newer = (random) => ({
  LANGUAGE: random.pick(['ja', 'en']), RING_TIMEOUT: random.pick(['5', '14', '60']), MACHINE_DETECTION: random.pick(['on', 'off']),
  VOICE_LIMIT: random.pick(['0', '2']), TENANT_LIMIT: random.pick(['0', '500']), ORIGIN_BOUND_CODE: random.pick(['login.example.co.jp', undefined]),
});

const eventOf = (random, handler) => {
  const code = random.digits(random.pick([4, 6, 10]));
  const text = `コードは ${code} です`;
  const voice = random.chance(0.5);
  return handler === UNIFIED
    ? unifiedEvent({ as_text: text, as_voice: text, code, delivery_method: voice ? 'voice' : 'text', message_type: random.pick(['otp_verify', 'otp_enroll']) })
    : legacyEvent({ text, code, message_type: voice ? 'voice' : 'sms', action: random.pick(['enrollment', 'second-factor-authentication']) });
};

test('the frozen Action is the one that was deployed', () => {
  for (const handler of [UNIFIED, LEGACY]) {
    assert.equal(createHash('sha256').update(previous(handler)).digest('hex'), PREVIOUS[handler][1]);
  }
});

for (const handler of [UNIFIED, LEGACY]) {
  test(`${handler}: the Action before it sends with today's settings`, async () => {
    const random = generator(SEED);
    const real = globalThis.fetch;
    try {
      for (let round = 0; round < 60; round += 1) {
        const sent = [];
        globalThis.fetch = async (url, options) => {
          sent.push([String(url), JSON.parse(options.body)]);
          return accepted();
        };
        const secrets = { ...shared(random), ...newer(random) };
        const { kind, reason } = await new ActionRuntime().execute({
          code: previous(handler), version_id: 'previous', handler, event: eventOf(random, handler), secrets,
        });
        assert.deepEqual([kind, reason, sent.length], ['success', null, 1], `seed ${SEED}, round ${round}: ${JSON.stringify(secrets)}`);
      }
    } finally {
      globalThis.fetch = real;
    }
  });

  test(`${handler}: today's Action sends with the settings before it`, async () => {
    const random = generator(SEED);
    for (let round = 0; round < 60; round += 1) {
      const secrets = shared(random);
      const outcome = await run({ handler, event: eventOf(random, handler), secrets });
      assert.deepEqual([outcome.kind, outcome.requests.length], ['success', 1], `seed ${SEED}, round ${round}: ${JSON.stringify(secrets)}`);
    }
  });
}

test('of the settings that today\'s Action takes, only those of this file are newer', () => {
  const today = readFileSync(path.join(__dirname, '..', '..', 'actions', 'src', 'config.js'), 'utf8');
  const names = (code) => [...code.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name]) => name);
  const random = generator(SEED);
  assert.deepEqual([...names(today)].sort(), [...Object.keys(shared(random)), ...Object.keys(newer(random))].sort());
});
