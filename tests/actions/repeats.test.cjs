'use strict';
const assert = require('node:assert/strict');
const { createHmac } = require('node:crypto');
const test = require('node:test');

const { KEY, accepted, run, secrets, unifiedEvent } = require('./support/action.cjs');

const DUPLICATE = () => accepted({ groupId: 5, groupName: 'REJECTED', id: 23, name: 'REJECTED_DUPLICATE_MESSAGE_ID' });
const on = secrets({ DEDUPLICATE: 'on' });
const idOf = async (notification, rest, given = on) => (await run({ event: unifiedEvent(notification, rest), secrets: given })).message.destinations[0].messageId;

test('no message id is sent unless the stack asks for duplicate suppression', async () => {
  for (const given of [secrets(), secrets({ DEDUPLICATE: 'off' })]) {
    for (const delivery_method of ['text', 'voice']) {
      const { message } = await run({ event: unifiedEvent({ delivery_method }), secrets: given });
      assert.deepEqual(message.destinations, [{ to: '819012345678' }]);
    }
  }
});

test('the message id is a keyed hash of the notification', async () => {
  const expected = createHmac('sha256', KEY)
    .update(JSON.stringify(['message', '819012345678', 'text', 'otp_verify', '482913', 'transaction-1'])).digest('hex');
  assert.equal(await idOf(), expected);
  assert.match(expected, /^[0-9a-f]{64}$/);
});

test('the same notification has the same id, any other has another', async () => {
  const ids = [
    await idOf(), await idOf({ recipient: '+819012345679' }), await idOf({ code: '482914', as_text: 'It is 482914.' }), await idOf({ message_type: 'otp_enroll' }),
    await idOf({ delivery_method: 'voice' }), await idOf({}, { transaction: { correlation_id: 'transaction-2' } }), await idOf({}, { transaction: undefined }),
    await idOf({}, {}, { ...on, CPAAS_API_KEY: 'another-key' }),
  ];
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(await idOf(), ids[0]);
  assert.equal(await idOf({ recipient: '+81 (0)90-1234-5678' }), ids[0]);
  const withoutCode = [await idOf({ code: undefined, as_text: 'one' }), await idOf({ code: undefined, as_text: 'two' })];
  assert.notEqual(withoutCode[0], withoutCode[1]);
});

test('a known id is success only when it was our id', async () => {
  assert.equal((await run({ answer: DUPLICATE, secrets: on })).kind, 'success');
  const outcome = await run({ answer: DUPLICATE });
  assert.deepEqual([outcome.kind, outcome.reason], ['drop', 'CPaaS refused: REJECTED DUPLICATE_MESSAGE_ID']);
  const other = () => accepted({ groupId: 2, groupName: 'UNDELIVERABLE', id: 23, name: 'REJECTED_DUPLICATE_MESSAGE_ID' });
  assert.equal((await run({ answer: other, secrets: on })).kind, 'drop');
  const source = () => accepted({ groupId: 5, groupName: 'REJECTED', id: 23, name: 'REJECTED_SOURCE' });
  assert.equal((await run({ answer: source, secrets: on })).kind, 'drop', 'by name, not by id');
});
