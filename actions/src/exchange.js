const https = require('node:https');

/** Milliseconds; with the two turns at the cache below the 10 s that Auth0 asks of an HTTP call. */
const EXCHANGE_DEADLINE = 8000;
/** For name, TCP and TLS of one try: a second one must fit, and leave time for the answer. */
const CONNECT_DEADLINE = 2500;
const MAX_ANSWER_BYTES = 65536;

/** The one message, judged. @param {CpaasRequest} request @param {Config} config @returns {Promise<Outcome>} */
async function exchange(request, config) {
  const end = Date.now() + EXCHANGE_DEADLINE;
  let result = await answered(request, config, end);
  if (config.machineDetection && detectionRefused(result)) {
    console.log('CPaaS account has no machine detection: called without it');
    result = await answered(withoutDetection(request), config, end);
  }
  return 'stage' in result ? judgeFailure(result) : judge(result, config.deduplicate);
}

/** @param {CpaasRequest} request @param {Config} config @param {number} end */
async function answered(request, config, end) {
  const result = await post(request, config, end);
  // Surely not sent: such a failure often lasts less long than Auth0 waits before it repeats.
  return 'stage' in result && judgeFailure(result).kind === 'retry' ? post(request, config, end) : result;
}

/** With an id of its own: the refused one may count as known. @param {CpaasRequest} request @returns {CpaasRequest} */
function withoutDetection({ path, body }) {
  const [message] = body.messages;
  const destinations = message.destinations.map(({ to, messageId: id }) => ({ to, messageId: id && `${id}-2` }));
  return { path, body: /** @type {CpaasRequest['body']} */ ({ messages: [{ ...message, destinations, machineDetection: undefined }] }) };
}

/**
 * One try. The request is written when the TLS is up, not before: whatever fails until then has
 * surely sent nothing. Always resolves, by its deadline.
 * @param {CpaasRequest} request @param {Config} config @param {number} end
 * @returns {Promise<Answer | Failure>}
 */
function post({ path, body }, config, end) {
  return new Promise((resolve) => {
    const content = Buffer.from(JSON.stringify(body));
    /** @type {Failure['stage']} */
    let stage = 'connecting';
    let status = 0;
    const call = https.request({
      host: config.host,
      path,
      method: 'POST',
      headers: {
        authorization: `App ${config.key}`,
        'content-type': 'application/json',
        'content-length': content.length,
        accept: 'application/json',
      },
      // No kept connection: one may have died while the instance slept, and the code with it.
      agent: false,
    });
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const finish = (/** @type {Answer | Failure} */ result) => {
      clearTimeout(timer);
      resolve(result);
      call.destroy(); // also ends an answer that was not read to its end
    };
    const fail = (/** @type {any} */ error, late = false) => {
      // The status came, and says that nothing was sent: what the connection does then is no matter.
      if (status > 299) finish({ status, body: undefined });
      else finish({ stage, late, code: String(error?.code ?? '') });
    };
    timer = setTimeout(fail, Math.min(CONNECT_DEADLINE, end - Date.now()), undefined, true);
    call.on('error', fail);
    call.on('close', fail);
    call.on('socket', (socket) => {
      socket.once('connect', () => { stage = 'securing'; });
      socket.once('secureConnect', () => {
        stage = 'sending';
        clearTimeout(timer);
        timer = setTimeout(fail, end - Date.now(), undefined, true);
        call.end(content);
      });
    });
    call.on('response', (response) => {
      status = response.statusCode ?? 0;
      read(response, (answer) => finish({ status, body: answer }));
    });
  });
}

/** @param {import('node:http').IncomingMessage} response @param {(body: any) => void} finish */
function read(response, finish) {
  // HTML, too much, or a cut connection: the status alone decides.
  const unread = () => finish(undefined);
  if (response.statusCode === 429) return unread();
  /** @type {Buffer[]} */
  const chunks = [];
  let size = 0;
  response.on('data', (chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) unread();
  });
  response.on('error', unread);
  response.on('aborted', unread);
  response.on('end', () => {
    try {
      finish(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    } catch {
      unread();
    }
  });
  return undefined;
}

/**
 * Work that takes longer is left behind when the time is up.
 * @template T @param {number} milliseconds @param {() => Promise<T>} work @returns {Promise<T>}
 */
async function withDeadline(milliseconds, work) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('late')), milliseconds);
  });
  try {
    return await Promise.race([work(), /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}
