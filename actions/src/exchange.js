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
