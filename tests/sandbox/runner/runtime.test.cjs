'use strict';
const assert = require('node:assert/strict');
const test = require('node:test');

const { ActionRuntime } = require('../../../sandbox/runner/runner.cjs');

const UNIFIED = 'onExecuteCustomPhoneProvider';
const LEGACY = 'onExecuteSendPhoneMessage';
const handler = (body, name = UNIFIED) => `exports.${name} = async (event, api) => { ${body} };`;

let versions = 0;
function execute(code, { runtime = new ActionRuntime(), name = UNIFIED, event = {}, secrets = {}, version } = {}) {
  versions += 1;
  return runtime.execute({ code, version_id: version ?? `v${versions}`, handler: name, event, secrets });
}

test('no call is success; drop and retry carry their reason; the last call wins', async () => {
  assert.equal((await execute(handler(''))).kind, 'success');
  const cases = {
    "api.notification.drop('a')": ['drop', 'a'],
    "api.notification.retry('b')": ['retry', 'b'],
    "api.notification.drop('a'); api.notification.retry('b')": ['retry', 'b'],
    "api.notification.retry('b'); api.notification.drop('a'); console.log('goes on')": ['drop', 'a'],
  };
  for (const [body, [kind, reason]] of Object.entries(cases)) {
    const outcome = await execute(handler(body));
    assert.deepEqual([outcome.kind, outcome.reason], [kind, reason]);
  }
});

test('a throw after drop is an error', async () => {
  const outcome = await execute(handler("api.notification.drop('a'); throw new TypeError('boom')"));
  assert.deepEqual([outcome.kind, outcome.reason], ['error', 'TypeError: boom']);
  assert.equal((await execute(handler("throw 'text'"))).reason, "'text'");
});

test('reasons are cut at 1024 characters', async () => {
  for (const body of ["api.notification.drop('r'.repeat(2000))", "throw new Error('r'.repeat(2000))"]) {
    assert.equal((await execute(handler(body))).reason.length, 1024);
  }
});

test('a cut that halves an emoji leaves no half, which no answer could be encoded with', async () => {
  const outcome = await execute(handler("console.log(`${'r'.repeat(255)}😀`); api.notification.drop(`${'r'.repeat(1023)}😀`)"));
  assert.deepEqual([outcome.reason, outcome.console], [`${'r'.repeat(1023)}\ufffd`, [`${'r'.repeat(255)}\ufffd`]]);
  assert.equal((await execute(handler("api.notification.drop('\\ud800')"))).reason, '\ufffd');
});

test('an error that cannot be read is an error all the same', async () => {
  for (const body of ['class Odd extends Error { get message() { throw 1; } } throw new Odd()', "throw Object.assign(new Error('x'), { name: Symbol('x') })"]) {
    const outcome = await execute(handler(body));
    assert.deepEqual([outcome.kind, outcome.reason], ['error', 'Error: what the Action threw cannot be read']);
  }
});

test('the legacy api has a cache and no notification', async () => {
  const outcome = await execute(handler("console.log(Object.keys(api).join())", LEGACY), { name: LEGACY });
  assert.deepEqual(outcome.console, ['cache']);
  assert.deepEqual((await execute(handler("console.log(Object.keys(api).sort().join())"))).console, ['cache,notification']);
});

test('the code of a version runs once and keeps its state', async () => {
  const runtime = new ActionRuntime();
  const code = `let loads = 0; loads += 1; let runs = 0; ${handler('runs += 1; console.log(loads, runs)')}`;
  assert.deepEqual((await execute(code, { runtime, version: 'same' })).console, ['1 1']);
  assert.deepEqual((await execute(code, { runtime, version: 'same' })).console, ['1 2']);
  assert.deepEqual((await execute(code, { runtime, version: 'next' })).console, ['1 1']);
});

test('code that throws when loaded throws the same on every execution', async () => {
  const runtime = new ActionRuntime();
  const code = 'globalThis.loads = (globalThis.loads ?? 0) + 1; throw new Error(`load ${globalThis.loads}`);';
  for (let run = 0; run < 2; run += 1) {
    const outcome = await execute(code, { runtime, version: 'broken' });
    assert.deepEqual([outcome.kind, outcome.reason], ['error', 'Error: load 1']);
  }
  delete globalThis.loads;
});

test('code that does not parse is an error, as is a redeclared wrapper name', async () => {
  for (const code of ['exports.x = ', 'const console = 1;', 'const module = {};', 'const exports = {};']) {
    const outcome = await execute(code);
    assert.equal(outcome.kind, 'error');
    assert.match(outcome.reason, /^SyntaxError/);
  }
  assert.equal((await execute(`'use strict'; ${handler('')}`)).kind, 'success');
});

test('only a true async function is a handler', async () => {
  for (const code of [`exports.${UNIFIED} = () => Promise.resolve();`, `exports.${UNIFIED} = function () {};`, `exports.${UNIFIED} = 7;`, '',
    `exports.${UNIFIED} = async function* () {};`, handler('', 'onExecuteOther')]) {
    const outcome = await execute(code);
    assert.deepEqual([outcome.kind, outcome.reason], ['error', `TypeError: exports.${UNIFIED} is not an async function`]);
  }
  assert.match((await execute('module.exports = 7;')).reason, /module\.exports is not an object/);
  assert.equal((await execute(`module.exports = { ${UNIFIED}: async () => {}, helper: () => {} };`)).kind, 'success');
  assert.equal((await execute(handler('', 'onExecutePostLogin'), { name: 'onExecutePostLogin' })).kind, 'error');
});

test('require gives Node modules and nothing else', async () => {
  assert.equal((await execute(handler("require('crypto'); require('node:https')"))).kind, 'success');
  for (const name of ['axios', './runner.cjs', '/etc/hostname']) {
    assert.match((await execute(handler(`require('${name}')`))).reason, /Cannot find module/);
  }
});

test('the event holds the secrets and is a copy', async () => {
  const event = { notification: { code: '1' } };
  const outcome = await execute(handler("console.log(event.secrets.A, event.notification.code); event.notification.code = '2'; event.secrets.A = 'x'"), { event, secrets: { A: 'b' } });
  assert.deepEqual(outcome.console, ['b 1']);
  assert.deepEqual(event, { notification: { code: '1' } });
});

test('256 characters of console are kept of an execution', async () => {
  const outcome = await execute(handler("console.log('a'.repeat(200)); console.error('b'.repeat(100)); console.warn('c')"));
  assert.deepEqual(outcome.console, ['a'.repeat(200), 'b'.repeat(56)]);
  const objects = await execute(handler("console.info('%s is', 'x', { a: 1 })"));
  assert.deepEqual(objects.console, ['x is { a: 1 }']);
});

test('the console is a whole one, as in Auth0', async () => {
  const outcome = await execute(handler("console.table([{ a: 1 }]); console.dir({ b: 2 }); console.assert(false, 'c'); console.group('d'); console.log('e\\nf'); console.groupEnd()"));
  assert.equal(outcome.kind, 'success');
  assert.match(outcome.console[0], /\(index\)/);
  assert.deepEqual(outcome.console.slice(1), ['{ b: 2 }', 'Assertion failed: c', 'd', '  e\n  f']);
});

test('interleaved executions keep their outcome and console apart', async () => {
  const runtime = new ActionRuntime();
  const code = handler("await new Promise((done) => setTimeout(done, event.wait)); console.log(event.name); api.notification.drop(event.name)");
  const outcomes = await Promise.all([['a', 20], ['b', 1]].map(([name, wait]) => execute(code, { runtime, version: 'same', event: { name, wait } })));
  assert.deepEqual(outcomes.map((outcome) => [outcome.reason, outcome.console]), [['a', ['a']], ['b', ['b']]]);
});

test('the cache lasts between executions of a trigger and is not shared with the other', async () => {
  const runtime = new ActionRuntime();
  const code = (name) => handler("console.log(api.cache.get('k')?.value); api.cache.set('k', 'v')", name);
  assert.deepEqual((await execute(code(UNIFIED), { runtime })).console, ['undefined']);
  assert.deepEqual((await execute(code(UNIFIED), { runtime })).console, ['v']);
  assert.deepEqual((await execute(code(LEGACY), { runtime, name: LEGACY })).console, ['undefined']);
});

test('an execution over the limit is an error', async () => {
  const runtime = new ActionRuntime({ executionLimitMs: 20 });
  const outcome = await execute(handler('await new Promise(() => {})'), { runtime });
  assert.deepEqual([outcome.kind, outcome.reason], ['error', 'Error: execution over the limit of 20 ms']);
});
