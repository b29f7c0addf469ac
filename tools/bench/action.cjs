'use strict';
/**
 * Times the Action: loading its module, and what it adds to one bare HTTPS round trip.
 *
 * Reads {code, key, port, rounds, samples} as JSON from standard input and writes
 * figures in milliseconds as JSON. The two ways of sending alternate, so that a machine that gets
 * slower for a while slows both.
 */

const https = require('node:https');
const { performance } = require('node:perf_hooks');
const vm = require('node:vm');

const { routeNames } = require('../../sandbox/runner/names.cjs');

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

function load(code) {
  const wrapper = vm.compileFunction(code, ['module', 'exports', 'console', 'require']);
  const module = { exports: {} };
  wrapper(module, module.exports, { log() {} }, require);
  return module.exports;
}

async function timed(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const { code, key, port, rounds, samples } = JSON.parse(Buffer.concat(chunks).toString());
  routeNames({ 'cpaas.sandbox.test': port });

  const loads = [];
  for (let i = 0; i < rounds * samples; i += 1) {
    // A changed last line each time: V8 would find an unchanged text in its compilation cache.
    loads.push(await timed(() => load(`${code}\n// ${i}`)));
  }

  const execute = load(code).onExecuteCustomPhoneProvider;
  const event = {
    notification: {
      as_text: 'みらい銀行の認証コードは 482913 です。',
      as_voice: 'みらい銀行です。認証コードは、482913、です。',
      code: '482913',
      delivery_method: 'text',
      locale: 'ja',
      message_type: 'otp_verify',
      recipient: '+81-90-1234-5678',
    },
    request: { geoip: { countryCode: 'JP' }, language: 'ja' },
    secrets: { CPAAS_API_KEY: key, CPAAS_BASE_URL: 'cpaas.sandbox.test', SMS_SENDER: '0005212345' },
  };
  const failed = new Set();
  const fail = (reason) => failed.add(reason);
  const api = { notification: { drop: fail, retry: fail }, cache: undefined };
  const message = JSON.stringify({ messages: [{ sender: '12345', destinations: [{ to: '819012345678' }], content: { text: 'x' } }] });
  const bare = () => new Promise((resolve, reject) => {
    const call = https.request({
      host: 'cpaas.sandbox.test',
      path: '/sms/3/messages',
      method: 'POST',
      headers: {
        authorization: `App ${event.secrets.CPAAS_API_KEY}`,
        'content-type': 'application/json',
        accept: 'application/json',
      },
      agent: false,
    }, async (answer) => {
      const read = [];
      for await (const chunk of answer) read.push(chunk);
      resolve(JSON.parse(Buffer.concat(read).toString()));
    });
    call.on('error', reject);
    call.end(message);
  });
  const results = { bare: [], action: [], overhead: [] };
  for (let round = 0; round < rounds; round += 1) {
    const one = { bare: [], action: [] };
    for (let i = 0; i < samples; i += 1) {
      one.bare.push(await timed(bare));
      one.action.push(await timed(() => execute(event, api)));
    }
    for (const way of ['bare', 'action']) results[way].push(median(one[way]));
    results.overhead.push(median(one.action) - median(one.bare));
  }
  process.stdout.write(JSON.stringify({
    module_load_ms: median(loads),
    bare_round_trip_ms: median(results.bare),
    action_ms: median(results.action),
    overhead_ms: median(results.overhead),
    overhead_per_round_ms: results.overhead,
    failed: [...failed],
  }));
}

main();
