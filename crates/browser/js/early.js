// The first enrich requests, started before the engine exists, and what they amount to without it.
// Once the engine is there it is given the same answers and decides by the same rules
// (src/enrich.rs, src/page/http.rs).
import { report } from './install.js';

/** Where something is, with the key. */
export const urlOf = (config, path) =>
  `${config.endpoint}${path}?key=${encodeURIComponent(config.pipelineKey)}`;

/** Whether the browser took this to send by itself. */
export const beacon = (url, body) => {
  try {
    return navigator.sendBeacon(url, body);
  } catch {
    return false;
  }
};

/** Milliseconds of a page's own wish; anything that is no number is none. */
export const timeoutOf = (wish, otherwise) =>
  typeof wish == 'number' && wish == wish ? Math.min(Math.max(wish, 100), 6e4) : otherwise;

/** What the tabs share, as stored: `epoch:left:heard` (src/epoch.rs). */
export const recall = (config) => {
  try {
    return localStorage['datafly.' + config.pipelineKey] || '';
  } catch {
    return '';
  }
};

export const remember = (config, text) => {
  try {
    localStorage['datafly.' + config.pipelineKey] = text;
  } catch {}
};

const counters = (text) => [0, 1, 2].map((i) => parseInt(text.split(':')[i]) || 0);

/** The number of the log-out that the server may not know of, or 0. */
const leaving = (text) => {
  const [, left, heard] = counters(text);
  return left > heard ? left : 0;
};

/** Whether what was asked at the start counts no more, or nothing was asked. */
const stale = (datafly, config) =>
  startsEpoch(datafly) || leaving(config.shared) || recall(config) != config.shared;

/**
 * A log-out where there is no engine: tells the other tabs and the server. A page that unloads waits for
 * no answer; the next one sends it again.
 */
export const logOut = (datafly, config, unloads) => {
  const [epoch, left, heard] = counters(recall(config));
  datafly._e = epoch + 1;
  remember(config, [epoch + 1, left + 1, heard].join(':'));
  if (unloads) beacon(urlOf(config, '/v1/reset'), '');
  else confirm(config, left + 1);
};

/** Sends a log-out, and stores that the server has heard of it. */
const confirm = async (config, number) => {
  const init = { method: 'POST', body: '', credentials: 'include', keepalive: true };
  const [status] = await exchange(urlOf(config, '/v1/reset'), init);
  if (status > 199 && status < 300) {
    const [epoch, left, heard] = counters(recall(config));
    remember(config, [epoch, left, Math.max(heard, number)].join(':'));
  }
};

/** Past the first visit no request is waited for longer. */
const DEADLINE_MS = 15e3;

/**
 * Starts them, unless a call of the page has started a new epoch already. On a possible first visit only
 * one, and only as long as the page waits: until an answer has come, one credentialed request is in
 * flight, so that one visitor id is minted.
 *
 * Each of `answers` is an exchange.
 * `summary` is what they amount to: [profile, reason].
 */
export const startEarly = (datafly, config) => {
  const controller = new AbortController();
  const { signal } = controller;
  const { providers, credentialed } = config;
  // Nor while a log-out is under way: the cookie may still name the one who left.
  const asked = stale(datafly, config) ? [] : credentialed ? providers : providers.slice(0, 1);
  const url = urlOf(config, '/v1/enrich') + '&provider=';
  const answers = asked.map((name) =>
    exchange(url + encodeURIComponent(name), { credentials: 'include', signal }, signal),
  );
  setTimeout(() => controller.abort(), credentialed ? DEADLINE_MS : config.timeoutMs);
  const early = { controller, answers, summary: summarise(answers, providers) };
  if (asked.length == providers.length) {
    early.summary.then((summary) => {
      // Nobody has taken the calls yet: no need to wait for the engine.
      if (datafly._q.map && !stale(datafly, config)) {
        show(datafly, summary);
        datafly._q.map(([name, settle]) => name == 'onProfileReady' && settle(outcome(datafly, summary[1])));
      }
    });
  }
  return early;
};

/**
 * Sends a request; resolves to [status, body, seconds of `Retry-After`] and never rejects. The body is
 * undefined if it is no JSON; status 0 stands for no answer, -1 for given up.
 */
export const exchange = async (request, init, signal) => {
  try {
    const response = await fetch(request, init);
    return [
      response.status,
      await response.json().catch(() => {}),
      +response.headers.get('retry-after'),
    ];
  } catch {
    return [signal && signal.aborted ? -1 : 0];
  }
};

/** @returns {Promise<[object, string]>} */
const summarise = async (answers, providers) => {
  const profile = {};
  const seen = {};
  (await Promise.all(answers)).map(([status, body], i) => {
    const attributes = body && body.attributes;
    let reason = status == 401 || status == 403 ? 'denied' : status < 0 ? 'timeout' : 'error';
    if (status == 200 && attributes instanceof Object && !Array.isArray(attributes)) {
      profile[providers[i]] = attributes;
      reason = Object.keys(attributes).length ? 'network' : 'empty';
    }
    seen[reason] = 1;
  });
  const order = ['network', 'error', 'timeout', 'denied'];
  return [profile, order.find((reason) => seen[reason]) || 'empty'];
};

const show = (datafly, [profile, reason]) => {
  if (reason == 'network' || reason == 'empty') swap(datafly, profile, datafly._e);
};

/** Whether a call that waits to be handled starts an epoch, so that an earlier answer counts no more. */
const startsEpoch = (datafly) => datafly._q.some((call) => isReset(call) || call[0] == 'identify');

export const isReset = ([name]) => name == 'reset';

/** What a waiting call is settled with. */
export const outcome = (datafly, reason, epoch = datafly._e) => ({
  profile: datafly.profile,
  reason,
  epoch,
});

/**
 * Puts a profile in place, in one step. The event is sent afterwards, so that no code of the page runs
 * inside ours, and only if something changed: the engine repeats what was shown without it.
 */
export const swap = (datafly, profile, epoch) => {
  const old = datafly.profile;
  const names = Object.keys(profile);
  if (names[0] && names.length == Object.keys(old).length && names.every((n) => old[n] == profile[n])) {
    return;
  }
  datafly.profile = profile;
  queueMicrotask(() => dispatchEvent(new CustomEvent('datafly:profile', { detail: { profile, epoch } })));
};

/**
 * Marks `datafly` as belonging to this pipeline, with its timeout, also for calls made before. What is
 * stored now is what everything asked from here on belongs to.
 */
export const claim = (datafly, config) => {
  const { timeoutMs } = config;
  config.shared = recall(config);
  datafly._k = config.pipelineKey;
  datafly._t = timeoutMs;
  datafly._e = counters(config.shared)[0];
  datafly._q.map(([, settle, time]) => {
    if (settle && settle.call) {
      setTimeout(() => settle(outcome(datafly, 'timeout')), time + timeoutMs - Date.now());
    }
  });
};

/**
 * Takes the calls where no engine will: the early answer hydrates, later waits settle at once with what
 * is known, and `send` is given the actions.
 */
export const fallBack = async (datafly, config, early, code, send) => {
  report(code, 'the SDK did not start: the profile will not be refreshed');
  const summary = await early.summary;
  let reason = summary[1];
  if (stale(datafly, config)) reason = 'error';
  else show(datafly, summary);
  const open = leaving(recall(config));
  if (open) confirm(config, open);
  let [, left] = counters(recall(config));
  const follow = () => {
    const [epoch, now] = counters(recall(config));
    if (now <= left) return;
    // Somebody logged out in another tab.
    left = now;
    datafly._e = epoch;
    reason = 'error';
    swap(datafly, {}, epoch);
  };
  addEventListener('storage', follow);
  addEventListener('pageshow', follow);
  const calls = datafly._q;
  datafly._q = {
    push: (call) => {
      const [name, settle] = call;
      if (settle && settle.call) {
        settle(outcome(datafly, name == 'onProfileReady' ? reason : 'error'));
      } else {
        if (name == 'identify' || name == 'reset') reason = 'error';
        send(call);
      }
    },
  };
  calls.map(datafly._q.push);
};
