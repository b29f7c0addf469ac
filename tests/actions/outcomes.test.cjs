'use strict';
const assert = require('node:assert/strict');
const test = require('node:test');

const { LEGACY, UNIFIED, accepted, failure, legacyEvent, run, unifiedEvent } = require('./support/action.cjs');

const NEW_ERROR = (code) => ({ errorCode: code, description: 'no +819012345678 482913', action: 'x', violations: [], resources: [] });
const OLD_ERROR = (id) => ({ requestError: { serviceException: { messageId: id, text: 'no +819012345678 482913' } } });
const json = (status, body) => () => Response.json(body, { status });
const state = (status) => () => accepted(status);
const MAYBE = 'the message may have been sent';

/** The unified outcome, after checking that the legacy trigger succeeds or throws alike. */
async function outcomeOf(answer, { connect } = {}) {
  const unified = await run({ answer, connect });
  const legacy = await run({ handler: LEGACY, answer, connect });
  assert.ok(unified.requests.length <= 1 && legacy.requests.length <= 1, 'at most one POST');
  if (unified.kind === 'success') assert.equal(legacy.kind, 'success');
  else assert.deepEqual([legacy.kind, legacy.reason], ['error', `Error: ${unified.reason}`]);
  return [unified.kind, unified.reason];
}

test('accepted, pending and delivered are success', async () => {
  for (const status of [
    { groupId: 0, groupName: 'ACCEPTED', id: 5, name: 'MESSAGE_ACCEPTED' },
    { groupId: 1, groupName: 'PENDING', id: 26, name: 'PENDING_ACCEPTED' },
    { groupId: 1, groupName: 'PENDING', id: 7, name: 'PENDING_ENROUTE' },
    { groupId: 1, groupName: 'PENDING', id: 3, name: 'PENDING_WAITING_DELIVERY' },
    { groupId: 3, groupName: 'DELIVERED', id: 2, name: 'DELIVERED_TO_OPERATOR' },
    { groupId: 3, groupName: 'DELIVERED', id: 5, name: 'DELIVERED_TO_HANDSET' },
  ]) assert.deepEqual(await outcomeOf(state(status)), ['success', null]);
});

test('every other group of a 200 is a refusal, named in the reason', async () => {
  const refusals = {
    UNDELIVERABLE: ['UNDELIVERABLE_REJECTED_OPERATOR', 'UNDELIVERABLE_NOT_DELIVERED', 'NO_ANSWER', 'USER_BUSY'],
    EXPIRED: ['EXPIRED_EXPIRED', 'EXPIRED_DLR_UNKNOWN', 'SIGNALS_BLOCKED'],
    REJECTED: ['NETWORK', 'PREFIX_MISSING', 'DND', 'SOURCE', 'NOT_ENOUGH_CREDITS', 'SENDER', 'DESTINATION', 'PREPAID_PACKAGE_EXPIRED',
      'DESTINATION_NOT_REGISTERED', 'ROUTE_NOT_AVAILABLE', 'FLOODING_FILTER', 'DUPLICATE_MESSAGE_ID', 'INVALID_UDH', 'MESSAGE_TOO_LONG',
      'MISSING_TO', 'SIGNALS_BLOCKED', 'PLATFORM', 'UNSUPPORTED_LANGUAGE', 'MESSAGE_IS_EMPTY', 'INVALID_SSML'],
  };
  for (const [groupName, names] of Object.entries(refusals)) {
    for (const name of names) {
      const full = groupName === 'REJECTED' ? `REJECTED_${name}` : name;
      assert.deepEqual(await outcomeOf(state({ groupName, id: 1, name: full })), ['drop', `CPaaS refused: ${groupName} ${name}`]);
    }
  }
});

test('the one documented transient refusal is retried, by name and group only', async () => {
  assert.deepEqual(await outcomeOf(state({ groupId: 5, groupName: 'REJECTED', id: 21, name: 'REJECTED_SYSTEM_ERROR' })),
    ['retry', 'CPaaS refused: SYSTEM_ERROR']);
  assert.equal((await outcomeOf(state({ groupId: 5, groupName: 'REJECTED', id: 21, name: 'REJECTED_SOURCE' })))[0], 'drop');
  assert.equal((await outcomeOf(state({ groupId: 5, groupName: 'REJECTED', id: 21 })))[0], 'drop');
  assert.equal((await outcomeOf(state({ groupName: 'REJECTED', name: 'REJECTED_SYSTEM_ERROR_OTHER' })))[0], 'drop');
  assert.equal((await outcomeOf(state({ groupId: 2, groupName: 'UNDELIVERABLE', id: 21, name: 'REJECTED_SYSTEM_ERROR' })))[0], 'drop');
});

test('the group name decides, the group id only when there is no name', async () => {
  assert.equal((await outcomeOf(state({ groupId: 1, groupName: 'REJECTED', id: 26, name: 'PENDING_ACCEPTED' })))[0], 'drop');
  assert.equal((await outcomeOf(state({ groupId: 5, groupName: 'PENDING', id: 11, name: 'REJECTED_SOURCE' })))[0], 'success');
  const byId = ['success', 'success', 'drop', 'success', 'drop', 'drop'];
  for (const [groupId, expected] of byId.entries()) assert.equal((await outcomeOf(state({ groupId })))[0], expected, `group ${groupId}`);
  assert.equal((await outcomeOf(state({ groupId: 1, groupName: null })))[0], 'success');
  assert.equal((await outcomeOf(state({ groupId: 1, groupName: '' })))[0], 'drop');
});

test('an id alone never decides: 87 has three meanings', async () => {
  for (const groupName of ['REJECTED', 'EXPIRED']) assert.equal((await outcomeOf(state({ groupName, id: 87, name: 'SIGNALS_BLOCKED' })))[0], 'drop');
  for (const id of [26, 21, 23]) assert.equal((await outcomeOf(state({ id })))[0], 'drop');
});

test('an answer that says neither success nor failure is dropped, as it may have been sent', async () => {
  const bodies = [{}, [], null, 7, 'text', { messages: [] }, { messages: {} }, { messages: [{}] }, { messages: [null] }, { messages: [{ status: null }] },
    { messages: [{ status: {} }] }, { messages: [{ status: { groupName: 'OTHER' } }] }, { messages: [{ status: { groupId: 6 } }] },
    { messages: [{ status: { groupId: 'length' } }] }, { messages: [{ status: { groupName: 'pending' } }] },
    { messages: [{ status: { groupName: 'PENDING' } }, { status: { groupName: 'PENDING' } }] }];
  for (const body of bodies) {
    assert.deepEqual(await outcomeOf(json(200, body)), ['drop', `CPaaS answer not understood: ${MAYBE}`], JSON.stringify(body));
  }
  for (const text of ['<html>', '', '{"messages":[{"status":{"groupNa']) {
    assert.deepEqual(await outcomeOf(() => new Response(text)), ['drop', `CPaaS answer not understood: ${MAYBE}`]);
  }
  assert.equal((await outcomeOf(() => new Response(null, { status: 204 })))[0], 'drop');
});

test('of a status name only its form is believed', async () => {
  for (const name of [undefined, null, 7, '', 'A', 'lower', 'TWO WORDS', 'N0_819012345678', 'SOURCE 819012345678', 'x SOURCE', 'A'.repeat(41), { toString: 1 }]) {
    assert.deepEqual(await outcomeOf(state({ groupName: 'EXPIRED', name })), ['drop', 'CPaaS refused: EXPIRED']);
  }
});

/** What a gateway or a failing server answers says nothing of the message behind it. */
const reasonOf = (told, status) => (status < 500 ? `CPaaS refused the request: ${told}` : `CPaaS failed: ${told}: ${MAYBE}`);

test('any 2xx is read, nothing else is', async () => {
  const pending = { messages: [{ status: { groupName: 'PENDING' } }] };
  for (const status of [200, 201, 202, 299]) assert.equal((await outcomeOf(json(status, pending)))[0], 'success', String(status));
  for (const status of [300, 399, 400, 500]) {
    assert.deepEqual(await outcomeOf(json(status, pending)), ['drop', reasonOf(`HTTP ${status}`, status)]);
  }
});

test('429 is retried without reading on', async () => {
  for (const body of [NEW_ERROR('E429'), OLD_ERROR('TOO_MANY_REQUESTS')]) {
    assert.deepEqual(await outcomeOf(json(429, body)), ['retry', 'CPaaS limits the rate: HTTP 429']);
  }
  const stalled = () => new Response(new ReadableStream({}), { status: 429 });
  assert.equal((await outcomeOf(stalled))[0], 'retry');
});

test('every other status is dropped with the code of either error shape', async () => {
  const cases = [[400, 'E400', 'BAD_REQUEST'], [401, 'E401', 'UNAUTHORIZED'], [403, 'E403', 'FORBIDDEN'], [404, 'E404', 'GENERAL_ERROR'],
    [500, 'E500', 'GENERAL_ERROR'], [502, 'E500', 'GENERAL_ERROR'], [503, 'E500', 'GENERAL_ERROR']];
  for (const [status, code, id] of cases) {
    assert.deepEqual(await outcomeOf(json(status, NEW_ERROR(code))), ['drop', reasonOf(`HTTP ${status} ${code}`, status)]);
    assert.deepEqual(await outcomeOf(json(status, OLD_ERROR(id))), ['drop', reasonOf(`HTTP ${status} ${id}`, status)]);
  }
  for (const body of [{}, null, [], { errorCode: 'E4010' }, { errorCode: 'xE401' }, { errorCode: ['E401'] }, { requestError: {} }, { errorCode: 'number 819012345678' }, { errorCode: 7 }, { requestError: null }, { requestError: { serviceException: { messageId: 'OTHER' } } }]) {
    assert.deepEqual(await outcomeOf(json(401, body)), ['drop', 'CPaaS refused the request: HTTP 401']);
  }
  assert.deepEqual(await outcomeOf(() => new Response('<html>Bad Gateway', { status: 502 })), ['drop', `CPaaS failed: HTTP 502: ${MAYBE}`]);
  for (const status of [300, 301, 302, 307, 308]) assert.equal((await outcomeOf(() => new Response(null, { status })))[0], 'drop');
});

const unsent = (stage, code, syscall) => outcomeOf(() => assert.fail('asked'), { connect: () => failure(stage, code, syscall) });

test('what surely never left is tried once more, then retried, whatever the error says', async () => {
  const codes = [['ENOTFOUND', 'getaddrinfo'], ['EAI_AGAIN', 'getaddrinfo'], ['ECONNREFUSED', 'connect'], ['ETIMEDOUT', 'connect'],
    ['EHOSTUNREACH', 'connect'], ['ENETUNREACH'], ['ECONNRESET', 'read'], ['EPIPE', 'write'], ['EPROTO'], ['ERR_SSL_WRONG_VERSION_NUMBER'], [undefined], ['']];
  for (const [code, syscall] of codes) {
    assert.deepEqual(await unsent('connecting', code, syscall), ['retry', 'CPaaS host not reached'], code);
    assert.deepEqual(await unsent('securing', code, syscall), ['retry', 'no secure connection to the CPaaS host'], code);
  }
  for (const stage of ['connecting', 'securing']) {
    let tries = 0;
    const connect = () => { tries += 1; return tries === 1 ? failure(stage, 'ECONNRESET') : undefined; };
    const outcome = await run({ connect });
    assert.deepEqual([outcome.kind, outcome.tries, outcome.requests.length], ['success', 2, 1]);
    assert.equal((await run({ connect: () => failure(stage, 'ECONNRESET') })).tries, 2, 'twice and no more');
  }
});

test('what may have left is dropped and not tried again, whatever the error says', async () => {
  for (const code of ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'ECONNREFUSED', 'EHOSTUNREACH', 'CERT_HAS_EXPIRED', 'ERR_SSL_BAD_RECORD_TYPE', undefined]) {
    const answer = () => { throw Object.assign(new Error('x'), { code, syscall: 'connect' }); };
    assert.deepEqual(await outcomeOf(answer), ['drop', `connection to the CPaaS broke: ${MAYBE}`], code);
    assert.equal((await run({ answer })).tries, 1);
  }
  for (const thrown of [new Error('no code'), 'text', undefined, null]) {
    assert.deepEqual(await outcomeOf(() => { throw thrown; }), ['drop', `connection to the CPaaS broke: ${MAYBE}`]);
  }
});

test('a host that is not who it says, and a redirect, are dropped and named', async () => {
  for (const code of ['DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'HOSTNAME_MISMATCH', 'CERT_NOT_YET_VALID']) {
    assert.deepEqual(await unsent('securing', code), ['drop', 'CPaaS host failed the TLS check'], code);
    assert.equal((await run({ connect: () => failure('securing', code) })).tries, 1, 'another try would meet the same');
  }
  for (const status of [301, 302, 303, 307, 308]) {
    const answer = () => new Response(null, { status, headers: { location: 'https://elsewhere.example/' } });
    assert.deepEqual(await outcomeOf(answer), ['drop', 'CPaaS answered with a redirect: check CPAAS_BASE_URL']);
  }
});

test('a body that breaks off or grows without end is not read as success', async () => {
  const breaking = () => new Response(new ReadableStream({
    start(controller) { controller.enqueue(Buffer.from('{"messages":')); },
    pull() { throw new Error('terminated'); },
  }));
  assert.equal((await outcomeOf(breaking))[0], 'drop');
  let given = 0;
  const endless = () => new Response(new ReadableStream({ pull(controller) { given += 1; controller.enqueue(Buffer.alloc(16384, ' ')); } }));
  given = 0;
  assert.equal((await run({ answer: endless })).kind, 'drop');
  assert.ok(given <= 7, `stops reading: took ${given} blocks of 16 kB`);
  const whole = (length) => () => {
    const text = JSON.stringify({ messages: [{ status: { groupName: 'PENDING' } }] });
    return new Response(text + ' '.repeat(length - text.length));
  };
  assert.equal((await outcomeOf(whole(65536)))[0], 'success');
  assert.equal((await outcomeOf(whole(65537)))[0], 'drop');
});

/** Timers, and a clock, that move only when told to; node:test has such, but not in one form since Node 18. */
function holdTimers(t) {
  const real = { setTimeout, clearTimeout };
  const timers = new Map();
  const settled = async () => { for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => { setImmediate(resolve); }); };
  let now = 1_780_000_000_000;
  t.mock.method(Date, 'now', () => now);
  globalThis.setTimeout = (callback, delay, ...args) => { const id = { at: now + delay }; timers.set(id, () => callback(...args)); return id; };
  globalThis.clearTimeout = (id) => timers.delete(id);
  t.after(() => Object.assign(globalThis, real));
  return {
    waiting: () => timers.size,
    now: () => now,
    async advance(milliseconds) {
      await settled();
      now += milliseconds;
      for (const [id, callback] of [...timers]) if (id.at <= now) { timers.delete(id); callback(); }
      await settled();
    },
  };
}

const never = () => new Promise(() => {});
const hanging = (status) => () => new Response(new ReadableStream({}), { status });

test('one deadline of eight seconds covers answer and body, and an unread answer is closed', async (t) => {
  const timers = holdTimers(t);
  for (const answer of [never, hanging(200)]) {
    let ended = false;
    const running = run({ answer }).then((outcome) => { ended = true; return outcome; });
    await timers.advance(7999);
    assert.equal(ended, false);
    await timers.advance(1);
    const outcome = await running;
    assert.deepEqual([outcome.kind, outcome.reason], ['drop', `CPaaS gave no answer in time: ${MAYBE}`]);
    assert.equal(outcome.requests[0].call.destroyed, true);
    assert.equal(timers.waiting(), 0, 'no timer is left behind');
  }
  const good = run();
  await timers.advance(0);
  assert.equal((await good).kind, 'success');
  assert.equal(timers.waiting(), 0, 'no timer is left behind');
});

test('a connection that hangs before the first byte is given up early enough for another', async (t) => {
  const timers = holdTimers(t);
  for (const stage of ['connecting', 'securing']) {
    let tries = 0;
    const running = run({ connect: () => { tries += 1; return tries === 1 ? { stage } : undefined; } });
    await timers.advance(2499);
    assert.equal(tries, 1);
    await timers.advance(1);
    const outcome = await running;
    assert.deepEqual([outcome.kind, outcome.tries], ['success', 2]);
    const lost = run({ connect: () => ({ stage }) });
    await timers.advance(2500);
    await timers.advance(2500);
    assert.equal((await lost).kind, 'retry');
    assert.equal(timers.waiting(), 0, 'no timer is left behind');
  }
});

test('the second try has what is left of the eight seconds, and no more', async (t) => {
  const timers = holdTimers(t);
  const begun = timers.now();
  let tries = 0;
  let ended;
  const running = run({ answer: never, connect: () => { tries += 1; return tries === 1 ? { stage: 'securing' } : undefined; } })
    .then((outcome) => { ended = timers.now() - begun; return outcome; });
  for (let at = 0; at < 9000; at += 500) await timers.advance(500);
  assert.equal((await running).reason, `CPaaS gave no answer in time: ${MAYBE}`);
  assert.equal(ended, 8000);
});

test('a status that says that nothing was sent holds, whatever becomes of its body', async (t) => {
  const timers = holdTimers(t);
  for (const [status, expected] of [[401, 'CPaaS refused the request: HTTP 401'], [500, `CPaaS failed: HTTP 500: ${MAYBE}`]]) {
    const running = run({ answer: hanging(status) });
    await timers.advance(8000);
    assert.equal((await running).reason, expected);
    const breaking = () => new Response(new ReadableStream({ pull() { throw new Error('cut'); } }), { status });
    const cut = run({ answer: breaking });
    await timers.advance(0);
    assert.equal((await cut).reason, expected);
  }
});

test('drop and retry reasons hold nothing of the message, the key or the answer', async () => {
  const leak = '+819012345678 482913 K3Y-0123456789abcdef-SECRET';
  const answers = [
    json(400, { errorCode: leak, description: leak, violations: [{ property: leak, violation: leak }] }), json(400, OLD_ERROR(leak)),
    state({ groupName: leak, name: leak }), state({ groupName: 'REJECTED', name: leak, description: leak, action: leak }),
    () => new Response(leak, { status: 500 }), () => { throw Object.assign(new Error(leak), { code: leak }); },
  ];
  for (const handler of [UNIFIED, LEGACY]) {
    const events = handler === UNIFIED ? [unifiedEvent(), unifiedEvent({ recipient: leak }), unifiedEvent({ message_type: leak }), unifiedEvent({ delivery_method: leak })]
      : [legacyEvent(), legacyEvent({ recipient: leak }), legacyEvent({ action: leak }), legacyEvent({ message_type: leak })];
    for (const event of events) {
      for (const answer of answers) {
        const outcome = await run({ handler, event, answer });
        assert.doesNotMatch([outcome.reason, ...outcome.console].join(' '), /819012345678|482913|K3Y/);
      }
    }
  }
});

test('a request from abroad is noted for the operator and sent all the same', async () => {
  const from = (countryCode) => run({ event: unifiedEvent({}, { request: { geoip: { countryCode } } }) });
  assert.deepEqual([(await from('US')).kind, (await from('US')).console], ['success', ['phone message requested from country US']]);
  for (const country of ['JP', undefined, 'us', 'USA', '819012345678', 7]) assert.deepEqual((await from(country)).console, []);
  assert.equal((await run({ event: unifiedEvent({}, { request: undefined }) })).kind, 'success');
});
