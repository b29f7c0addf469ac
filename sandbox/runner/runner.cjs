'use strict';
/**
 * Runs Action code with the shape Auth0 gives it.
 *
 * As a program it speaks JSON lines: a request on stdin, an answer on stdout, matched by id.
 * Facts: cpaas-and-actions.md §2.2, §2.3, §2.5, §2.6.
 */

const { AsyncLocalStorage } = require('node:async_hooks');
const { Console } = require('node:console');
const { performance } = require('node:perf_hooks');
const process = require('node:process'); // the real one, not what an Action finds
const readline = require('node:readline');
const { Writable } = require('node:stream');
const util = require('node:util');
const vm = require('node:vm');

const { ActionCache } = require('./cache.cjs');
const { markRequests } = require('./deliveries.cjs');
const { routeNames } = require('./names.cjs');

const EXECUTION_LIMIT_MS = 20000;
const CONSOLE_CHARACTERS = 256;
const REASON_CHARACTERS = 1024;
const UNCAUGHT = 70;

/** The trigger of each handler: the trigger decides what `api` offers. */
const TRIGGERS = new Map([
  ['onExecuteCustomPhoneProvider', { trigger: 'custom-phone-provider', notification: true }],
  ['onExecuteSendPhoneMessage', { trigger: 'send-phone-message', notification: false }],
]);

/**
 * What an Action may load: what computes, and what speaks HTTPS. Stricter than Auth0 on purpose: here
 * the code runs with the rights of a developer, and whoever reaches the tenant's API can deploy some.
 */
const ALLOWED = new Set([
  'assert', 'assert/strict', 'async_hooks', 'buffer', 'crypto', 'diagnostics_channel', 'dns', 'dns/promises',
  'events', 'http', 'http2', 'https', 'os', 'path', 'path/posix', 'perf_hooks', 'punycode', 'querystring',
  'stream', 'stream/consumers', 'stream/promises', 'stream/web', 'string_decoder', 'timers', 'timers/promises',
  'tls', 'url', 'util', 'util/types', 'zlib',
]);

function restrictedRequire(name) {
  if (!ALLOWED.has(String(name).replace(/^node:/, ''))) {
    throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
  }
  return require(name);
}

/** The parts of `process` that an Action sees: none that loads, kills, ends or writes. */
function harmlessProcess() {
  const { arch, env, hrtime, nextTick, platform, release, version, versions } = process;
  const parts = { arch, env: { ...env }, hrtime, nextTick, platform, release, version, versions };
  return Object.assign(parts, { uptime: () => process.uptime(), memoryUsage: () => process.memoryUsage() });
}

/** Lines kept of one execution, cut at the budget Auth0 keeps. */
class ConsoleBudget {
  lines = [];

  #left = CONSOLE_CHARACTERS;

  write(text) {
    const line = text.slice(0, this.#left);
    this.#left -= line.length;
    if (line !== '') this.lines.push(util.toUSVString(line)); // the cut may halve an emoji
  }
}

class ActionRuntime {
  #instances = new Map();

  #caches = new Map();

  #executions = new AsyncLocalStorage();

  #limit;

  #now;

  /** The delivery in whose flow this is asked; undefined outside of one. */
  currentDelivery = () => this.#executions.getStore()?.delivery;

  constructor({ executionLimitMs = EXECUTION_LIMIT_MS, now = Date.now } = {}) {
    this.#limit = executionLimitMs;
    this.#now = now;
    // One console for the life of an instance, as its code holds on to it; executions may
    // interleave, so each line goes to the execution in whose flow it was written.
    const stream = new Writable({
      decodeStrings: false,
      write: (chunk, _, done) => {
        this.#executions.getStore()?.output.write(chunk.replace(/\n$/, ''));
        done();
      },
    });
    this.console = new Console(stream);
  }

  /**
   * @param {{code: string, version_id: string, handler: string, event: object, secrets: object, delivery_id?: string}} request
   * @returns {Promise<{kind: 'success'|'drop'|'retry'|'error', reason: string|null, console: string[], duration_ms: number}>}
   */
  async execute({ code, version_id: versionId, handler: name, event, secrets, delivery_id: delivery }) {
    const started = performance.now();
    const output = new ConsoleBudget();
    const verdict = { kind: 'success', reason: null };
    try {
      const { trigger, notification } = TRIGGERS.get(name) ?? fail(`no trigger has a handler called ${name}`);
      const api = { cache: this.#cache(trigger) };
      if (notification) api.notification = notificationApi(verdict);
      const given = { ...structuredClone(event), secrets: { ...secrets }, configuration: {} };
      await this.#executions.run({ output, delivery }, () => {
        const handler = this.#handler(versionId, code, name);
        return this.#withinLimit(handler(given, api));
      });
    } catch (error) {
      verdict.kind = 'error';
      verdict.reason = cut(described(error));
    }
    return { ...verdict, console: output.lines, duration_ms: performance.now() - started };
  }

  #cache(trigger) {
    if (!this.#caches.has(trigger)) this.#caches.set(trigger, new ActionCache(this.#now));
    return this.#caches.get(trigger);
  }

  /** The code of a version runs once; what it exported, or threw, holds for every execution. */
  #handler(versionId, code, name) {
    if (!this.#instances.has(versionId)) this.#instances.set(versionId, load(code, this.console));
    const instance = this.#instances.get(versionId);
    if ('thrown' in instance) throw instance.thrown;
    const { exported } = instance;
    if (typeof exported !== 'object' || exported === null) throw new TypeError('module.exports is not an object');
    const handler = exported[name];
    // By name: code of another realm has an AsyncFunction of its own.
    if (typeof handler !== 'function' || handler.constructor.name !== 'AsyncFunction') {
      throw new TypeError(`exports.${name} is not an async function`);
    }
    return handler;
  }

  async #withinLimit(work) {
    let timer;
    const limit = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`execution over the limit of ${this.#limit} ms`)), this.#limit);
    });
    try {
      await Promise.race([work, limit]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function fail(message) {
  throw new Error(message);
}

/** Whatever was thrown: its own properties may throw in their turn. */
function described(error) {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : util.inspect(error);
  } catch {
    return 'Error: what the Action threw cannot be read';
  }
}

/** The cut may halve an emoji, and half of one cannot be written in UTF-8. */
function cut(reason) {
  return util.toUSVString(String(reason).slice(0, REASON_CHARACTERS));
}

/** Neither call ends the function; of several calls the last one counts. */
function notificationApi(verdict) {
  const decide = (kind) => (reason) => {
    verdict.kind = kind;
    verdict.reason = cut(reason);
  };
  return Object.freeze({ drop: decide('drop'), retry: decide('retry') });
}

function load(code, actionConsole) {
  const module = { exports: {} };
  try {
    const wrapper = vm.compileFunction(code, ['module', 'exports', 'console'], {
      filename: 'action.js',
      contextExtensions: [{ require: restrictedRequire }],
    });
    wrapper(module, module.exports, actionConsole);
    return { exported: module.exports };
  } catch (thrown) {
    return { thrown };
  }
}

/** The program: one JSON object a line, several under way at once. */
function serve() {
  // The protocol keeps the real stdout for itself: a stray write of an Action would break a line.
  const send = process.stdout.write.bind(process.stdout);
  process.stdout.write = () => true;
  // A promise the Action left behind may fail later; the next execution must not pay for it.
  process.on('unhandledRejection', () => {});
  // Without Node's report: it prints source and message, and an Action's may hold a secret.
  process.on('uncaughtException', () => process.exit(UNCAUGHT));
  // Node's own modules have the real one; a global is all that the code of an Action could find.
  globalThis.process = harmlessProcess();
  let runtime = new ActionRuntime();
  markRequests(() => runtime.currentDelivery());
  readline.createInterface({ input: process.stdin }).on('line', async (line) => {
    const { id, start, execute } = JSON.parse(line);
    if (start) {
      routeNames(start.hosts);
      runtime = new ActionRuntime({ executionLimitMs: start.execution_limit_ms });
    }
    const answer = execute ? await runtime.execute(execute) : { node: process.versions.node };
    // On a line of its own, whatever a write past process.stdout left there.
    send(`\n${JSON.stringify({ id, ...answer })}\n`);
  }).on('close', () => process.exit(0));
}

module.exports = { ActionRuntime, EXECUTION_LIMIT_MS, CONSOLE_CHARACTERS, REASON_CHARACTERS };

if (require.main === module) serve();
