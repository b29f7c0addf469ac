// One process of auth0-deploy-cli for several imports: reads a command a line, runs the tool's own
// import, and answers with one line. Each import validates the input against 8 MB of schemas, which
// the tool compiles anew each time (24 s of CPU). Here those of the resources that the input has
// are compiled, once; the others decide nothing. Nothing else of the tool is
// changed; exports are quick as the command line that they are.
'use strict';

const fs = require('node:fs');
const readline = require('node:readline');
const Ajv = require('ajv/lib/ajv');
const nconf = require('nconf');
const tool = require('auth0-deploy-cli');

const SCHEMA = require('auth0-deploy-cli/lib/tools/auth0/schema').default;
const DONE = '@@done';

const validateAnything = Ajv.prototype.validate;
const compiled = new Map();

Ajv.prototype.validate = function validate(schema, data) {
  if (schema !== SCHEMA) return validateAnything.call(this, schema, data);
  const present = Object.keys(schema.properties).filter((name) => name in data);
  const key = present.join();
  if (!compiled.has(key)) {
    const properties = Object.fromEntries(present.map((name) => [name, schema.properties[name]]));
    compiled.set(key, this.compile({ ...schema, properties }));
  }
  const check = compiled.get(key);
  const valid = check(data);
  this.errors = check.errors;
  return valid;
};

async function run({ file, dryRun }) {
  // The tool keeps its configuration in a global, where a dry run would stay switched on.
  nconf.reset();
  await tool.deploy({ input_file: file, dry_run: dryRun, env: true });
}

async function main() {
  // Not standard input: the tool's spinner closes that.
  const input = fs.createReadStream(null, { fd: Number(process.argv[2]) });
  for await (const line of readline.createInterface({ input })) {
    let error = null;
    try {
      await run(JSON.parse(line));
    } catch (failure) {
      error = failure.stack || String(failure);
    }
    process.stdout.write(`\n${DONE} ${JSON.stringify({ error })}\n`);
  }
}

main();
