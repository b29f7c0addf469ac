// Auth0 Action for the trigger send-phone-message: sends phone messages through NTT CPaaS.
// Assembled from actions/src by components/action_code.py: change it there.
'use strict';

// ---- send-phone-message.js ----

/**
 * Called for every MFA message of a legacy tenant. This trigger has no drop and no retry: a
 * throw is the only sign of failure, so it throws wherever the unified trigger drops or retries.
 * @param {LegacyEvent} event
 * @param {LegacyApi} api
 */
exports.onExecuteSendPhoneMessage = async (event, api) => {
  const outcome = await sendPhoneMessage(readLegacyEvent, event, api);
  if (outcome.kind !== 'success') throw new Error(outcome.reason);
};

/**
 * The names follow Auth0's published types; its migration table has two rows crossed.
 * @param {LegacyEvent} event
 * @returns {PhoneMessage}
 */
function readLegacyEvent(event) {
  const { message_options: options, request, transaction } = event;
  return {
    method: LEGACY_METHODS.get(options.message_type),
    type: LEGACY_TYPES.get(options.action),
    recipient: options.recipient,
    text: options.text,
    speech: options.text,
    code: options.code,
    locale: request?.language,
    transaction: transaction?.correlation_id,
  };
}

const LEGACY_METHODS = new Map([['sms', 'text'], ['voice', 'voice']]);
const LEGACY_TYPES = new Map([
  ['enrollment', 'otp_enroll'],
  ['second-factor-authentication', 'otp_verify'],
]);

// ---- delivery.js ----

/** @param {string} reason @returns {Outcome} */
const drop = (reason) => ({ kind: 'drop', reason });
/** @param {string} reason @returns {Outcome} */
const retry = (reason) => ({ kind: 'retry', reason });

/** Refused before anything was sent. */
class Refusal extends Error {}

/** @param {string} reason @returns {never} */
function refuse(reason) {
  throw new Refusal(reason);
}

/**
 * One message, from event to outcome; never throws. Reasons end in the tenant log, so they are
 * our own sentences: no number, code, key or wording of the CPaaS.
 * @template E @param {(event: E) => PhoneMessage} read @param {E & EventCommon} event
 * @param {{cache?: CacheApi}} api @returns {Promise<Outcome>}
 */
async function sendPhoneMessage(read, event, api) {
  try {
    noteForeignRequest(event);
    return await deliver(read(event), event.secrets, api.cache);
  } catch (error) {
    // An error nobody foresaw may come after the request left: repeating could send twice.
    return drop(error instanceof Refusal ? error.message : 'internal error in the Action');
  }
}

/** @param {PhoneMessage} message @param {Secrets} secrets @param {CacheApi | undefined} cache */
async function deliver(message, secrets, cache) {
  const config = readConfig(secrets, message.method);
  if (!config.types.includes(String(message.type))) refuse('message type not enabled by MESSAGE_TYPES');
  const to = readRecipient(message.recipient, message.method, config.prefixes);
  const request = cpaasRequest(message, to, config);

  const key = throttleKey(to, config);
  const sent = await recentSends(cache, key);
  if (config.limit > 0 && sent.length >= config.limit) refuse('too many messages to this recipient');
  const outcome = await exchange(request, config);
  // A retry was surely not sent, and Auth0 repeats it: it must not use up the limit.
  if (outcome.kind !== 'retry') await rememberSend(cache, key, sent, config.limit);
  return outcome;
}

/** A sign for the operator only: travellers and VPNs are no reason to refuse a login. */
function noteForeignRequest(/** @type {EventCommon} */ event) {
  const country = event.request?.geoip?.countryCode;
  if (typeof country === 'string' && /^[A-Z]{2}$/.test(country) && country !== 'JP') {
    console.log(`phone message requested from country ${country}`);
  }
}

// ---- config.js ----

/** Each secret's form. Read with trim(), as a pasted secret often ends in a line break. */
const SETTINGS = {
  CPAAS_API_KEY: /^[\x21-\x7e]+$/,
  // A bare host: whoever sets it receives the key, so scheme, port, path and user are refused.
  CPAAS_BASE_URL: /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/i,
  SMS_SENDER: /^(?:\+?\d{3,16}|(?=.*[A-Za-z])[A-Za-z0-9 ._-]{1,11})$/,
  VOICE_SENDER: /^\+?[1-9]\d{6,14}$/,
  VOICE_GENDER: /^(?:female|male)$/,
  ALLOWED_PREFIXES: /^\+[1-9]\d{0,7}(?:\s*,\s*\+[1-9]\d{0,7})*$/,
  MESSAGE_TYPES:
    /^(?:(?:otp_verify|otp_enroll|change_password|blocked_account|password_breach)(?:\s*,\s*(?!$)|$))+$/,
  DEDUPLICATE: /^(?:on|off)$/,
  RECIPIENT_LIMIT: /^\d{1,2}$/,
};

/** @param {Secrets} secrets @param {string | undefined} method @returns {Config} */
function readConfig(secrets, method) {
  if (method !== 'text' && method !== 'voice') refuse('unknown delivery method');
  /** @param {keyof typeof SETTINGS} name @param {string} [fallback] */
  const setting = (name, fallback) => {
    const given = secrets?.[name];
    const value = (typeof given === 'string' && given.trim()) || fallback;
    if (value === undefined) return refuse(`configuration: secret ${name} is missing`);
    if (!SETTINGS[name].test(value)) return refuse(`configuration: secret ${name} is malformed`);
    return value;
  };
  const list = (/** @type {string} */ value) => value.split(/\s*,\s*/);
  const voice = method === 'voice';
  return {
    key: setting('CPAAS_API_KEY'),
    host: setting('CPAAS_BASE_URL').toLowerCase(),
    // Only the sender of the channel in use: a stack without voice has no voice sender.
    sender: setting(voice ? 'VOICE_SENDER' : 'SMS_SENDER').replace(/^\+/, ''),
    gender: voice ? setting('VOICE_GENDER', 'female') : 'female',
    prefixes: list(setting('ALLOWED_PREFIXES', '+81')),
    types: list(setting('MESSAGE_TYPES', 'otp_verify,otp_enroll,change_password')),
    deduplicate: setting('DEDUPLICATE', 'off') === 'on',
    limit: Number(setting('RECIPIENT_LIMIT', '10')),
  };
}

// ---- recipient.js ----

/**
 * The recipient as the CPaaS wants it: E.164 digits without the plus. Checked for every message
 * type: neither enrolment nor challenge may reach a premium number.
 * @param {unknown} recipient @param {string | undefined} method @param {string[]} prefixes
 */
function readRecipient(recipient, method, prefixes) {
  const compact = typeof recipient === 'string' ? recipient.replace(/[\s().-]/g, '') : '';
  // +81 090... is +81 90... typed with the trunk zero, which E.164 leaves out.
  const number = compact.replace(/^\+810/, '+81');
  // Without a country prefix it is refused: guessing a country sends codes to strangers.
  if (!/^\+[1-9]\d{7,14}$/.test(number)) refuse('recipient is not an E.164 number with country prefix');
  if (!prefixes.some((prefix) => number.startsWith(prefix))) refuse('recipient country not allowed');
  if (number.startsWith('+81')) checkJapaneseRange(number.slice(3), method);
  return number.slice(1);
}

/** Mobile 060/070/080/090 (060 opens in 2026). */
const JP_MOBILE = /^[6-9]0[1-9]\d{7}$/;
/** IP phones 050, and fixed lines less the service ranges (0120, 0570, 0990 and their like). */
const JP_VOICE_ONLY = /^(?:50[1-9]\d{7}|(?!1\d0|570|9[1679]0)[1-9][1-9]\d{7})$/;

/** @param {string} national digits after +81 @param {string | undefined} method */
function checkJapaneseRange(national, method) {
  if (JP_MOBILE.test(national)) return;
  // Neither mobile nor fixed: costs extra or reaches no person (0990, 0570, 0120, 0800, 020).
  if (!JP_VOICE_ONLY.test(national)) refuse('recipient is in a Japanese range that is not allowed');
  if (method !== 'voice') refuse('recipient is a Japanese number without SMS');
}

// ---- speech.js ----

/**
 * Languages the voice may speak, each with the sentence that says the code and the one that
 * repeats it (# is the code). Locales come from the user's browser: only these keys count.
 * @type {Map<string, [string, string]>}
 */
const SPEECH = new Map([
  ['ja', ['認証コードは、#、です。', '繰り返します。#、です。']],
  ['en', ['Your verification code is: #.', 'Again: #.']],
  ['zh-cn', ['您的验证码是：#。', '重复一遍：#。']],
  ['zh-tw', ['您的驗證碼是：#。', '重複一遍：#。']],
  ['ko', ['인증 코드는 # 입니다.', '다시 말씀드립니다. # 입니다.']],
  ['pt-br', ['Seu código de verificação é: #.', 'Repito: #.']],
]);
const LANGUAGES = new Map([['zh', 'zh-cn'], ['zh-hant', 'zh-tw'], ['zh-hk', 'zh-tw'], ['pt', 'pt-br']]);

/** The first known language of a locale ("en_US") or a list of them, else Japanese. */
function speechLanguage(/** @type {unknown} */ locale) {
  for (const tag of String(locale ?? '').slice(0, 100).toLowerCase().replaceAll('_', '-').split(/[\s,;]+/)) {
    const parts = tag.split('-');
    for (let length = parts.length; length > 0; length -= 1) {
      const candidate = parts.slice(0, length).join('-');
      const language = LANGUAGES.get(candidate) ?? candidate;
      if (SPEECH.has(language)) return language;
    }
  }
  return 'ja';
}

/**
 * What is read out: the rendered voice text with the code digit by digit, and the code twice.
 * @param {PhoneMessage} message
 */
function speech(message) {
  let text = withoutMarkup(message.speech);
  let language = speechLanguage(message.locale);
  // A template has one language, logins have many: a mostly Japanese text needs a Japanese voice.
  const count = (/** @type {RegExp} */ letters) => text.match(letters)?.length ?? 0;
  const japanese = language.startsWith('zh') ? /[ぁ-ヿｦ-ﾟ]/g : /[ぁ-ヿｦ-ﾟ\p{sc=Han}]/gu;
  if (2 * count(japanese) > count(/\p{L}/gu)) language = 'ja';
  const code = String(message.code ?? '');
  if (/^[0-9A-Za-z]{1,64}$/.test(code)) {
    // Single digits with ASCII commas: "123456" may be read as a quantity, a comma is 0.5 s.
    const spoken = [...code].join(', ');
    // Auth0 may have written it "1. 2. 3. 4. 5. 6." already.
    const digits = [...code].join('[\\s.,、。・-]*');
    const written = new RegExp(`(?<![0-9A-Za-z])${digits}(?![0-9A-Za-z])(?:\\.(?=[.、。]))?`, 'g');
    let times = 0;
    text = text.replace(written, () => {
      times += 1;
      return spoken;
    });
    for (const sentence of (SPEECH.get(language) ?? []).slice(times)) text += ` ${sentence.replace('#', spoken)}`;
  }
  return { text: text.trim(), language };
}

/**
 * The CPaaS reads speech text as SSML: tags and entities become pauses, the rest of the
 * XML-significant characters and control characters go.
 * @param {unknown} text
 */
function withoutMarkup(text) {
  return (typeof text === 'string' ? text : '')
    .replace(/<[A-Za-z/!?][^<>]*>/g, ', ')
    .replace(/&(?:#?\w{1,10};)?/g, ' ')
    .replace(/[<>\u0000-\u001f\u007f]+/g, ' ');
}

// ---- cpaas.js ----

/** How long an undelivered code is worth delivering, in minutes. */
const VALIDITY = 5;
const MAX_SPEECH = 1400;

/** @param {PhoneMessage} message @param {string} to @param {Config} config @returns {CpaasRequest} */
function cpaasRequest(message, to, config) {
  const destinations = [{ to, messageId: messageId(message, to, config) }];
  return message.method === 'voice'
    ? { path: '/tts/3/advanced', body: { messages: [{ ...voiceMessage(message, config), destinations }] } }
    : { path: '/sms/3/messages', body: { messages: [{ ...smsMessage(message, config), destinations }] } };
}

/** @param {PhoneMessage} message @param {Config} config */
function smsMessage({ text }, config) {
  if (typeof text !== 'string' || text.trim() === '') refuse('the message has no text');
  return {
    sender: config.sender,
    content: { text },
    options: { validityPeriod: { amount: VALIDITY, timeUnit: 'MINUTES' } },
  };
}

/** @param {PhoneMessage} message @param {Config} config */
function voiceMessage(message, config) {
  const { text, language } = speech(message);
  if (!/[\p{L}\p{N}]/u.test(text)) refuse('the message has no text to speak');
  if (text.length > MAX_SPEECH) refuse('the voice text is too long');
  return {
    from: config.sender,
    text,
    language,
    voice: { gender: config.gender },
    speechRate: 0.9,
    pause: 1,
    repeatDtmf: '1', // a press of 1 repeats the message
    ringTimeout: 45,
    callTimeout: 120,
    validityPeriod: VALIDITY, // a bare number here, an object in the SMS API
  };
}

/**
 * One id per notification, so that the CPaaS refuses a repeat. Keyed: from a plain hash, a code
 * could be found by trial in the CPaaS's logs. Undefined, so not sent, when switched off.
 * @param {PhoneMessage} message @param {string} to @param {Config} config
 */
function messageId({ method, type, code, text, transaction }, to, config) {
  if (!config.deduplicate) return undefined;
  return keyedHash(config, ['message', to, method, type, code || text, transaction]).toString('hex');
}

/** @param {Config} config @param {unknown[]} parts @returns {Buffer} */
function keyedHash(config, parts) {
  return require('crypto').createHmac('sha256', config.key).update(JSON.stringify(parts)).digest();
}

// ---- exchange.js ----

/** Milliseconds; with the two cache calls below the 10 s that Auth0 asks of an HTTP call. */
const EXCHANGE_DEADLINE = 8000;
const MAX_ANSWER_BYTES = 65536;

/** The one POST, judged. @param {CpaasRequest} request @param {Config} config */
async function exchange(request, config) {
  let answer;
  try {
    answer = await withDeadline(EXCHANGE_DEADLINE, (signal) => post(request, config, signal));
  } catch (error) {
    return judgeFailure(error);
  }
  return judge(answer, config.deduplicate);
}

/** @param {CpaasRequest} request @param {Config} config @param {AbortSignal} signal @returns {Promise<Answer>} */
async function post(request, config, signal) {
  const response = await fetch(`https://${config.host}${request.path}`, {
    method: 'POST',
    headers: {
      authorization: `App ${config.key}`,
      'content-type': 'application/json',
      accept: 'application/json',
      // A kept connection may have died while the instance slept: the code would be lost.
      connection: 'close',
    },
    body: JSON.stringify(request.body),
    redirect: 'error', // a redirect would carry the key to another place
    signal,
  });
  const { status } = response;
  if (status === 429) return { status, body: undefined };
  const chunks = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) return { status, body: undefined };
      chunks.push(chunk);
    }
    return { status, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch {
    // HTML or a cut connection: the status alone decides.
    return { status, body: undefined };
  }
}

class DeadlineError extends Error {}

/**
 * Work that ignores its signal is left behind all the same when the time is up.
 * @template T @param {number} milliseconds @param {(signal: AbortSignal) => Promise<T>} work @returns {Promise<T>}
 */
async function withDeadline(milliseconds, work) {
  const abort = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError()), milliseconds);
  });
  try {
    return await Promise.race([work(abort.signal), /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
    abort.abort(); // also closes an answer that was not read to its end
  }
}

// ---- outcome.js ----

/** @type {Outcome} */
const SUCCESS = { kind: 'success' };
const MAYBE_SENT = 'the message may have been sent';
const GROUPS = ['ACCEPTED', 'PENDING', 'UNDELIVERABLE', 'DELIVERED', 'EXPIRED', 'REJECTED'];

/**
 * What an HTTP answer means. An answer that cannot be read may hide a sent message: no retry.
 * @param {Answer} answer @param {boolean} deduplicated our own id went along @returns {Outcome}
 */
function judge({ status, body }, deduplicated) {
  if (status === 429) return retry('CPaaS limits the rate: HTTP 429');
  const told = `HTTP ${status}${errorCode(body)}`;
  if (status > 499) return drop(`CPaaS failed: ${told}: ${MAYBE_SENT}`);
  if (status > 299) return drop(`CPaaS refused the request: ${told}`);
  const messages = body?.messages;
  const state = Array.isArray(messages) && messages.length === 1 ? messages[0]?.status : undefined;
  // Ids mean different things per channel and group (87 has three meanings), so names decide.
  const group = state?.groupName ?? GROUPS[state?.groupId];
  if (['ACCEPTED', 'PENDING', 'DELIVERED'].includes(group)) return SUCCESS;
  if (!GROUPS.includes(group)) return drop(`CPaaS answer not understood: ${MAYBE_SENT}`);
  const name = typeof state.name === 'string' ? state.name.replace(/^REJECTED_/, '') : '';
  if (group === 'REJECTED' && name === 'SYSTEM_ERROR') return retry('CPaaS refused: SYSTEM_ERROR');
  // Our own id is known: an earlier try of this notification was accepted.
  if (group === 'REJECTED' && name === 'DUPLICATE_MESSAGE_ID' && deduplicated) return SUCCESS;
  // Only the form of a status name gets into the reason: free text could repeat the number.
  return drop(`CPaaS refused: ${group}${/^[A-Z_]{2,40}$/.test(name) ? ` ${name}` : ''}`);
}

/** The code of either error shape, when it is one of the documented ones. */
function errorCode(/** @type {any} */ body) {
  const code = body?.errorCode ?? body?.requestError?.serviceException?.messageId;
  const known = /^(?:E[45]\d\d|BAD_REQUEST|UNAUTHORIZED|FORBIDDEN|TOO_MANY_REQUESTS|GENERAL_ERROR)$/;
  return typeof code === 'string' && known.test(code) ? ` ${code}` : '';
}

const NOT_SENT = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];

/** The system call counts before the code: a read can end in EHOSTUNREACH too. */
function failedBeforeSending(/** @type {any} */ cause) {
  return cause?.syscall ? /^(?:connect|getaddrinfo)$/.test(cause.syscall) : NOT_SENT.includes(cause?.code);
}

/** What a missing answer means. */
function judgeFailure(/** @type {any} */ error) {
  if (error instanceof DeadlineError) return drop(`CPaaS gave no answer in time: ${MAYBE_SENT}`);
  // Several addresses tried: each of them must have failed before sending.
  const causes = error?.cause?.errors ?? [error?.cause];
  if (causes.every(failedBeforeSending)) return retry('CPaaS host not reached');
  const detail = `${causes[0]?.code} ${causes[0]?.message}`;
  if (/cert|_TLS_|SSL/i.test(detail)) return drop('CPaaS host failed the TLS check');
  if (/redirect/.test(detail)) return drop('CPaaS answered with a redirect: check CPAAS_BASE_URL');
  return drop(`connection to the CPaaS broke: ${MAYBE_SENT}`);
}

// ---- throttle.js ----

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
