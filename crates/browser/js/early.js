// The first answers, taken from the loader or asked for before the engine exists, and what they amount to
// without it. Once the engine is there it is given the same answers and decides by the same rules
// (src/enrich.rs).
//
// Rule for profiles that came with the page or the loader: they are shown at once, and each is its
// provider's answer. Where some are missing, those are asked for, and whoever waits is answered when the last
// answer is there: with reason `inline` unless one of those has attributes. They count for nothing once
// somebody was named, logged out or decided what is allowed. Where none came, what the tab knows of its last page
// is shown at once and answers whoever waits, and all are asked for behind it.
import { mayStore } from './allow.js';
import { agree, denies, isNews, isOpen, meet, say, saidLast, stateOf } from './consent.js';
import { report, tell } from './install.js';
import { lastPage } from './remembered.js';
import { counters, countersIn, isMap, recall, remember } from './shared.js';

/** Where something is, with the key. */
export const urlOf = (config, path) =>
  `${config.endpoint}${path}?key=${encodeURIComponent(config.pipelineKey)}`;

/** Whether the browser took this to send by itself. */
export const beacon = (url, body) => {
  try {
    return navigator.sendBeacon(url, body);
  } catch {}
};

/** Milliseconds of a page's own wish; anything that is no number is none. */
export const timeoutOf = (wish, otherwise) =>
  typeof wish == 'number' && wish == wish ? Math.min(Math.max(wish, 100), 6e4) : otherwise;

/** Whether what was taken or asked for at the start counts no more, or nothing was. */
const stale = (datafly, config) => {
  const { shared } = config;
  const [, left, heard, denied, obeyed] = counters(shared);
  const barred = left > heard || denied > obeyed || isOpen(shared);
  return datafly._q.some((call) => startsEpoch(config, call)) || barred || recall(config) != shared;
};

/** Whether a call makes earlier answers void. */
const startsEpoch = (config, call) => /^(identify|reset)$/.test(call[0]) || isNews(config, call);

export const isReset = ([name]) => name == 'reset';

/**
 * A consent where there is no engine: one that allows no profile empties it here and tells the other tabs.
 */
export const obey = (datafly, config, call) => {
  const state = stateOf(call);
  if (!state) return;
  say(config, state);
  if (!denies(config, state)) return;
  const [epoch, left, heard, denied, obeyed] = countersIn(config);
  datafly._e = epoch + 1;
  remember(config, [epoch + 1, left, heard, denied + 1, obeyed]);
  swap(datafly, {}, epoch + 1);
};

/** A log-out where there is no engine: tells the other tabs and the server. */
export const logOut = (datafly, config, unloads) => {
  const [epoch, left, heard, denied] = countersIn(config);
  datafly._e = epoch + 1;
  // Whoever comes next has allowed nothing that could be taken back.
  remember(config, [epoch + 1, left + 1, heard, denied, denied], []);
  tellServer(config, '', unloads);
};

/**
 * Sends a consent state, or without one a log-out, and stores that the server has heard of it. A page that
 * unloads waits for no answer; the next one sends it again.
 */
export const tellServer = async (config, state, unloads) => {
  const url = urlOf(config, state ? '/v1/consent' : '/v1/reset');
  if (unloads) return beacon(url, state);
  const [, left, , denied] = countersIn(config);
  const confirmed = state ? [, , , , denied] : [, , left];
  const init = { method: 'POST', body: state, credentials: 'include', keepalive: true };
  const [status, answer] = await exchange(url, init);
  if (status > 199 && status < 300) {
    remember(config, countersIn(config).map((counter, i) => (counter < confirmed[i] ? confirmed[i] : counter)));
    agree(config, state, answer?.handle);
  }
};

/** By weight, the heaviest first: see `Reason` in src/effect.rs, which has the same order. */
export const REASONS = ['network', 'inline', 'session', 'error', 'timeout', 'denied', 'empty'];

/** Attributes that are there, as an answer: [reason, attributes]. */
const answerOf = (attributes, reason) => [Object.keys(attributes)[0] ? reason : 'empty', attributes];

/**
 * What a provider's answer amounts to.
 *
 * @param {any[]} reply an exchange
 */
export const judge = ([status, body]) =>
  status == 200 && body && isMap(body.attributes)
    ? answerOf(body.attributes, 'network')
    : [status == 401 || status == 403 ? 'denied' : status < 0 ? 'timeout' : 'error'];

/** Where a provider is asked. */
export const enrichUrl = (config, name) => urlOf(config, '/v1/enrich') + '&provider=' + encodeURIComponent(name);

/**
 * What the site's own server has written into the page of its visitor (`POST /v1/bootstrap`), unless that
 * visitor has told this browser otherwise.
 *
 * @returns {any} nothing where it is not there, or is no JSON
 */
const written = (config) => {
  if (denies(config, saidLast(config))) return;
  try {
    return JSON.parse(document.getElementById('datafly-profile').textContent).profiles;
  } catch {}
};

/**
 * Starts with what the page, or else the loader, brought and asks for the rest, unless a call of the page has started a new
 * epoch already, or a page event will bring it all. On a possible first visit only one is asked, and only as
 * long as the page waits: until an answer has come, one credentialed request is in flight, so that one
 * visitor id is minted.
 *
 * `answers` are those of the first providers, or promises of them.
 * `summary` is a promise of what they amount to: [profile, reason].
 */
export const startEarly = (datafly, config) => {
  const controller = new AbortController();
  const { providers, profiles, credentialed } = config;
  const init = { credentials: 'include', signal: controller.signal };
  const ask = async (name) => judge(await exchange(enrichUrl(config, name), init));

  // Nor while a log-out is under way: the cookie may still name the one who left.
  const isStale = stale(datafly, config);
  if (isStale) config.handle = void 0;
  // In a script, unlike in JSON, `__proto__` is no name like any other.
  const brought = written(config) ?? (profiles && JSON.parse(JSON.stringify(profiles)));
  const last = !brought && lastPage(config, datafly._e);
  const inline = byName(!isStale && (brought || last));
  /** Those that there are to show, and of them those that need not be asked for. */
  const shown = providers.map(
    (name) => isMap(inline.get(name)) && answerOf(inline.get(name), last ? 'session' : 'inline'),
  );
  const known = shown.map((answer) => !last && answer);
  const isWhole = known.every(Boolean);

  const isCarried = () => config.context && (config.browser.page || datafly._q.some(([name]) => name == 'page'));
  const first = isWhole || credentialed ? providers.length : 1 + known.indexOf(false);
  const answers = known
    .slice(0, isStale || (isCarried() && !isWhole) ? 0 : first)
    .map((answer, i) => answer || ask(providers[i]));
  // Past the first visit no request is waited for longer.
  if (!isWhole) setTimeout(() => controller.abort(), credentialed ? 15e3 : config.timeoutMs);

  const atOnce = summarise(shown.map((it) => it || []), providers);
  if (shown.some(Boolean)) swap(datafly, atOnce[0], datafly._e);

  const calls = datafly._q;
  let tell = (call) => {};
  calls.push = (call) => {
    Array.prototype.push.call(calls, call);
    if (denies(config, stateOf(call))) swap(datafly, {}, datafly._e);
    tell(call);
  };
  const hydrate = (summary) => {
    // From then on the engine has the calls.
    if (datafly._q != calls || stale(datafly, config)) return;
    show(datafly, summary);
    // Nobody else has taken the calls yet: no need to wait for the engine.
    tell = ([name, settle]) =>
      name == 'onProfileReady' && !isCarried() && !stale(datafly, config) && settle(outcome(datafly, summary[1]));
    calls.map(tell);
  };
  const summary = Promise.all(answers).then((answers) => summarise(answers, providers));
  if (!isStale && shown.every(Boolean)) hydrate(atOnce);
  if (!isWhole && answers.length == providers.length) summary.then(hydrate);
  return { controller, answers, summary };
};

/** The members of an object, without what every object has. */
export const byName = (object) => new Map(Object.entries(object || {}));

/**
 * Sends a request; resolves to [status, body, seconds of `Retry-After`] and never rejects. The body is
 * undefined if it is no JSON; status 0 stands for no answer, -1 for given up.
 */
export const exchange = async (request, init) => {
  try {
    const response = await fetch(request, init);
    return [
      response.status,
      await response.json().catch(() => {}),
      +response.headers.get('retry-after'),
    ];
  } catch {
    return [init.signal?.aborted ? -1 : 0];
  }
};

const summarise = (answers, providers) => [
  Object.fromEntries(answers.flatMap(([, attributes], i) => (attributes ? [[providers[i], attributes]] : []))),
  REASONS.find((reason) => answers.some((answer) => answer[0] == reason)) || 'empty',
];

const show = (datafly, [profile, reason]) => {
  if (!/error|timeout|denied/.test(reason)) swap(datafly, profile, datafly._e);
};

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
  queueMicrotask(() => tell('profile', { profile, epoch }));
};

/** Where the instance of a pipeline is on this page, however it came: two would say everything twice. */
export const placeOf = (config) => Symbol.for('datafly.' + config.pipelineKey);

/** Makes an instance another name of its twin: it passes its calls on, and shows what the twin shows. */
export const follow = (datafly, twin) => {
  datafly._q.map((call) => twin._q.push(call));
  for (const name in twin) {
    Object.defineProperty(datafly, name, { get: () => twin[name], set: (value) => (twin[name] = value) });
  }
};

/**
 * Marks `datafly` as belonging to this pipeline, with its timeout, also for calls made before. What is
 * stored now is what everything asked from here on belongs to.
 */
export const claim = (datafly, config) => {
  const { timeoutMs } = config;
  meet(config, config.handle);
  config.shared = recall(config);
  datafly._k = config.pipelineKey;
  datafly.version = __DATAFLY_VERSION__;
  window[placeOf(config)] = datafly;
  datafly._t = timeoutMs;
  datafly._e = counters(config.shared)[0];
  // From here on events are written down as they are called.
  datafly._s = !config.browser.collect && mayStore(config) && config.pipelineKey;
  datafly._q.map(([, settle, time, timer]) => {
    if (settle && settle.call) {
      clearTimeout(timer);
      setTimeout(() => settle(outcome(datafly, 'timeout')), time + timeoutMs - Date.now());
    }
  });
};

/**
 * Takes the calls where no engine will: the early answer hydrates, later waits settle at once with what
 * is known, and `send` is given the actions.
 */
export const fallBack = async (datafly, config, early, code, send) => {
  report(code, 'profiles will not be refreshed');
  if (config.context) {
    // No page event will bring a profile.
    config.context = false;
    if (early.answers && !early.answers[0]) early = startEarly(datafly, config);
  }
  const summary = await early.summary;
  let reason = summary[1];
  if (stale(datafly, config)) reason = 'error';
  else show(datafly, summary);
  const [, left, heard] = countersIn(config);
  if (left > heard) tellServer(config, '');
  if (isOpen(recall(config))) tellServer(config, saidLast(config));
  /** How often somebody left or took a consent back, in whichever tab. */
  const goneIn = (/** @type {number[]} */ [, left, , denied]) => left + denied;
  let gone = goneIn(countersIn(config));
  const follow = () => {
    const stored = countersIn(config);
    if (goneIn(stored) <= gone) return;
    gone = goneIn(stored);
    datafly._e = stored[0];
    config.handle = void 0;
    reason = 'error';
    swap(datafly, {}, stored[0]);
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
        if (startsEpoch(config, call)) reason = 'error';
        send(call);
      }
    },
  };
  calls.map(datafly._q.push);
  tell('ready');
};
