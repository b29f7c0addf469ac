'use strict';
/**
 * Tells the local CPaaS which delivery a request belongs to, so that a message on a phone can be
 * shown beside what became of it, without guessing by time. One header on what an Action sends, by
 * `fetch` or by `node:https`; nothing else of a request changes.
 */

const diagnostics = require('node:diagnostics_channel');
const https = require('node:https');

const HEADER = 'x-sandbox-delivery';
const FORM = /^[\w-]{1,64}$/;

/** @param {() => unknown} currentDelivery the delivery in whose flow a request is made */
function markRequests(currentDelivery) {
  const marked = (/** @type {(delivery: string) => void} */ mark) => {
    const delivery = currentDelivery();
    if (typeof delivery === 'string' && FORM.test(delivery)) mark(delivery);
  };
  diagnostics.subscribe('undici:request:create', ({ request }) => {
    marked((delivery) => request.addHeader(HEADER, delivery));
  });
  // Node has a channel for this only since 22, so the module's own function is the place.
  const { request: realRequest } = https;
  https.request = function request(...args) {
    const call = realRequest(...args);
    marked((delivery) => {
      if (!call.headersSent) call.setHeader(HEADER, delivery);
    });
    return call;
  };
  https.get = function get(...args) {
    const call = https.request(...args);
    call.end();
    return call;
  };
}

module.exports = { markRequests };
