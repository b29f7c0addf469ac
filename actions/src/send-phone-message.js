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
