'use strict';
/**
 * `https.request` of the test's own, for tests of what the Action asks and makes of an answer. How a
 * real connection fails is tried with real servers, in connections.test.cjs.
 */

const { EventEmitter } = require('node:events');
const https = require('node:https');
const { Readable } = require('node:stream');

const soon = () => new Promise((resolve) => { setImmediate(resolve); });

class Call extends EventEmitter {
  destroyed = false;

  #incoming;

  constructor(options, { connect, answer, seen }) {
    super();
    this.options = options;
    this.sent = new Promise((resolve) => { this.end = (content) => { this.end = () => { throw new Error('written twice'); }; resolve(String(content)); }; });
    this.#play(connect, answer, seen).catch((error) => this.#fail(error));
  }

  async #play(connect, answer, seen) {
    const socket = new EventEmitter();
    await soon();
    this.emit('socket', socket);
    const told = connect();
    if (told?.stage === 'connecting') return told.error && this.#fail(told.error);
    socket.emit('connect');
    if (told?.stage === 'securing') return told.error && this.#fail(told.error);
    socket.emit('secureConnect');
    const body = await this.sent;
    seen({ ...this.options, call: this, url: `https://${this.options.host}${this.options.path}`, body: JSON.parse(body) });
    const response = await answer();
    if (this.destroyed) return undefined;
    this.#incoming = Readable.from(response.body ?? []);
    this.#incoming.statusCode = response.status;
    this.#incoming.headers = Object.fromEntries(response.headers);
    this.emit('response', this.#incoming);
    return undefined;
  }

  /** As Node has it: what was thrown may be anything in a test, an error event has an error. */
  #fail(error) {
    if (!this.destroyed) this.emit('error', error?.cause ?? error);
  }

  destroy() {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.#incoming?.destroy();
    process.nextTick(() => this.emit('close'));
    return this;
  }
}

/**
 * Runs work with that in place of https.request. `connect` says how one try to connect fails (or
 * hangs, without an error); `answer` stands for the CPaaS and may return, throw or never end.
 */
async function withWire({ connect = () => undefined, answer, seen = () => undefined, tried = () => undefined }, work) {
  const { request } = https;
  https.request = (options) => {
    tried(options);
    return new Call(options, { connect, answer, seen });
  };
  try {
    return await work();
  } finally {
    https.request = request;
  }
}

const failure = (stage, code, syscall) => ({ stage, error: Object.assign(new Error(`x ${code}`), { code, syscall }) });

module.exports = { failure, withWire };
