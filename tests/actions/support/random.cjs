'use strict';
/**
 * Random events, secrets and answers from a seed: the same seed gives the same run.
 *
 * Owns generation only; what must hold for them is in properties.test.cjs.
 */

/** A small generator (mulberry32); quality is no concern, repeatability is. */
function generator(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const below = (limit) => Math.floor(next() * limit);
  const pick = (list) => list[below(list.length)];
  const digits = (length) => Array.from({ length }, () => below(10)).join('');
  return { next, below, pick, digits, chance: (share) => next() < share };
}

const WEIRD = [undefined, null, '', ' ', 0, 7, NaN, true, [], {}, [[]], 'constructor', '__proto__', '<x>&', '\u0000', '\ud800', '1'.repeat(5000), '+', { toString: null }];

/** Half of the scenarios are tame: with oddities everywhere, hardly any would get to the CPaaS. */
function weirdOr(random, value, share = 0.06) {
  return !random.tame && random.chance(share) ? random.pick(WEIRD) : value;
}

function recipient(random) {
  const national = random.pick([`90${random.below(9) + 1}${random.digits(7)}`, `60${random.below(9) + 1}${random.digits(7)}`, `3${random.below(9) + 1}${random.digits(7)}`,
    `50${random.digits(8)}`, `990${random.digits(6)}`, random.digits(10)]);
  const number = random.pick([`+81${national}`, `+81 ${national.slice(0, 2)}-${national.slice(2)}`, `+810${national}`, `0${national}`, `+1${random.digits(10)}`, `+81${national}`]);
  return weirdOr(random, number);
}

/** A case: the event of either trigger, its secrets, and what must not leak. */
function scenario(random) {
  random.tame = random.chance(0.5);
  const odd = (...values) => random.pick(random.tame ? [undefined] : [undefined, ...values]);
  const code = `${random.below(9) + 1}${random.digits(5 + random.below(3))}`;
  const key = `KEY${random.digits(24)}`;
  const to = recipient(random);
  const text = random.pick([`${code} です`, `Your code is ${code}.`, `コードは ${[...code].join('. ')}. です`, 'no code']);
  const secrets = {
    CPAAS_API_KEY: weirdOr(random, key, 0.03),
    CPAAS_BASE_URL: weirdOr(random, 'cpaas.sandbox.test', 0.03),
    SMS_SENDER: weirdOr(random, 'MIRAIBANK', 0.03),
    VOICE_SENDER: weirdOr(random, '+815031234567', 0.03),
    VOICE_GENDER: odd('female', 'male', 'x'),
    ALLOWED_PREFIXES: odd('+81', '+81,+1', '*'),
    MESSAGE_TYPES: odd('otp_verify,otp_enroll', 'x'),
    DEDUPLICATE: random.pick([undefined, 'on', 'off']),
    RECIPIENT_LIMIT: odd('0', '1', 'x'),
  };
  const locale = weirdOr(random, random.pick(['ja', 'en_US', 'en', 'zh-TW', 'fr', undefined]));
  const rest = {
    secrets: weirdOr(random, secrets, 0.01),
    request: weirdOr(random, { geoip: weirdOr(random, { countryCode: random.pick(['JP', 'US', to]) }), language: locale }),
    transaction: weirdOr(random, { correlation_id: random.digits(12) }),
  };
  const unified = {
    ...rest,
    notification: weirdOr(random, {
      as_text: weirdOr(random, text), as_voice: weirdOr(random, text), code: weirdOr(random, code), from: weirdOr(random, '+819011112222'), locale, recipient: to,
      delivery_method: weirdOr(random, random.pick(['text', 'voice'])),
      message_type: weirdOr(random, random.pick(['otp_verify', 'otp_enroll', 'change_password', 'blocked_account', 'password_breach'])),
    }, 0.02),
  };
  const legacy = {
    ...rest,
    message_options: weirdOr(random, {
      action: weirdOr(random, random.pick(['enrollment', 'second-factor-authentication'])), code: weirdOr(random, code),
      message_type: weirdOr(random, random.pick(['sms', 'voice'])), recipient: to, text: weirdOr(random, text),
    }, 0.02),
  };
  const number = typeof to === 'string' ? to.replace(/\D/g, '').slice(-9) : '';
  return { unified, legacy, private: [code, key, number].filter((part) => part.length > 5), echo: `${typeof to === 'string' ? to : ''} ${code} ${key}` };
}

/** What the CPaaS, or the network, does; every free text of it repeats what must not leak. */
function answerOf(random, echo) {
  if (random.chance(0.3)) return () => Response.json({ messages: [{ messageId: echo, status: { groupName: 'PENDING', name: echo } }] });
  const status = {
    groupId: weirdOr(random, random.below(7)), groupName: random.pick([undefined, 'PENDING', 'ACCEPTED', 'REJECTED', 'REJECTED', 'EXPIRED', 'OTHER', echo]),
    id: random.below(101), name: random.pick(['PENDING_ACCEPTED', 'REJECTED_SYSTEM_ERROR', 'REJECTED_SOURCE', 'REJECTED_DUPLICATE_MESSAGE_ID', echo, undefined]),
    description: echo, action: echo,
  };
  const body = random.pick([
    { bulkId: echo, messages: [{ to: echo, destination: echo, messageId: echo, status: weirdOr(random, status) }] },
    { messages: weirdOr(random, [], 0.5) }, { errorCode: random.pick(['E400', echo]), description: echo, violations: [{ property: echo, violation: echo }] },
    { requestError: { serviceException: { messageId: random.pick(['UNAUTHORIZED', echo]), text: echo } } }, random.pick(WEIRD),
  ]);
  const cause = Object.assign(new Error(echo), { code: random.pick(['ENOTFOUND', 'ECONNRESET', 'CERT_HAS_EXPIRED', echo, undefined]), syscall: random.pick(['connect', 'read', undefined]) });
  const http = random.pick([200, 200, 200, 200, 201, 204, 400, 401, 403, 404, 429, 500, 502, 503]);
  const text = random.chance(0.1) ? `<html>${echo}` : JSON.stringify(body) ?? '';
  return random.chance(0.15)
    ? () => { throw random.pick([Object.assign(new TypeError(echo), { cause }), cause, echo, undefined]); }
    : () => new Response(http === 204 ? null : text, { status: http });
}

/** How the tries to connect go: for most events well, for some badly, once or always. */
function connectionOf(random, echo) {
  const error = () => Object.assign(new Error(echo), { code: random.pick(['ENOTFOUND', 'ECONNRESET', 'CERT_HAS_EXPIRED', 'EPROTO', echo, undefined]), syscall: random.pick(['connect', 'read', undefined]) });
  const share = random.chance(0.1) ? random.pick([0.5, 1]) : 0;
  return () => (random.chance(share) ? { stage: random.pick(['connecting', 'securing']), error: error() } : undefined);
}

module.exports = { answerOf, connectionOf, generator, scenario };
