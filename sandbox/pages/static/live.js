/**
 * Keeps the list of a page up to date by server-sent events, without losing the reader's place.
 *
 * A piece of HTML goes in the place of what it replaces, else on top. The pieces come from the
 * server, which escapes them, and the page's policy lets no script in them run.
 */

import { localTimes } from './page.js';

const MOST = 200; // Entries that stay on the page; older ones are on its further pages.
const AGAIN = 2000; // Milliseconds until a connection is tried for anew.
// Windows that are live at once. A browser has six connections a host for everything: with a
// stream on each of them, no page of the sandbox would load any more.
const LIVE = 4;

const list = document.querySelector('[data-live]');
const state = document.querySelector('[data-live-status]');
const announcer = document.querySelector('p[data-announce]');

let source = null;
let leave = null; // Gives back the place that the connection took.
let taking = false;
let timer;
let last = list?.dataset.after;

function say(text, on) {
  if (!state || state.textContent === text) return;
  state.textContent = text;
  state.classList.toggle('on', on);
}

/** A place among those that are live: how to give it back, or null when it is taken. */
function place(number) {
  return new Promise((taken) => {
    navigator.locks.request(`live-${number}`, { ifAvailable: true }, (lock) => {
      if (lock) return new Promise(taken);
      taken(null);
      return null;
    });
  });
}

/** Only for a page that is looked at: one that was opened behind another waits until then. */
async function open() {
  if (source || taking || document.hidden) return;
  taking = true;
  for (let number = 0; number < LIVE && !leave; number += 1) leave = await place(number);
  taking = false;
  if (document.hidden) close();
  else if (leave) listen();
  else later(state?.dataset.liveFull);
}

function later(why) {
  say(why, false);
  close();
  clearTimeout(timer);
  timer = setTimeout(open, AGAIN);
}

function listen() {
  const address = new URL(list.dataset.live, document.location);
  address.searchParams.set('after', last);
  const opened = new EventSource(address);
  source = opened;
  opened.addEventListener('open', () => say(state?.dataset.liveOn, true));
  opened.addEventListener('error', () => {
    // The browser tries again by itself unless it was refused.
    if (opened.readyState === EventSource.CLOSED) later(state?.dataset.liveOff);
    else say(state?.dataset.liveOff, false);
  });
  opened.addEventListener('reload', () => document.location.reload());
  opened.addEventListener('entry', (event) => {
    last = event.lastEventId;
    put(new DOMParser().parseFromString(event.data, 'text/html').body.firstElementChild);
  });
}

function close() {
  source?.close();
  source = null;
  leave?.();
  leave = null;
}

const within = (element) => [...element.querySelectorAll('a, button, summary, audio, pre[tabindex]')];

function put(fresh) {
  if (!fresh) return;
  localTimes(fresh);
  const old = document.getElementById(fresh.id)
    ?? (fresh.dataset.replaces ? document.getElementById(fresh.dataset.replaces) : null);
  const focused = old ? within(old).indexOf(document.activeElement) : -1;
  if (old) {
    const opened = [...old.querySelectorAll('details[open] > summary')].map((one) => one.textContent);
    for (const summary of fresh.querySelectorAll('details > summary')) {
      summary.parentElement.open = opened.includes(summary.textContent);
    }
    fresh.classList.remove('fresh');
  }
  if (old && !('first' in fresh.dataset)) old.replaceWith(fresh);
  else {
    old?.remove();
    list.prepend(fresh);
  }
  if (focused >= 0) within(fresh)[focused]?.focus({ preventScroll: true });
  while (list.children.length > MOST) list.lastElementChild.remove();
  for (const empty of document.querySelectorAll('[data-empty]')) empty.hidden = true;
  if (announcer) announcer.textContent = fresh.dataset.announce ?? '';
}

if (list) {
  open();
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', open);
}
