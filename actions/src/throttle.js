/** Milliseconds. Auth0's own limits are per user, these per number and for the tenant. */
const LIMIT_WINDOW = 3600000;
/** For one read and write of the cache, and for the turn at it: then the message goes without. */
const CACHE_DEADLINE = 300;
const TURN_DEADLINE = 1000;

/**
 * All that is remembered of sends is one entry, as the cache holds 20 and forgets whoever comes
 * after: `<sends>|<counts>`. A send has 6 bytes, in base64: 31 bits of a keyed hash of the number,
 * one that says whether it was a call, and the second (mod 2^16). No phone number is in it. `counts`
 * are those of the tenant's limit, `<slot>:<count>,...`, a slot being five minutes.
 */
const CACHE_KEY = 'sends';
const SEND_BYTES = 6;
/** 4000 characters of base64, with the counts within the 4 kB of a value. */
const MOST_SENDS = 500;
const SLOT = 300000;

/** Executions of one instance interleave; this way none counts what another is about to write. */
let turn = Promise.resolve();

/**
 * Takes a place under each limit, just before the message goes. Returns how to give it back.
 * Advisory: instances share no cache and a cache may fail, which counts as "nothing was sent".
 * @param {CacheApi | undefined} cache @param {string} to @param {PhoneMessage} message
 * @param {Config} config @returns {Promise<() => Promise<void>>}
 */
async function reserve(cache, to, message, config) {
  const call = message.method === 'voice';
  const limits = { number: config.limit, calls: call ? config.voiceLimit : 0, tenant: tenantLimit(message, config) };
  if (!limits.number && !limits.calls && !limits.tenant) return async () => undefined;
  const hash = (keyedHash(config, ['throttle', to]).readUInt32BE(0) & ~1) >>> 0;
  const send = { hash, call, second: second() };
  const reason = await changed(cache, (sends, counts) => {
    const own = sends.filter((one) => one.hash === hash);
    if (limits.number && own.length >= limits.number) return 'too many messages to this recipient';
    if (limits.calls && own.filter((one) => one.call).length >= limits.calls) return 'too many calls to this recipient';
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    if (limits.tenant && total >= limits.tenant) return 'too many messages of this tenant';
    sends.push(send);
    if (limits.tenant) counts.set(slot(), (counts.get(slot()) ?? 0) + 1);
    return undefined;
  });
  if (reason) return refuse(reason);
  const taken = slot();
  return async () => {
    await changed(cache, (sends, counts) => {
      const at = sends.findIndex((one) => one.hash === hash && one.call === call && one.second === send.second);
      if (at >= 0) sends.splice(at, 1);
      if (limits.tenant) counts.set(taken, Math.max(0, (counts.get(taken) ?? 0) - 1));
      return undefined;
    });
  };
}

/** A login's code is neither counted nor refused: else a stranger could lock everybody out. */
const tenantLimit = (/** @type {PhoneMessage} */ { type }, /** @type {Config} */ config) => (type === 'otp_verify' ? 0 : config.tenantLimit);

const second = () => Math.floor(Date.now() / 1000) & 0xffff;
const slot = () => Math.floor(Date.now() / SLOT);

/**
 * Reads the entry, lets `change` look at it and alter it, and writes it unless there is a reason not
 * to send. One execution at a time.
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

/** @param {unknown} value @returns {{sends: Send[], counts: Map<number, number>}} of the last hour */
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
  const counts = totals.split(',').map((one) => /^(\d{1,9}):(\d{1,6})$/.exec(one)).filter((found) => found !== null)
    .map(([, key, count]) => /** @type {[number, number]} */ ([Number(key), Number(count)]))
    .filter(([key]) => key <= last && key >= last - LIMIT_WINDOW / SLOT);
  return { sends, counts: new Map(counts) };
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
 * Where there are too many, the oldest go of the numbers with the fewest: who sends many messages to
 * one number cannot make it forgotten by sending to others. @param {Send[]} sends
 */
function kept(sends) {
  if (sends.length <= MOST_SENDS) return sends;
  const times = new Map();
  for (const { hash } of sends) times.set(hash, (times.get(hash) ?? 0) + 1);
  const fewest = Math.min(...times.values());
  let over = sends.length - MOST_SENDS;
  return sends.filter(({ hash }, at) => {
    // The last one is about to go: it was counted just now.
    if (over === 0 || at === sends.length - 1 || times.get(hash) !== fewest) return true;
    over -= 1;
    return false;
  });
}
