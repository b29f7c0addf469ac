'use strict';
/**
 * Tells the local CPaaS which delivery a request belongs to, so that a message on a phone can be
 * shown beside what became of it, without guessing by time.
 *
 * Owns one header on what Actions send with fetch. Refuses to change anything else of a request,
 * and to be seen by the Action.
 */

const diagnostics = require('node:diagnostics_channel');

const HEADER = 'x-sandbox-delivery';
const FORM = /^[\w-]{1,64}$/;

/** @param {() => unknown} currentDelivery the delivery in whose flow a request is made */
function markRequests(currentDelivery) {
  diagnostics.subscribe('undici:request:create', ({ request }) => {
    const delivery = currentDelivery();
    if (typeof delivery === 'string' && FORM.test(delivery)) request.addHeader(HEADER, delivery);
  });
}

module.exports = { markRequests };
