'use strict';
const assert = require('node:assert/strict');
const test = require('node:test');

const { ActionCache } = require('../../../sandbox/runner/cache.cjs');

const MINUTE = 60_000;

function cacheAt(start = 1_000_000) {
  const clock = { now: start };
  return { clock, cache: new ActionCache(() => clock.now) };
}
const codeOf = (result) => (result.type === 'error' ? result.code : result.type);

test('get gives a record, not the value, and undefined when there is none', () => {
  const { cache } = cacheAt();
  assert.deepEqual(cache.set('k', 'v', { ttl: 1000 }), { type: 'success', record: { value: 'v', expires_at: 1_001_000 } });
  assert.deepEqual(cache.get('k'), { value: 'v', expires_at: 1_001_000 });
  assert.equal(cache.get('other'), undefined);
  cache.get('k').value = 'changed';
  assert.equal(cache.get('k').value, 'v');
});

test('ttl is in milliseconds, 15 minutes by default, 24 hours at most', () => {
  const { cache, clock } = cacheAt();
  cache.set('short', 'v', { ttl: 1000 });
  cache.set('default', 'v');
  cache.set('long', 'v', { ttl: 48 * 60 * MINUTE });
  cache.set('at', 'v', { expires_at: clock.now + 5000 });
  cache.set('both', 'v', { expires_at: clock.now + 5000, ttl: 2000 });
  const left = (key) => cache.get(key).expires_at - clock.now;
  assert.deepEqual(['short', 'default', 'long', 'at', 'both'].map(left), [1000, 15 * MINUTE, 24 * 60 * MINUTE, 5000, 2000]);
  clock.now += 999;
  assert.ok(cache.get('short'));
  clock.now += 1;
  assert.equal(cache.get('short'), undefined);
});

test('an expiry that is no time, or past, is refused', () => {
  const { cache, clock } = cacheAt();
  assert.equal(codeOf(cache.set('k', 'v', { ttl: NaN })), 'InvalidExpiry');
  assert.equal(codeOf(cache.set('k', 'v', { ttl: 'soon' })), 'InvalidExpiry');
  assert.equal(codeOf(cache.set('k', 'v', { ttl: 0 })), 'ItemAlreadyExpired');
  assert.equal(codeOf(cache.set('k', 'v', { expires_at: clock.now })), 'ItemAlreadyExpired');
});

test('keys have 64 bytes, values 4 kB, counted in UTF-8', () => {
  const { cache } = cacheAt();
  assert.equal(codeOf(cache.set('k'.repeat(64), 'v')), 'success');
  assert.equal(codeOf(cache.set('k'.repeat(65), 'v')), 'CacheKeySizeExceeded');
  assert.equal(codeOf(cache.set('鍵'.repeat(22), 'v')), 'CacheKeySizeExceeded');
  assert.equal(codeOf(cache.set('k', 'v'.repeat(4096))), 'success');
  assert.equal(codeOf(cache.set('k', 'v'.repeat(4097))), 'CacheValueSizeExceeded');
  assert.equal(codeOf(cache.set('k', 7)), 'CacheValueSizeExceeded');
});

test('twenty entries, and 8 kB in all; replacing one and expired ones make room', () => {
  const { cache, clock } = cacheAt();
  for (let at = 0; at < 20; at += 1) assert.equal(codeOf(cache.set(`k${at}`, 'v', { ttl: 1000 })), 'success');
  assert.equal(codeOf(cache.set('k20', 'v')), 'CacheSizeExceeded');
  assert.equal(codeOf(cache.set('k19', 'w', { ttl: 1000 })), 'success');
  clock.now += 1000;
  assert.equal(codeOf(cache.set('a', 'v'.repeat(4095))), 'success');
  assert.equal(codeOf(cache.set('b', 'v'.repeat(4095))), 'success');
  assert.equal(codeOf(cache.set('c', '')), 'CacheSizeExceeded');
  assert.equal(codeOf(cache.set('b', 'v'.repeat(4000))), 'success');
  assert.equal(codeOf(cache.set('c', '')), 'success');
});

test('delete says whether there was something', () => {
  const { cache } = cacheAt();
  cache.set('k', 'v');
  assert.equal(codeOf(cache.delete('k')), 'success');
  assert.equal(codeOf(cache.delete('k')), 'CacheKeyDoesNotExist');
});
