/** Bare, in lower case. */
const HOST = '(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$';

/** Each secret's form. Read with trim(), as a pasted secret often ends in a line break. */
const SETTINGS = {
  CPAAS_API_KEY: /^[\x21-\x7e]+$/,
  // A bare host: whoever sets it receives the key, so scheme, port, path and user are refused.
  CPAAS_BASE_URL: new RegExp(`^${HOST}`, 'i'),
  SMS_SENDER: /^(?:\+?\d{3,16}|(?=.*[A-Za-z])[A-Za-z0-9 ._-]{1,11})$/,
  VOICE_SENDER: /^\+?[1-9]\d{6,14}$/,
  VOICE_GENDER: /^(?:female|male)$/,
  LANGUAGE: /^(?:ja|en)$/,
  RING_TIMEOUT: /^(?:[5-9]|[1-5]\d|60)$/,
  MACHINE_DETECTION: /^(?:on|off)$/,
  ALLOWED_PREFIXES: /^\+[1-9]\d{0,7}(?:\s*,\s*\+[1-9]\d{0,7})*$/,
  MESSAGE_TYPES:
    /^(?:(?:otp_verify|otp_enroll|change_password|blocked_account|password_breach)(?:\s*,\s*(?!$)|$))+$/,
  DEDUPLICATE: /^(?:on|off)$/,
  ORIGIN_BOUND_CODE: new RegExp(`^$|^${HOST}`),
  RECIPIENT_LIMIT: /^\d{1,2}$/,
  VOICE_LIMIT: /^\d{1,2}$/,
  TENANT_LIMIT: /^\d{1,5}$/,
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
  const limit = Number(setting('RECIPIENT_LIMIT', '10'));
  return {
    key: setting('CPAAS_API_KEY'),
    host: setting('CPAAS_BASE_URL').toLowerCase(),
    // Only the sender of the channel in use: a stack without voice has no voice sender.
    sender: setting(voice ? 'VOICE_SENDER' : 'SMS_SENDER').replace(/^\+/, ''),
    gender: voice ? setting('VOICE_GENDER', 'female') : 'female',
    language: voice ? setting('LANGUAGE', 'ja') : 'ja',
    ringTimeout: voice ? Number(setting('RING_TIMEOUT', '14')) : 0,
    machineDetection: voice && setting('MACHINE_DETECTION', 'off') === 'on',
    prefixes: list(setting('ALLOWED_PREFIXES', '+81')),
    types: list(setting('MESSAGE_TYPES', 'otp_verify,otp_enroll,change_password')),
    deduplicate: setting('DEDUPLICATE', 'off') === 'on',
    origin: setting('ORIGIN_BOUND_CODE', ''),
    limit,
    // A call costs more, and rings: half as many, unless the stack says otherwise.
    voiceLimit: Number(setting('VOICE_LIMIT', String(Math.ceil(limit / 2)))),
    tenantLimit: Number(setting('TENANT_LIMIT', '0')),
  };
}
