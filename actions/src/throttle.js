/** Milliseconds. Auth0's own limit is per user, this one per number. */
const THROTTLE_WINDOW = 3600000;
const CACHE_DEADLINE = 300;

/** At most 64 bytes, and no phone number in it. @param {string} to @param {Config} config */
function throttleKey(to, config) {
  return `sent:${keyedHash(config, ['throttle', to]).toString('base64url')}`;
}

/**
 * Times of the last sends to a recipient. Advisory: the cache holds 20 entries, is not shared by
 * instances and may fail, so whatever goes wrong counts as "none".
 * @param {CacheApi | undefined} cache @param {string} key
 */
async function recentSends(cache, key) {
  try {
    const record = await withDeadline(CACHE_DEADLINE, async () => cache?.get(key));
    const now = Date.now();
    const times = String(record?.value ?? '').split(',').map(Number);
    return times.filter((time) => time > now - THROTTLE_WINDOW && time <= now);
  } catch {
    return [];
  }
}

/** @param {CacheApi | undefined} cache @param {string} key @param {number[]} sent @param {number} limit */
async function rememberSend(cache, key, sent, limit) {
  if (limit === 0) return;
  const value = [...sent, Date.now()].slice(-limit).join(',');
  try {
    await withDeadline(CACHE_DEADLINE, async () => cache?.set(key, value, { ttl: THROTTLE_WINDOW }));
  } catch {
    // The message is out: better a limit that forgets than a login that fails.
  }
}
