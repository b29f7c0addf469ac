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
