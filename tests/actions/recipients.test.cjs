'use strict';
const assert = require('node:assert/strict');
const test = require('node:test');

const { LEGACY, legacyEvent, run, secrets, unifiedEvent } = require('./support/action.cjs');

const send = (recipient, { method = 'text', type = 'otp_verify', given = secrets() } = {}) =>
  run({ event: unifiedEvent({ recipient, delivery_method: method, message_type: type }), secrets: given });

async function reaches(recipient, expected, options) {
  const outcome = await send(recipient, options);
  assert.equal(outcome.kind, 'success', `${recipient}: ${outcome.reason}`);
  assert.equal(outcome.message.destinations[0].to, expected);
}

const NOT_E164 = 'recipient is not an E.164 number with country prefix';
const COUNTRY = 'recipient country not allowed';
const RANGE = 'recipient is in a Japanese range that is not allowed';
const EXPENSIVE = 'recipient is in a premium, shared-cost, personal or satellite range';
const NO_SMS = 'recipient is a Japanese number without SMS';

async function refused(recipient, reason, options) {
  const outcome = await send(recipient, options);
  assert.deepEqual([outcome.kind, outcome.reason], ['drop', reason], String(recipient));
  assert.equal(outcome.requests.length, 0, `${recipient}: nothing may be sent`);
}

test('separators are dropped and the CPaaS gets digits only', async () => {
  for (const written of ['+819012345678', '+81-90-1234-5678', '+81 90 1234 5678', ' +81 (90) 1234.5678 ', '+81\u00a090-12345678']) {
    await reaches(written, '819012345678');
  }
});

test('a trunk zero kept after +81 is dropped, two are refused', async () => {
  await reaches('+81 090-1234-5678', '819012345678');
  await reaches('+81 (0)90-1234-5678', '819012345678');
  await refused('+81 0090-1234-5678', RANGE);
});

test('a number without a country prefix is refused, not guessed', async () => {
  for (const bare of ['09012345678', '9012345678', '819012345678', '00819012345678', '010819012345678']) await refused(bare, NOT_E164);
});

test('what is not strict E.164 is refused', async () => {
  for (const bad of ['', '+', '++819012345678', '+81901234567a', '+0819012345678', '+8190123', `+81${'9'.repeat(14)}`,
    '＋819012345678', '+81９012345678', '+819012345678;ext=1', '+819012345678,+819087654321', '+819012345678\u0000',
    'tel:+819012345678', '+8190/12345678', null, undefined, 819012345678, ['+819012345678'], {}]) await refused(bad, NOT_E164);
});

test('E.164 is as strict for countries whose ranges are not known', async () => {
  const given = secrets({ ALLOWED_PREFIXES: '+1,+9' });
  for (const bad of ['+1415555', '+1415555267100000', '+14155552671x', 'x+14155552671', '+1415+5552671', '+1 415 555 CALL']) await refused(bad, NOT_E164, { given });
  await reaches('+14155552', '14155552', { given });
  await reaches('+141555526711234', '141555526711234', { given });
  await refused('+44 +810 1415555', NOT_E164, { given });
});

test('every Japanese mobile range gets SMS and voice, 060 included', async () => {
  for (const range of ['60', '70', '80', '90']) {
    await reaches(`+81${range}12345678`, `81${range}12345678`);
    await reaches(`+81${range}98765432`, `81${range}98765432`, { method: 'voice' });
  }
});

test('fixed lines and 050 get voice but no SMS', async () => {
  for (const fixed of ['312345678', '661234567', '112345678', '452345678', '220221234', '981234567', '5031234567']) {
    await reaches(`+81${fixed}`, `81${fixed}`, { method: 'voice' });
    await refused(`+81${fixed}`, NO_SMS);
  }
});

test('premium, shared-cost, toll-free, M2M and other service ranges are refused on both channels', async () => {
  const ranges = ['990123456', '570123456', '120123456', '800123456', '8001234567', '2012345678', '20012345678',
    '170123456', '180123456', '910123456', '3012345678', '9001234567', '1234567'];
  for (const range of ranges) {
    const reason = `81${range}`.length < 8 ? NOT_E164 : RANGE;
    await refused(`+81${range}`, reason);
    await refused(`+81${range}`, reason, { method: 'voice' });
  }
});

test('a mobile number too short or too long is refused', async () => {
  for (const method of ['text', 'voice']) {
    for (const bad of ['+81901234567', '+8190123456789', '+819001234567']) await refused(bad, RANGE, { method });
  }
});

test('a fixed or IP number too short or too long is refused', async () => {
  for (const bad of ['+8131234567', '+813123456789', '+8131234567890', '+81503123456', '+815031234567890', '+81950312345678']) {
    await refused(bad, RANGE, { method: 'voice' });
  }
});

test('only allowed prefixes pass, and every one of them', async () => {
  await refused('+14155552671', COUNTRY);
  const given = secrets({ ALLOWED_PREFIXES: '+81, +1415' });
  await reaches('+1-415-555-2671', '14155552671', { given });
  await reaches('+819012345678', '819012345678', { given });
  await refused('+12125552671', COUNTRY, { given });
});

test('Japanese ranges are checked however the prefix is written', async () => {
  const given = secrets({ ALLOWED_PREFIXES: '+8' });
  await refused('+81990123456', RANGE, { given });
  await reaches('+8613812345678', '8613812345678', { given });
});

test('ranges that cost extra are refused in every allowed country', async () => {
  const given = secrets({ ALLOWED_PREFIXES: '+1,+44,+49,+8,+9' });
  for (const number of ['+19005550100', '+447012345678', '+449012345678', '+4990012345678', '+870773111632', '+881612345678', '+979123456789']) {
    await refused(number, EXPENSIVE, { given });
    await refused(number, EXPENSIVE, { given, method: 'voice' });
  }
  for (const number of ['+18085550100', '+447912345678', '+4915123456789', '+8613812345678']) await reaches(number, number.slice(1), { given });
});

test('the recipient rule holds for every message type', async () => {
  const given = secrets({ MESSAGE_TYPES: 'otp_verify,otp_enroll,change_password,blocked_account,password_breach' });
  for (const type of given.MESSAGE_TYPES.split(',')) {
    await refused('+81990123456', RANGE, { type, given });
    await refused('+14155552671', COUNTRY, { type, given });
    await reaches('+819012345678', '819012345678', { type, given });
  }
});

test('a legacy tenant has the same rule on enrolment and on challenge', async () => {
  for (const action of ['enrollment', 'second-factor-authentication']) {
    const outcome = await run({ handler: LEGACY, event: legacyEvent({ action, recipient: '+14155552671' }) });
    assert.equal(outcome.kind, 'error');
    assert.match(outcome.reason, /country not allowed/);
    assert.equal(outcome.requests.length, 0);
  }
});
