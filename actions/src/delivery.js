/** @param {string} reason @returns {Outcome} */
const drop = (reason) => ({ kind: 'drop', reason, sent: false });
/** @param {string} reason @returns {Outcome} */
const retry = (reason) => ({ kind: 'retry', reason, sent: false });

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

  const giveBack = await reserve(cache, to, message, config);
  const outcome = await exchange(request, config);
  // An outage, or a wrong key, must not use up the limits of people who get nothing.
  if (!outcome.sent) await giveBack();
  return outcome;
}

/** A sign for the operator only: travellers and VPNs are no reason to refuse a login. */
function noteForeignRequest(/** @type {EventCommon} */ event) {
  const country = event.request?.geoip?.countryCode;
  if (typeof country === 'string' && /^[A-Z]{2}$/.test(country) && country !== 'JP') {
    console.log(`phone message requested from country ${country}`);
  }
}
