'use strict';
const assert = require('node:assert/strict');
const test = require('node:test');

const { KEY, LEGACY, run, secrets, unifiedEvent } = require('./support/action.cjs');

const voice = unifiedEvent({ delivery_method: 'voice' });

async function dropsFor(changes, name, event) {
  const outcome = await run({ secrets: secrets(changes), event });
  assert.equal(outcome.kind, 'drop', JSON.stringify(changes));
  assert.match(outcome.reason, new RegExp(`^configuration: secret ${name} is (missing|malformed)$`));
  assert.equal(outcome.requests.length, 0);
}

test('a missing or empty secret that is needed drops and names the secret', async () => {
  for (const name of ['CPAAS_API_KEY', 'CPAAS_BASE_URL', 'SMS_SENDER']) {
    for (const value of [undefined, '', '   ', null, 7]) await dropsFor({ [name]: value }, name);
  }
  await dropsFor({ VOICE_SENDER: undefined }, 'VOICE_SENDER', voice);
  const none = await run({ secrets: {} });
  assert.equal(none.kind, 'drop');
});

test('a stack of one channel needs only the sender of that channel', async () => {
  assert.equal((await run({ secrets: secrets({ VOICE_SENDER: undefined, VOICE_GENDER: 'none' }) })).kind, 'success');
  assert.equal((await run({ secrets: secrets({ SMS_SENDER: undefined }), event: voice })).kind, 'success');
});

test('the host is a bare name: scheme, port, path, user and address are refused', async () => {
  assert.equal((await run({ secrets: secrets({ CPAAS_BASE_URL: 'x.api.infobip.com' }) })).kind, 'success', 'labels of one letter');
  for (const host of ['https://x.api.infobip.com', 'x.api.infobip.com:443', 'x.api.infobip.com/', 'u@x.api.infobip.com',
    'x.api.infobip.com?', 'localhost', '10.0.0.1', '-x.example.com', 'x..example.com', 'x.example.com#', 'x\\.example.com',
    'x.example.c', `${'a'.repeat(64)}.example.com`, `${'a.'.repeat(130)}com`]) await dropsFor({ CPAAS_BASE_URL: host }, 'CPAAS_BASE_URL');
  const { requests } = await run({ secrets: secrets({ CPAAS_BASE_URL: ' ABC12.api.Infobip.com\n' }) });
  assert.equal(requests[0].url, 'https://abc12.api.infobip.com/sms/3/messages');
});

test('malformed knobs drop instead of widening what is allowed', async () => {
  for (const [name, values] of Object.entries({
    CPAAS_API_KEY: ['two words', 'ключ', 'a\nb'],
    SMS_SENDER: ['twelve-chars', '12345678901234567', 'sënder', '+', 'A,B'],
    ALLOWED_PREFIXES: ['81', '+', '+0', '+81,', '+81;+1', '*', '+81,,+1'],
    MESSAGE_TYPES: ['otp', 'otp_verify,', 'otp_verify otp_enroll', ',otp_verify', 'otp_verify,other', 'otp_verifyotp_enroll'],
    DEDUPLICATE: ['yes', 'ON', 'true', 'on off', 'one', 'xon'],
    ORIGIN_BOUND_CODE: ['https://login.example.jp', 'login', 'login.example.jp/', 'a b.example.jp', 'x.example.jp\n#1'],
    VOICE_LIMIT: ['-1', '100', 'few'],
    TENANT_LIMIT: ['-1', '100000', '1e3'],
    RECIPIENT_LIMIT: ['-1', '100', '1.5', 'many'],
  })) for (const value of values) await dropsFor({ [name]: value }, name);
  for (const [name, values] of Object.entries({
    LANGUAGE: ['fr', 'JA', 'ja,en', 'constructor'], RING_TIMEOUT: ['4', '61', '0', '1.5', '014'], MACHINE_DETECTION: ['hangup', 'ON', 'true'],
  })) for (const value of values) await dropsFor({ [name]: value }, name, voice);
  for (const value of ['Female', 'robot', 'females', 'xmale']) await dropsFor({ VOICE_GENDER: value }, 'VOICE_GENDER', voice);
  for (const value of ['MIRAIBANK', '0312345678', '+0312345678', '815', `+${'1'.repeat(16)}`, '+81503123456+7']) await dropsFor({ VOICE_SENDER: value }, 'VOICE_SENDER', voice);
});

test('lists may have spaces around their commas, or none', async () => {
  for (const prefixes of ['+81,+1', '+81, +1', '+81 ,+1', ' +81 , +1 ']) {
    assert.equal((await run({ event: unifiedEvent({ recipient: '+14155552671' }), secrets: secrets({ ALLOWED_PREFIXES: prefixes }) })).kind, 'success');
  }
});

test('well-formed senders pass, numeric ones without the plus', async () => {
  for (const [sender, expected] of [['MIRAIBANK', 'MIRAIBANK'], ['0005123', '0005123'], ['+815012345678', '815012345678'], ['A1', 'A1'], ['Mirai Bank', 'Mirai Bank']]) {
    assert.equal((await run({ secrets: secrets({ SMS_SENDER: sender }) })).message.sender, expected);
  }
  for (const sender of ['+815031234567', '815031234567']) {
    assert.equal((await run({ event: voice, secrets: secrets({ VOICE_SENDER: sender }) })).message.from, '815031234567');
  }
});

test('the five message types are sent or dropped by MESSAGE_TYPES alone', async () => {
  const types = ['otp_verify', 'otp_enroll', 'change_password', 'blocked_account', 'password_breach'];
  const sent = async (given) => {
    const kinds = [];
    for (const type of types) kinds.push((await run({ event: unifiedEvent({ message_type: type }), secrets: given })).kind);
    return types.filter((_, at) => kinds[at] === 'success');
  };
  assert.deepEqual(await sent(secrets()), ['otp_verify', 'otp_enroll', 'change_password']);
  for (const type of types) assert.deepEqual(await sent(secrets({ MESSAGE_TYPES: type })), [type]);
  assert.deepEqual(await sent(secrets({ MESSAGE_TYPES: types.join(' , ') })), types);
});

test('an unknown message type or delivery method is dropped', async () => {
  const reasons = { message_type: 'message type not enabled by MESSAGE_TYPES', delivery_method: 'unknown delivery method' };
  for (const [name, reason] of Object.entries(reasons)) {
    for (const value of ['other', 'text ', '', undefined, null, 7]) {
      const outcome = await run({ event: unifiedEvent({ [name]: value }) });
      assert.deepEqual([outcome.kind, outcome.reason, outcome.requests.length], ['drop', reason, 0]);
    }
  }
});

test('the request carries the key, asks for JSON, and has a connection of its own', async () => {
  for (const [event, path] of [[unifiedEvent(), '/sms/3/messages'], [voice, '/tts/3/advanced']]) {
    const { requests } = await run({ event });
    assert.equal(requests.length, 1);
    const [{ url, method, headers, agent, ...rest }] = requests;
    assert.equal(url, `https://cpaas.sandbox.test${path}`);
    assert.equal(method, 'POST');
    assert.deepEqual(headers, {
      authorization: `App ${KEY}`, 'content-type': 'application/json', accept: 'application/json',
      'content-length': Buffer.byteLength(JSON.stringify(rest.body)),
    });
    assert.equal(agent, false);
    assert.equal(rest.rejectUnauthorized, undefined, 'certificates are checked');
  }
});

test('the event decides neither host nor path nor sender', async () => {
  const { requests, message } = await run({
    event: unifiedEvent({ from: '+819099999999' }, { tenant: { home_url: 'https://elsewhere.example' }, host: 'elsewhere.example' }),
  });
  assert.equal(requests[0].url, 'https://cpaas.sandbox.test/sms/3/messages');
  assert.equal(message.sender, 'MIRAIBANK');
});

test('a bad configuration throws on a legacy tenant', async () => {
  const outcome = await run({ handler: LEGACY, secrets: secrets({ CPAAS_API_KEY: '' }) });
  assert.equal(outcome.kind, 'error');
  assert.equal(outcome.reason, 'Error: configuration: secret CPAAS_API_KEY is missing');
});

test('an Action sends with the settings of an older package, and of a newer one', async () => {
  const older = secrets({ VOICE_GENDER: 'female', ALLOWED_PREFIXES: '+81', MESSAGE_TYPES: 'otp_verify', DEDUPLICATE: 'off', RECIPIENT_LIMIT: '10' });
  for (const event of [undefined, voice]) {
    assert.equal((await run({ secrets: older, event })).kind, 'success');
    assert.equal((await run({ secrets: { ...older, NOT_YET_KNOWN: 'x', ANOTHER: '' }, event })).kind, 'success');
  }
});

test('no setting takes a good value with something before or behind it', async () => {
  const good = {
    CPAAS_BASE_URL: 'cpaas.sandbox.test', SMS_SENDER: 'MIRAIBANK', VOICE_SENDER: '+815031234567', VOICE_GENDER: 'male', LANGUAGE: 'en', RING_TIMEOUT: '20',
    MACHINE_DETECTION: 'on', ALLOWED_PREFIXES: '+81', MESSAGE_TYPES: 'otp_verify', DEDUPLICATE: 'on', ORIGIN_BOUND_CODE: 'login.example.co.jp',
    RECIPIENT_LIMIT: '5', VOICE_LIMIT: '2', TENANT_LIMIT: '500',
  };
  for (const [name, value] of Object.entries(good)) {
    for (const spoilt of [`!${value}`, `${value}!`, `!\n${value}`, `${value}\n!`]) {
      const delivery_method = name === 'SMS_SENDER' ? 'text' : 'voice';
      const outcome = await run({ event: unifiedEvent({ delivery_method }), secrets: secrets({ [name]: spoilt }) });
      assert.deepEqual([outcome.kind, outcome.reason, outcome.requests.length], ['drop', `configuration: secret ${name} is malformed`, 0], spoilt);
    }
  }
});
