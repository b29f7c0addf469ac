/** Milliseconds. Auth0's own limits are per user, these per number and for the tenant. */
const LIMIT_WINDOW = 3600000;
/** For one read and write of the cache, and for the turn at it: then the message goes without. */
const CACHE_DEADLINE = 300;
const TURN_DEADLINE = 1000;

/**
 * One entry, `<sends>|<counts>`, as the cache holds 20 of them. A send has 6 bytes in base64: 31 bits
 * of a keyed hash of the number, one that says whether it was a call, the second (mod 2^16). `counts`
 * is what the tenant's limit counts, `<slot>:<count>,...`, a slot being five minutes.
 */
const CACHE_KEY = 'sends';
const SEND_BYTES = 6;
/** 4000 characters of base64, so that the counts fit into the 4 kB of a value. */
const MOST_SENDS = 500;
const SLOT = 300000;

/** Executions of one instance interleave: in turns, none counts what another is about to write. */
let turn = Promise.resolve();

/**
 * Takes a place under each limit, just before the message goes. Returns how to give it back.
 * Advisory: instances share no cache, and one that fails counts as empty.
 * @param {CacheApi | undefined} cache @param {string} to @param {PhoneMessage} message
 * @param {Config} config @returns {Promise<() => Promise<unknown>>}
 */
async function reserve(cache, to, { method, type }, config) {
  const call = method === 'voice';
  const calls = call ? config.voiceLimit : 0;
  // Codes of logins are neither counted nor refused: a stranger could lock everybody out.
  const tenant = type === 'otp_verify' ? 0 : config.tenantLimit;
  if (!config.limit && !calls && !tenant) return async () => undefined;
  const send = { hash: (keyedHash(config, ['throttle', to]).readUInt32BE(0) & ~1) >>> 0, call, second: second() };
  const taken = slot();
  const count = (/** @type {Map<number, number>} */ counts, /** @type {number} */ change) =>
    tenant && counts.set(taken, Math.max(0, (counts.get(taken) ?? 0) + change));
  const reason = await changed(cache, (sends, counts) => {
    const own = sends.filter(({ hash }) => hash === send.hash);
    if (config.limit && own.length >= config.limit) return 'too many messages to this recipient';
    if (calls && own.filter((one) => one.call).length >= calls) return 'too many calls to this recipient';
    if (tenant && [...counts.values()].reduce((sum, one) => sum + one, 0) >= tenant) return 'too many messages of this tenant';
    sends.push(send);
    count(counts, 1);
    return undefined;
  });
  if (reason) refuse(reason);
  return () => changed(cache, (sends, counts) => {
    const at = sends.findIndex((one) => one.hash === send.hash && one.call === call && one.second === send.second);
    if (at >= 0) sends.splice(at, 1);
    count(counts, -1);
    return undefined;
  });
}

const second = () => Math.floor(Date.now() / 1000) & 0xffff;
const slot = () => Math.floor(Date.now() / SLOT);

/**
 * In its turn: reads the entry and writes what `change` makes of it, unless there is a reason not to.
 * @param {CacheApi | undefined} cache
 * @param {(sends: Send[], counts: Map<number, number>) => string | undefined} change
 * @returns {Promise<string | undefined>}
 */
async function changed(cache, change) {
  let waiting = true;
  const work = async () => {
    if (!waiting) return undefined;
    const { sends, counts } = unpacked((await cache?.get(CACHE_KEY))?.value);
    const reason = change(sends, counts);
    if (reason === undefined) await cache?.set(CACHE_KEY, packed(sends, counts), { ttl: LIMIT_WINDOW });
    return reason;
  };
  const mine = turn.then(() => withDeadline(CACHE_DEADLINE, work));
  turn = mine.then(() => undefined, () => undefined);
  try {
    return await withDeadline(TURN_DEADLINE, () => mine);
  } catch {
    return undefined; // better a limit that forgets than a login that fails
  } finally {
    waiting = false;
  }
}

/** What is of the last hour. @param {unknown} value @returns {{sends: Send[], counts: Map<number, number>}} */
function unpacked(value) {
  const [text, totals = ''] = typeof value === 'string' ? value.split('|') : [''];
  const bytes = Buffer.from(text, 'base64');
  const [now, last] = [second(), slot()];
  const sends = [];
  for (let at = 0; at + SEND_BYTES <= bytes.length; at += SEND_BYTES) {
    const word = bytes.readUInt32BE(at);
    const send = { hash: (word & ~1) >>> 0, call: word % 2 === 1, second: bytes.readUInt16BE(at + 4) };
    if (((now - send.second) & 0xffff) < LIMIT_WINDOW / 1000) sends.push(send);
  }
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const [key, count] of totals.split(',').map((one) => one.split(':').map(Number))) {
    if (key <= last && key >= last - LIMIT_WINDOW / SLOT && count > 0) counts.set(key, count);
  }
  return { sends, counts };
}

/** @param {Send[]} sends @param {Map<number, number>} counts */
function packed(sends, counts) {
  const bytes = Buffer.concat(kept(sends).map(({ hash, call, second: at }) => {
    const one = Buffer.alloc(SEND_BYTES);
    one.writeUInt32BE(hash + Number(call), 0);
    one.writeUInt16BE(at, 4);
    return one;
  }));
  return `${bytes.toString('base64')}|${[...counts].map((one) => one.join(':')).join(',')}`;
}

/**
 * Of too many the oldest goes of the numbers with the fewest, but the one just added: to have a number
 * forgotten, it is not enough to send to many others. @param {Send[]} sends
 */
function kept(sends) {
  if (sends.length <= MOST_SENDS) return sends;
  const times = new Map();
  for (const { hash } of sends) times.set(hash, (times.get(hash) ?? 0) + 1);
  const fewest = Math.min(...times.values());
  const gone = sends.findIndex(({ hash }, at) => times.get(hash) === fewest && at < sends.length - 1);
  return sends.filter((_, at) => at !== gone);
}
