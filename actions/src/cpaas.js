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
function smsMessage(message, config) {
  const text = plainText(message.text);
  if (text === '') refuse('the message has no text');
  requireCode(message, text);
  return {
    sender: config.sender,
    content: { text: `${text}${originLine(message, config)}` },
    options: { validityPeriod: { amount: VALIDITY, timeUnit: 'MINUTES' } },
  };
}

/** @param {PhoneMessage} message @param {Config} config */
function voiceMessage(message, config) {
  const { text, language, again } = speech({ ...message, speech: plainText(message.speech) }, config.language);
  if (!speakable(text)) refuse('the message has no text to speak');
  requireCode(message, text);
  if (text.length > MAX_SPEECH) refuse('the voice text is too long');
  return {
    from: config.sender,
    text,
    language,
    voice: { gender: config.gender },
    speechRate: 0.9,
    pause: 1,
    repeatDtmf: again ? '1' : undefined, // what the text does not say, nobody presses
    ringTimeout: config.ringTimeout,
    callTimeout: 120,
    machineDetection: config.machineDetection ? 'hangup' : undefined,
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
