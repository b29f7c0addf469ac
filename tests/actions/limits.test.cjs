'use strict';
const assert = require('node:assert/strict');
const test = require('node:test');

const { ActionCache } = require('../../sandbox/runner/cache.cjs');
const { ActionRuntime, LEGACY, UNIFIED, accepted, codeOf, failure, run, secrets, unifiedEvent, withWire } = require('./support/action.cjs');
const { generator } = require('./support/random.cjs');

const SEED = Number(process.env.PHONEMFA_SEED ?? 20261129);

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
  let posts = 0;
  await withWire({ answer: () => accepted(), seen: () => { posts += 1; } },
    () => module.exports[UNIFIED]({ ...unifiedEvent(), secrets: given }, api));
  return { calls, posts };
}

test('a cache that fails, hangs or talks nonsense never stops a message', async () => {
  const never = () => new Promise(() => {});
  const boom = () => { throw new Error('cache down'); };
  const caches = [
    undefined, null, {}, { get: boom, set: boom }, { get: never, set: never }, { get: async () => boom(), set: async () => boom() },
    { get: () => null, set: () => ({ type: 'error', code: 'CacheSizeExceeded' }) },
    ...['', 'NaN', 'x,y', '9999999999999', '-1', '1', ',,,', '[object Object]'].map((value) => ({ get: () => ({ value }), set: () => undefined })),
    { get: () => ({ value: {} }), set: () => undefined }, { get: () => ({ value: 'AAAA|9:9,x:1,1:,|' }), set: () => undefined }, { get: () => 'text', set: () => undefined },
  ];
  for (const cache of caches) assert.deepEqual(await withCache(cache), { calls: [], posts: 1 });
});

test('the cache holds no phone number, in one entry, for an hour in milliseconds', async () => {
  const writes = [];
  await withCache({ get: () => undefined, set: (...args) => { writes.push(args); } });
  const [[key, value, options]] = writes;
  assert.deepEqual([writes.length, key, options], [1, 'sends', { ttl: 3_600_000 }]);
  assert.match(value, /^[A-Za-z0-9+/]{8}\|$/);
  assert.doesNotMatch(Buffer.from(value, 'base64').toString('latin1') + value, /9012345678/);
});

test('nothing is written to the cache when the limit is off', async () => {
  await withCache({ get: () => undefined, set: () => assert.fail('written') }, secrets({ RECIPIENT_LIMIT: '0' }));
});

// ---- as properties ----

/** One instance of the Action with a clock, and a cache that answers as `behaviour` has it. */
function instance(t, behaviour = (work) => work()) {
  const clock = { now: 1_780_000_000_000 };
  // Not mocked: a mock remembers each call.
  const realNow = Date.now;
  Date.now = () => clock.now;
  t.after(() => { Date.now = realNow; });
  const cache = new ActionCache(() => clock.now);
  const sizes = [];
  const api = {
    get: (key) => behaviour(() => cache.get(key)),
    set: (key, value, options) => behaviour(() => {
      sizes.push(Buffer.byteLength(key), Buffer.byteLength(value));
      const done = cache.set(key, value, options);
      assert.equal(done.type, 'success', done.code);
      return done;
    }),
  };
  const module = { exports: {} };
  new Function('module', 'exports', 'console', 'require', codeOf(UNIFIED))(module, module.exports, console, require);
  const send = async (notification, given) => {
    let verdict = ['success'];
    const record = (kind) => (reason) => { verdict = [kind, reason]; };
    await module.exports[UNIFIED]({ ...unifiedEvent(notification), secrets: given }, { cache: api, notification: { drop: record('drop'), retry: record('retry') } });
    return verdict;
  };
  return { clock, send, sizes };
}

const number = (at) => `+8190${String(10_000_000 + at)}`;
/** What the CPaaS or the network does: whether the message may be out, the answer, the way to it. */
const FATES = [
  [true], [true], [true],
  [true, () => new Response('', { status: 503 })], [true, () => new Response('<html>')], [true, () => { throw new Error('cut'); }],
  [true, () => accepted({ groupName: 'UNDELIVERABLE', name: 'UNDELIVERABLE_NOT_DELIVERED' })],
  [false, () => new Response('', { status: 401 })], [false, () => new Response('', { status: 403 })], [false, () => new Response('', { status: 429 })],
  [false, () => accepted({ groupName: 'REJECTED', name: 'REJECTED_NOT_ENOUGH_CREDITS' })], [false, () => new Response(null, { status: 302 })],
  [false, () => accepted(), () => failure('connecting', 'ECONNREFUSED')], [false, () => accepted(), () => failure('securing', 'ECONNRESET')],
  [false, () => accepted(), () => failure('securing', 'CERT_HAS_EXPIRED')],
];

test('a message is refused when as many as the limit may have been sent, and never else', async (t) => {
  const random = generator(SEED);
  for (let round = 0; round < 15; round += 1) {
    const { clock, send, sizes } = instance(t);
    const [limit, voice, tenant] = [random.below(6), random.below(4), random.pick([0, 0, 4, 9])];
    const given = secrets({ RECIPIENT_LIMIT: String(limit), VOICE_LIMIT: String(voice), TENANT_LIMIT: String(tenant), MESSAGE_TYPES: 'otp_verify,otp_enroll,change_password' });
    const sent = [];
    for (let step = 0; step < 80; step += 1) {
      clock.now += random.pick([0, 1000, 61_000, 300_000]);
      const [to, method, type] = [random.below(4), random.pick(['text', 'voice']), random.pick(['otp_verify', 'otp_enroll', 'change_password'])];
      const recent = sent.filter(({ at }) => clock.now - at < 3_600_000);
      const own = recent.filter((one) => one.to === to);
      const full = (limit > 0 && own.length >= limit && 'too many messages to this recipient')
        || (method === 'voice' && voice > 0 && own.filter((one) => one.method === 'voice').length >= voice && 'too many calls to this recipient')
        || undefined;
      const counted = (span) => sent.filter((one) => one.type !== 'otp_verify' && clock.now - one.at < span).length;
      const [out, answer = () => accepted(), connect] = random.pick(FATES);
      let posts = 0;
      const verdict = await withWire({ answer, connect, seen: () => { posts += 1; } }, () => send({ recipient: number(to), delivery_method: method, message_type: type }, given));
      const where = `seed ${SEED}, round ${round}, step ${step}: ${verdict}`;
      if (full) assert.deepEqual(verdict, ['drop', full], where);
      else if (verdict[1] === 'too many messages of this tenant') {
        assert.notEqual(type, 'otp_verify', where);
        // Slots of five minutes: what is up to an hour and five minutes old may still count.
        assert.ok(tenant > 0 && counted(3_900_001) >= tenant, where);
      } else {
        assert.doesNotMatch(String(verdict[1]), /too many/, where);
        if (tenant > 0 && type !== 'otp_verify') assert.ok(counted(3_600_000) < tenant, where);
        if (out) sent.push({ to, method, type, at: clock.now });
      }
      if (/too many/.test(verdict[1])) assert.equal(posts, 0, where);
    }
    assert.ok(sizes.every((size) => size <= 4096));
  }
});

test('fifty in flight on one instance stay within each limit, whatever the cache is like', async (t) => {
  const random = generator(SEED);
  const caches = {
    'at once': (work) => work(), promised: async (work) => work(),
    slow: async (work) => { await new Promise((resolve) => { setTimeout(resolve, random.below(4)); }); return work(); },
  };
  for (const [name, behaviour] of Object.entries(caches)) {
    const given = secrets({ RECIPIENT_LIMIT: '9', VOICE_LIMIT: '4', TENANT_LIMIT: '20' });
    for (const [notification, most] of [[() => ({}), 9], [() => ({ delivery_method: 'voice' }), 4], [(at) => ({ recipient: number(at), message_type: 'otp_enroll' }), 20]]) {
      const { send } = instance(t, behaviour);
      let posts = 0;
      const verdicts = await withWire({ answer: () => accepted(), seen: () => { posts += 1; } },
        () => Promise.all(Array.from({ length: 50 }, (_, at) => send(notification(at), given))));
      assert.equal(posts, most, name);
      assert.equal(verdicts.filter(([kind]) => kind === 'drop').length, 50 - most, name);
    }
  }
});

test('one number stays limited while thousands of others are active', async (t) => {
  for (const others of [25, 1500]) {
    const { clock, send, sizes } = instance(t);
    let reached = 0;
    await withWire({ answer: () => accepted() }, async () => {
      for (let at = 0; at < 40; at += 1) {
        const [kind] = await send({ recipient: '+819099999999' }, secrets());
        reached += Number(kind === 'success');
        for (let more = 0; more < others / 25; more += 1) await send({ recipient: number((at * 60 + more) % others) }, secrets());
        clock.now += 20_000;
      }
    });
    assert.equal(reached, 10, `${others} others`);
    assert.ok(Math.max(...sizes) <= 4096);
  }
});

test('an hour of outage leaves the limit untouched', async (t) => {
  const { send } = instance(t);
  for (const [out, answer, connect] of FATES.filter(([sent]) => !sent)) {
    assert.equal(out, false);
    await withWire({ answer, connect }, async () => { for (let at = 0; at < 12; at += 1) await send({}, secrets()); });
  }
  const kindsAfter = await withWire({ answer: () => accepted() }, async () => {
    const verdicts = [];
    for (let at = 0; at < 11; at += 1) verdicts.push((await send({}, secrets()))[0]);
    return verdicts;
  });
  assert.deepEqual(kindsAfter, [...Array(10).fill('success'), 'drop']);
});

test('no login is refused for the tenant, however much else was sent', async (t) => {
  const { send } = instance(t);
  const given = secrets({ TENANT_LIMIT: '3', RECIPIENT_LIMIT: '99' });
  await withWire({ answer: () => accepted() }, async () => {
    for (let at = 0; at < 30; at += 1) {
      const [kind, reason] = await send({ recipient: number(at), message_type: 'change_password' }, given);
      assert.deepEqual([kind, reason], at < 3 ? ['success', undefined] : ['drop', 'too many messages of this tenant']);
      assert.deepEqual(await send({ recipient: number(at), message_type: 'otp_verify' }, given), ['success']);
    }
  });
});

test('fifty in flight wait for a dead cache no longer than a login can', async (t) => {
  const { send } = instance(t, () => new Promise(() => {}));
  const begun = process.hrtime.bigint();
  const verdicts = await withWire({ answer: () => accepted() }, () => Promise.all(Array.from({ length: 50 }, () => send({}, secrets({ RECIPIENT_LIMIT: '1' })))));
  assert.deepEqual(verdicts, Array(50).fill(['success']));
  assert.ok(process.hrtime.bigint() - begun < 2_000_000_000n);
});

test('a number gets half as many calls as messages unless the stack says otherwise', async (t) => {
  for (const [given, most] of [[{}, 5], [{ RECIPIENT_LIMIT: '3' }, 2], [{ RECIPIENT_LIMIT: '1' }, 1], [{ VOICE_LIMIT: '2' }, 2], [{ VOICE_LIMIT: '0' }, 10], [{ RECIPIENT_LIMIT: '0', VOICE_LIMIT: '3' }, 3], [{ RECIPIENT_LIMIT: '0' }, 12]]) {
    const { send } = instance(t);
    let sent = 0;
    await withWire({ answer: () => accepted() }, async () => { for (let at = 0; at < 12; at += 1) sent += Number((await send({ delivery_method: 'voice' }, secrets(given)))[0] === 'success'); });
    assert.equal(sent, most, JSON.stringify(given));
  }
});
