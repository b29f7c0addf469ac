/** @type {Outcome} */
const SUCCESS = { kind: 'success', sent: true };
const GROUPS = ['ACCEPTED', 'PENDING', 'UNDELIVERABLE', 'DELIVERED', 'EXPIRED', 'REJECTED'];

/** The message may be on its way: repeating could send it twice. @param {string} reason @returns {Outcome} */
const maybeSent = (reason) => ({ kind: 'drop', reason: `${reason}: the message may have been sent`, sent: true });

/**
 * What an HTTP answer means. An answer that cannot be read may hide a sent message: no retry.
 * @param {Answer} answer @param {boolean} deduplicated our own id went along @returns {Outcome}
 */
function judge({ status, body }, deduplicated) {
  if (status === 429) return retry('CPaaS limits the rate: HTTP 429');
  const told = `HTTP ${status}${errorCode(body)}`;
  if (status > 499) return maybeSent(`CPaaS failed: ${told}`);
  if (REDIRECTS.includes(status)) return drop('CPaaS answered with a redirect: check CPAAS_BASE_URL');
  if (status > 299) return drop(`CPaaS refused the request: ${told}`);
  const { group, name } = stateOf(body);
  if (['ACCEPTED', 'PENDING', 'DELIVERED'].includes(group)) return SUCCESS;
  if (!GROUPS.includes(group)) return maybeSent('CPaaS answer not understood');
  if (group === 'REJECTED' && name === 'SYSTEM_ERROR') return retry('CPaaS refused: SYSTEM_ERROR');
  // Our own id is known: an earlier try of this notification was accepted, and counted.
  if (group === 'REJECTED' && name === 'DUPLICATE_MESSAGE_ID' && deduplicated) return { kind: 'success', sent: false };
  // Only the form of a status name gets into the reason: free text could repeat the number.
  const reason = `CPaaS refused: ${group}${/^[A-Z_]{2,40}$/.test(name) ? ` ${name}` : ''}`;
  // Only a rejected message was surely not tried: one that expired, or could not be delivered, was.
  return { kind: 'drop', reason, sent: group !== 'REJECTED' };
}

/** Never followed: a redirect would carry the key to another place. */
const REDIRECTS = [301, 302, 303, 307, 308];

/** Whether all that was wrong is machine detection: nothing was sent then. @param {Answer | Failure} result */
function detectionRefused(result) {
  if ('stage' in result || result.status > 299) return false;
  const { group, name, id } = stateOf(result.body);
  return group === 'REJECTED' && (name === 'MACHINE_DETECTION_DISABLED' || id === 83);
}

/** The state of the one message. @param {any} body @returns {{group: any, name: string, id: any}} */
function stateOf(body) {
  const messages = body?.messages;
  const state = Array.isArray(messages) && messages.length === 1 ? messages[0]?.status : undefined;
  // Ids mean different things per channel and group (87 has three meanings), so names decide.
  const name = typeof state?.name === 'string' ? state.name.replace(/^REJECTED_/, '') : '';
  return { group: state?.groupName ?? GROUPS[state?.groupId], name, id: state?.id };
}

/** The code of either error shape, when it is one of the documented ones. */
function errorCode(/** @type {any} */ body) {
  const code = body?.errorCode ?? body?.requestError?.serviceException?.messageId;
  const known = /^(?:E[45]\d\d|BAD_REQUEST|UNAUTHORIZED|FORBIDDEN|TOO_MANY_REQUESTS|GENERAL_ERROR)$/;
  return typeof code === 'string' && known.test(code) ? ` ${code}` : '';
}

/** What a missing answer means. @param {Failure} failure @returns {Outcome} */
function judgeFailure({ stage, late, code }) {
  if (stage === 'sending') return maybeSent(late ? 'CPaaS gave no answer in time' : 'connection to the CPaaS broke');
  if (certificateRefused(code)) return drop('CPaaS host failed the TLS check');
  return retry(stage === 'connecting' ? 'CPaaS host not reached' : 'no secure connection to the CPaaS host');
}

/**
 * The codes of a certificate that was read and refused: another try would meet the same one.
 * Errors of the TLS protocol itself (ERR_SSL_..., EPROTO) are none of them.
 */
const certificateRefused = (/** @type {string} */ code) => /CERT|_VERIFY_|_SIGNATURE|_ISSUER|_TLS_|HOSTNAME/.test(code);
