'use strict';
/**
 * Where host names lead inside the sandbox.
 *
 * The CPaaS's name leads to its port on loopback and is still checked against the certificate. No
 * other name resolves: an Action run here with a real host in its secrets must send no real message.
 */

const dns = require('node:dns');
const process = require('node:process');
const tls = require('node:tls');

const realConnect = tls.connect;
const realLookup = dns.lookup;
let ports = new Map();

/** As the resolver says it, so that an Action cannot tell it from a real unknown name. */
function notFound(hostname) {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
    code: 'ENOTFOUND', errno: -3008, syscall: 'getaddrinfo', hostname,
  });
}

/** @param {Record<string, number>} hosts host name to port on 127.0.0.1 */
function routeNames(hosts) {
  ports = new Map(Object.entries(hosts));
  // fetch and https ask the tls module for each connection, so the module's own function is the place.
  tls.connect = function connect(...args) {
    const [options] = args;
    const name = options?.host ?? options?.hostname;
    if (options !== null && typeof options === 'object' && ports.has(name)) {
      const moved = { ...options, host: '127.0.0.1', hostname: '127.0.0.1', port: ports.get(name) };
      return realConnect({ ...moved, servername: options.servername || name }, ...args.slice(1));
    }
    return realConnect(...args);
  };
  dns.lookup = function lookup(hostname, options, callback) {
    if (hostname === 'localhost') return realLookup(hostname, options, callback);
    return process.nextTick(callback ?? options, notFound(hostname));
  };
}

module.exports = { routeNames };
