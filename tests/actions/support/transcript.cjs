'use strict';
/** Prints what the Action makes of random events, answers and connections, to be compared between versions of Node. */
const { ActionCache } = require('../../../sandbox/runner/cache.cjs');
const { LEGACY, UNIFIED, codeOf, withWire } = require('./action.cjs');
const { answerOf, connectionOf, generator, scenario } = require('./random.cjs');

async function main() {
  const random = generator(20261202);
  for (const name of [UNIFIED, LEGACY]) {
    const module = { exports: {} };
    const lines = [];
    const log = (...args) => lines.push(args.map(String).join(' '));
    new Function('module', 'exports', 'console', 'require', codeOf(name))(module, module.exports, { log }, require);
    const cache = new ActionCache();
    for (let number = 0; number < 1500; number += 1) {
      const given = scenario(random);
      const record = (kind) => (reason) => lines.push(kind, reason);
      const api = { cache, notification: { drop: record('drop'), retry: record('retry') } };
      const wire = {
        answer: answerOf(random, given.echo), connect: connectionOf(random, given.echo),
        seen: ({ url, body, headers }) => lines.push(url, JSON.stringify(body), JSON.stringify(headers)),
      };
      try {
        await withWire(wire, () => module.exports[name](name === UNIFIED ? given.unified : given.legacy, api));
      } catch (thrown) {
        lines.push(`thrown ${thrown.message}`);
      }
      process.stdout.write(`${JSON.stringify([name, number, ...lines.splice(0)])}\n`);
    }
  }
}

main();
