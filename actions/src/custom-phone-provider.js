/**
 * Called for every phone message of a unified tenant. Ends in exactly one of success (no call),
 * drop or retry, and never throws: what Auth0 does with a throw here is not documented.
 * @param {UnifiedEvent} event
 * @param {UnifiedApi} api
 */
exports.onExecuteCustomPhoneProvider = async (event, api) => {
  const outcome = await sendPhoneMessage(readUnifiedEvent, event, api);
  if (outcome.kind === 'drop') api.notification.drop(outcome.reason);
  if (outcome.kind === 'retry') api.notification.retry(outcome.reason);
};

/**
 * Without `notification.from`: a template has one for both channels, the stack one for each.
 * @param {UnifiedEvent} event
 * @returns {PhoneMessage}
 */
function readUnifiedEvent(event) {
  const { notification, transaction } = event;
  return {
    method: notification.delivery_method,
    type: notification.message_type,
    recipient: notification.recipient,
    text: notification.as_text,
    speech: notification.as_voice,
    code: notification.code,
    locale: notification.locale,
    transaction: transaction?.correlation_id,
  };
}
