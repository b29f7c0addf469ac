'use strict';
const assert = require('node:assert/strict');
const test = require('node:test');

const { ActionCache } = require('../../sandbox/runner/cache.cjs');
const { LEGACY, UNIFIED, accepted, codeOf, secrets, unifiedEvent, withWire } = require('./support/action.cjs');
const { answerOf, connectionOf, generator, scenario } = require('./support/random.cjs');

// Every night 10,000.
const EVENTS = Number(process.env.PHONEMFA_EVENTS ?? 2_000);
const SEED = Number(process.env.PHONEMFA_SEED ?? 20260102);

/** The handler as Auth0 holds it, with a console and an api that record. */
function load(name) {
  const module = { exports: {} };
  const logged = [];
  const log = (...args) => logged.push(args.map(String).join(' '));
  const consoleOfAction = { log, info: log, warn: log, error: log, debug: log };
  new Function('module', 'exports', 'console', 'require', codeOf(name))(module, module.exports, consoleOfAction, require);
  return { handler: module.exports[name], logged, cache: new ActionCache() };
}

async function execute(action, event, answer, connect) {
  const calls = [];
  const record = (kind) => (reason) => calls.push([kind, reason]);
  const api = { cache: action.cache, notification: { drop: record('drop'), retry: record('retry') } };
  let posts = 0;
  const seen = ({ url }) => {
    posts += 1;
    assert.match(url, /^https:\/\/cpaas\.sandbox\.test\/(sms\/3\/messages|tts\/3\/advanced)$/);
  };
  action.logged.length = 0;
  try {
    await withWire({ answer, connect, seen }, () => action.handler(event, api));
    return { calls, posts };
  } catch (thrown) {
    return { calls, posts, thrown };
  }
}

test(`${EVENTS} random events: one outcome, at most one POST, nothing private in a log`, async () => {
  const random = generator(SEED);
  const unified = load(UNIFIED);
  const legacy = load(LEGACY);
  const seen = { success: 0, drop: 0, retry: 0 };
  for (let number = 0; number < EVENTS; number += 1) {
    const given = scenario(random);
    const answer = answerOf(random, given.echo);
    const connect = connectionOf(random, given.echo);
    const where = `seed ${SEED}, event ${number}`;

    const first = await execute(unified, given.unified, answer, connect);
    assert.equal(first.thrown, undefined, `${where}: the unified trigger never throws`);
    assert.ok(first.calls.length <= 1, `${where}: exactly one of success, drop and retry`);
    assert.ok(first.posts <= 1, where);
    const [kind, reason] = first.calls[0] ?? ['success', ''];
    seen[kind] += 1;
    if (kind === 'success') assert.equal(first.posts, 1, `${where}: success without sending`);
    else assert.ok(typeof reason === 'string' && reason.length > 0 && reason.length <= 1024, where);
    const said = [reason, ...unified.logged];

    const second = await execute(legacy, given.legacy, answer, connect);
    assert.deepEqual(second.calls, [], `${where}: the legacy api has no notification`);
    assert.ok(second.posts <= 1, where);
    if (second.thrown !== undefined) {
      assert.ok(second.thrown instanceof Error, where);
      assert.equal(second.thrown.cause, undefined, where);
      said.push(second.thrown.message, second.thrown.stack.split('\n')[0]);
    }
    said.push(...legacy.logged);

    for (const part of given.private) assert.ok(!said.join('\n').includes(part), `${where}: ${part} in ${said}`);
    assert.ok(said.join('').length <= 256 * 4, where);
  }
  for (const [kind, count] of Object.entries(seen)) assert.ok(count > EVENTS / 200, `${kind}: only ${count} of ${EVENTS}`);
});

test('an event that throws when it is read is dropped, not thrown', async () => {
  const action = load(UNIFIED);
  const hostile = () => { throw new Error('hostile +819012345678'); };
  const events = [
    undefined, null, 7, 'text', {}, [], new Proxy({}, { get: hostile }),
    { ...unifiedEvent(), get secrets() { return hostile(); } }, { secrets: secrets(), get notification() { return hostile(); } },
    { ...unifiedEvent(), secrets: secrets(), get request() { return hostile(); } }, { notification: new Proxy({}, { get: hostile }), secrets: secrets() },
    { ...unifiedEvent({ recipient: { replace: hostile } }), secrets: secrets() }, { ...unifiedEvent(), secrets: new Proxy({}, { get: hostile }) },
  ];
  for (const event of events) {
    const { calls, posts, thrown } = await execute(action, event, () => accepted());
    assert.equal(thrown, undefined);
    assert.equal(calls.length, 1);
    assert.equal(calls[0][0], 'drop');
    assert.equal(posts, 0);
    assert.ok(calls[0][1].length > 0);
    assert.doesNotMatch(calls[0][1], /hostile|9012345678/);
  }
});

test('an error nobody foresaw is dropped with a reason of our own', async () => {
  const { calls } = await execute(load(UNIFIED), null, () => accepted());
  assert.deepEqual(calls, [['drop', 'internal error in the Action']]);
});

test('executions of different users on one instance do not mix', async () => {
  const action = load(UNIFIED);
  const bodies = [];
  await withWire({ answer: () => accepted(), seen: ({ body }) => bodies.push(body.messages[0]) }, () => Promise.all(
    Array.from({ length: 50 }, (_, at) => action.handler(
      { ...unifiedEvent({ recipient: `+8190123456${10 + at}`, as_text: `text ${at}`, code: undefined }), secrets: secrets({ SMS_SENDER: `S${at}` }) },
      { notification: { drop: assert.fail, retry: assert.fail } }))));
  assert.equal(bodies.length, 50);
  for (const body of bodies) {
    const at = Number(body.content.text.split(' ')[1]);
    assert.equal(body.destinations[0].to, `8190123456${10 + at}`);
    assert.equal(body.sender, `S${at}`);
  }
});
