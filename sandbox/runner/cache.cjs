'use strict';
/**
 * `api.cache` of one trigger: synchronous, in memory, with Auth0's limits.
 *
 * Limits and error codes: cpaas-and-actions.md §2.2 and Auth0's published types. As on Auth0, nothing
 * here outlives the process.
 */

const DEFAULT_LIFETIME_MS = 15 * 60 * 1000;
const MAX_LIFETIME_MS = 24 * 60 * 60 * 1000;
const MAX_ENTRIES = 20;
const MAX_KEY_BYTES = 64;
const MAX_VALUE_BYTES = 4096;
const MAX_TOTAL_BYTES = 8192;

const failure = (code) => ({ type: 'error', code });
const bytes = (text) => Buffer.byteLength(text, 'utf8');

class ActionCache {
  #records = new Map();

  #now;

  constructor(now = Date.now) {
    this.#now = now;
  }

  /** @returns {{value: string, expires_at: number} | undefined} a copy of the record */
  get(key) {
    const record = this.#records.get(key);
    if (record === undefined) return undefined;
    if (record.expires_at <= this.#now()) {
      this.#records.delete(key);
      return undefined;
    }
    return { ...record };
  }

  /**
   * @param {string} key
   * @param {string} value
   * @param {{ttl?: number, expires_at?: number}} [options] milliseconds; the earlier one counts
   */
  set(key, value, options = {}) {
    const now = this.#now();
    const asked = [options.expires_at, options.ttl === undefined ? undefined : now + options.ttl].filter(
      (time) => time !== undefined);
    if (!asked.every(Number.isFinite)) return failure('InvalidExpiry');
    const expiresAt = Math.min(...(asked.length > 0 ? asked : [now + DEFAULT_LIFETIME_MS]), now + MAX_LIFETIME_MS);
    if (expiresAt <= now) return failure('ItemAlreadyExpired');
    if (typeof key !== 'string' || bytes(key) > MAX_KEY_BYTES) return failure('CacheKeySizeExceeded');
    if (typeof value !== 'string' || bytes(value) > MAX_VALUE_BYTES) return failure('CacheValueSizeExceeded');
    for (const stale of [...this.#records.keys()]) this.get(stale);
    const others = [...this.#records].filter(([other]) => other !== key);
    const total = others.reduce((sum, [other, record]) => sum + bytes(other) + bytes(record.value), 0);
    if (others.length >= MAX_ENTRIES || total + bytes(key) + bytes(value) > MAX_TOTAL_BYTES) {
      return failure('CacheSizeExceeded');
    }
    const record = { value, expires_at: expiresAt };
    this.#records.set(key, record);
    return { type: 'success', record: { ...record } };
  }

  delete(key) {
    return this.#records.delete(key) ? { type: 'success' } : failure('CacheKeyDoesNotExist');
  }
}

module.exports = { ActionCache };
