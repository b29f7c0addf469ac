'use strict';
const assert = require('node:assert/strict');
const { createHmac } = require('node:crypto');
const test = require('node:test');

const { ActionRuntime, KEY, LEGACY, UNIFIED, accepted, codeOf, run, secrets, unifiedEvent } = require('./support/action.cjs');

const DUPLICATE = () => accepted({ groupId: 5, groupName: 'REJECTED', id: 23, name: 'REJECTED_DUPLICATE_MESSAGE_ID' });
const on = secrets({ DEDUPLICATE: 'on' });
const idOf = async (notification, rest, given = on) => (await run({ event: unifiedEvent(notification, rest), secrets: given })).message.destinations[0].messageId;

// ---- duplicate suppression ----

test('no message id is sent unless the stack asks for duplicate suppression', async () => {
  for (const given of [secrets(), secrets({ DEDUPLICATE: 'off' })]) {
    for (const delivery_method of ['text', 'voice']) {
      const { message } = await run({ event: unifiedEvent({ delivery_method }), secrets: given });
      assert.deepEqual(message.destinations, [{ to: '819012345678' }]);
    }
  }
});

test('the message id is a keyed hash of the notification', async () => {
  const expected = createHmac('sha256', KEY)
    .update(JSON.stringify(['message', '819012345678', 'text', 'otp_verify', '482913', 'transaction-1'])).digest('hex');
  assert.equal(await idOf(), expected);
  assert.match(expected, /^[0-9a-f]{64}$/);
});

test('the same notification has the same id, any other has another', async () => {
  const ids = [
    await idOf(), await idOf({ recipient: '+819012345679' }), await idOf({ code: '482914', as_text: 'It is 482914.' }), await idOf({ message_type: 'otp_enroll' }),
    await idOf({ delivery_method: 'voice' }), await idOf({}, { transaction: { correlation_id: 'transaction-2' } }), await idOf({}, { transaction: undefined }),
    await idOf({}, {}, { ...on, CPAAS_API_KEY: 'another-key' }),
  ];
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(await idOf(), ids[0]);
  assert.equal(await idOf({ recipient: '+81 (0)90-1234-5678' }), ids[0]);
  const withoutCode = [await idOf({ code: undefined, as_text: 'one' }), await idOf({ code: undefined, as_text: 'two' })];
  assert.notEqual(withoutCode[0], withoutCode[1]);
});

test('a known id is success only when it was our id', async () => {
  assert.equal((await run({ answer: DUPLICATE, secrets: on })).kind, 'success');
  const outcome = await run({ answer: DUPLICATE });
  assert.deepEqual([outcome.kind, outcome.reason], ['drop', 'CPaaS refused: REJECTED DUPLICATE_MESSAGE_ID']);
  const other = () => accepted({ groupId: 2, groupName: 'UNDELIVERABLE', id: 23, name: 'REJECTED_DUPLICATE_MESSAGE_ID' });
  assert.equal((await run({ answer: other, secrets: on })).kind, 'drop');
  const source = () => accepted({ groupId: 5, groupName: 'REJECTED', id: 23, name: 'REJECTED_SOURCE' });
  assert.equal((await run({ answer: source, secrets: on })).kind, 'drop', 'by name, not by id');
});

// ---- throttle ----

async function sendMany(count, { runtime, event, given = secrets({ RECIPIENT_LIMIT: '3' }), handler, answer } = {}) {
  const outcomes = [];
  for (let at = 0; at < count; at += 1) outcomes.push(await run({ runtime, event, secrets: given, handler, answer }));
  return outcomes;
}
const kinds = (outcomes) => outcomes.map((outcome) => outcome.kind);

test('a recipient gets at most the limit, another one is not affected', async () => {
  const runtime = new ActionRuntime();
  const outcomes = await sendMany(4, { runtime });
  assert.deepEqual(kinds(outcomes), ['success', 'success', 'success', 'drop']);
  assert.equal(outcomes[3].reason, 'too many messages to this recipient');
  assert.equal(outcomes[3].requests.length, 0);
  assert.deepEqual(kinds(await sendMany(1, { runtime, event: unifiedEvent({ recipient: '+819012345679' }) })), ['success']);
  assert.deepEqual(kinds(await sendMany(1, { runtime, event: unifiedEvent({ delivery_method: 'voice' }) })), ['drop'], 'channels count together');
});

test('the limit is ten an hour unless the stack says otherwise, 0 is none', async () => {
  const tenth = kinds(await sendMany(11, { runtime: new ActionRuntime(), given: secrets() }));
  assert.deepEqual(tenth, [...Array(10).fill('success'), 'drop']);
  const none = kinds(await sendMany(30, { runtime: new ActionRuntime(), given: secrets({ RECIPIENT_LIMIT: '0' }) }));
  assert.deepEqual(none, Array(30).fill('success'));
});

test('the limit is over when the hour is', async (t) => {
  let now = 1_780_000_000_000;
  t.mock.method(Date, 'now', () => now);
  const runtime = new ActionRuntime({ now: () => now });
  const given = secrets({ RECIPIENT_LIMIT: '2' });
  const step = async (milliseconds) => { now += milliseconds; return kinds(await sendMany(1, { runtime, given }))[0]; };
  assert.equal(await step(0), 'success');
  assert.equal(await step(1_800_000), 'success');
  assert.equal(await step(1_799_999), 'drop');
  assert.equal(await step(1), 'success', 'the first one is an hour old');
  assert.equal(await step(0), 'drop');
});

test('a retry does not use up the limit, a failure that may have been sent does', async () => {
  const refusing = () => new Response(null, { status: 429 });
  const runtime = new ActionRuntime();
  assert.deepEqual(kinds(await sendMany(6, { runtime, answer: refusing })), Array(6).fill('retry'));
  assert.deepEqual(kinds(await sendMany(4, { runtime, answer: () => new Response('', { status: 500 }) })), Array(4).fill('drop'));
  const last = await sendMany(1, { runtime });
  assert.equal(last[0].reason, 'too many messages to this recipient');
});

test('a legacy tenant is throttled alike', async () => {
  const outcomes = await sendMany(4, { runtime: new ActionRuntime(), handler: LEGACY });
  assert.deepEqual(kinds(outcomes), ['success', 'success', 'success', 'error']);
  assert.equal(outcomes[3].reason, 'Error: too many messages to this recipient');
});

/** Runs the handler with an api of the test's own. */
async function withCache(cache, given = secrets({ RECIPIENT_LIMIT: '1' })) {
  const module = { exports: {} };
  new Function('module', 'exports', 'console', 'require', codeOf(UNIFIED))(module, module.exports, console, require);
  const calls = [];
  const api = {
    cache, notification: { drop: (reason) => calls.push(['drop', reason]), retry: (reason) => calls.push(['retry', reason]) },
  };
  const realFetch = globalThis.fetch;
  let posts = 0;
  globalThis.fetch = async () => { posts += 1; return accepted(); };
  try {
    await module.exports[UNIFIED]({ ...unifiedEvent(), secrets: given }, api);
  } finally {
    globalThis.fetch = realFetch;
  }
  return { calls, posts };
}

test('a cache that fails, hangs or talks nonsense never stops a message', async () => {
  const never = () => new Promise(() => {});
  const boom = () => { throw new Error('cache down'); };
  const caches = [
    undefined, null, {}, { get: boom, set: boom }, { get: never, set: never }, { get: async () => boom(), set: async () => boom() },
    { get: () => null, set: () => ({ type: 'error', code: 'CacheSizeExceeded' }) },
    ...['', 'NaN', 'x,y', '9999999999999', '-1', '1', ',,,', '[object Object]'].map((value) => ({ get: () => ({ value }), set: () => undefined })),
    { get: () => ({ value: {} }), set: () => undefined }, { get: () => 'text', set: () => undefined },
  ];
  for (const cache of caches) assert.deepEqual(await withCache(cache), { calls: [], posts: 1 });
});

test('the cache holds no phone number, within its limits, for an hour in milliseconds', async () => {
  const writes = [];
  await withCache({ get: () => undefined, set: (...args) => { writes.push(args); } });
  const [[key, value, options]] = writes;
  assert.equal(writes.length, 1);
  assert.ok(Buffer.byteLength(key) <= 64);
  assert.match(key, /^sent:[\w-]{43}$/);
  assert.doesNotMatch(key + value, /9012345678/);
  assert.deepEqual(options, { ttl: 3_600_000 });
  assert.ok(Math.abs(Number(value) - Date.now()) < 5000);
  const full = [];
  const now = Date.now();
  const times = Array.from({ length: 98 }, (_, at) => now - 98 + at).join(',');
  await withCache({ get: () => ({ value: times }), set: (...args) => { full.push(args); } }, secrets({ RECIPIENT_LIMIT: '99' }));
  assert.equal(full[0][1].split(',').length, 99);
  assert.ok(Buffer.byteLength(full[0][1]) <= 4096);
});

test('at most the limit is remembered', async () => {
  const now = Date.now();
  const writes = [];
  const value = [now - 30, now - 20].join(',');
  await withCache({ get: () => ({ value }), set: (...args) => { writes.push(args); } }, secrets({ RECIPIENT_LIMIT: '3' }));
  assert.match(writes[0][1], new RegExp(`^${value},\\d{13}$`));
});

test('nothing is written to the cache when the limit is off', async () => {
  await withCache({ get: () => undefined, set: () => assert.fail('written') }, secrets({ RECIPIENT_LIMIT: '0' }));
});
