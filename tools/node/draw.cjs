// Reads Graphviz's language on standard input, and writes the picture as SVG.
'use strict';

const { readFileSync } = require('node:fs');

async function main() {
  const { instance } = await import('@viz-js/viz');
  const viz = await instance();
  process.stdout.write(viz.renderString(readFileSync(0, 'utf8'), { format: 'svg' }));
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
