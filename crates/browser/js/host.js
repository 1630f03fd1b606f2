// What the engine can do to the page and the network (src/page/host.rs). None of it runs the page's own
// code before it returns.
import {
  REASONS, agree, beacon, byName, enrichUrl, exchange, isMap, judge, meet, remember, report, saidLast, swap, urlOf,
} from '#kit';
import { pathOf, sentNow, tokenFrom, withToken } from './envelope.js';

/** The server refuses to know this state: it is none. */
const drop = (config, state) => {
  if (saidLast(config) == state) remember(config, void 0, []);
};

const CONSENT = 'c'.charCodeAt(0);

/** Tells the engine an answer: reasons cross to it as positions. */
export const enriched = (toEngine, id, answer) =>
  toEngine('enriched', id, REASONS.indexOf(answer[0]), answer[1]);

/** @param toEngine calls a method of the engine */
export const hostOf = (datafly, config, early, toEngine) => {
  const { providers } = config;
  /** How to abort what is in flight. */
  const flights = new Map(early.answers.map((_, id) => [id, early.controller]));
  /** How to give up waiting for a token, and for whom it was given up. */
  const waits = new Map();
  const withdrawn = new Set();
  let next = [];

  /** An exchange that ends after `ms`, or when it is aborted. */
  const request = async (id, url, init, ms) => {
    const controller = new AbortController();
    const { signal } = controller;
    flights.set(id, controller);
    const timer = setTimeout(() => controller.abort(), ms);
    const reply = await exchange(url, { ...init, credentials: 'include', signal });
    clearTimeout(timer);
    flights.delete(id);
    return reply;
  };

  const abort = (id) => {
    withdraw(id);
    flights.get(id)?.abort();
  };

  const withdraw = (id) => {
    withdrawn.add(id);
    waits.get(id)?.();
  };

  /** What the engine has no words for is a log-out, or the consent said last. */
  const bodyOf = (kind, body) => body ?? { text: kind == CONSENT ? saidLast(config) : '' };

  const urlFor = (kind) => urlOf(config, pathOf(String.fromCharCode(kind)));

  /** The event with a token of the page's, or nothing if it was withdrawn meanwhile. */
  const prove = async (id, { text, getToken }) => {
    // While its first token was on its way to the server.
    if (withdrawn.has(id)) return;
    const givenUp = new Promise((resolve) => waits.set(id, resolve));
    const proven = tokenFrom(getToken).then((token) => withToken(text, token));
    const event = await Promise.race([proven, givenUp]);
    waits.delete(id);
    return event;
  };

  /** The reply to an event, or nothing if it was withdrawn before it was sent. */
  const deliver = async (id, url, body, ms) => {
    const { text, getToken } = body;
    const send = (body) => request(id, url, { method: 'POST', body: sentNow(body) }, ms);
    if (!getToken) return send(text);
    // A token that the call brought along is good until the server says otherwise.
    let event = JSON.parse(text).token ? text : await prove(id, body);
    let reply = event && (await send(event));
    if (reply && reply[0] == 401 && reply[1]?.error?.code == 'IDENTITY_TOKEN_EXPIRED') {
      event = await prove(id, body);
      reply = event && (await send(event));
    }
    return reply;
  };

  return {
    enrich: async (id, provider, refresh, ms) => {
      const url = enrichUrl(config, providers[provider]) + (refresh ? '&refresh=1' : '');
      enriched(toEngine, id, judge(await request(id, url, {}, ms)));
    },
    post: async (id, kind, given, enrich, ms) => {
      const body = bodyOf(kind, given);
      const epoch = datafly._e;
      const url = urlFor(kind) + (enrich ? '&enrich=' + providers.map(encodeURIComponent).join() : '');
      const reply = await deliver(id, url, body, ms);
      if (!reply) return toEngine('withdrawn', id);
      const [status, answer, retryAfter] = reply;
      const { profiles, handle, error } = Object(answer);
      if (enrich && status == 200 && isMap(profiles)) {
        const attributes = byName(profiles);
        providers.map((name) =>
          enriched(toEngine, id, judge([status, { attributes: attributes.get(name) }])),
        );
      }
      const isCertain = toEngine('posted', id, status, error, retryAfter, Math.random());
      // Unless somebody was named or let go meanwhile, in whichever tab.
      if (isCertain && epoch == datafly._e) meet(config, handle);
      if (kind == CONSENT) (status == 400 ? drop : agree)(config, body.text, handle);
    },
    abort,
    withdraw,
    hasten: (id, ms) => setTimeout(() => abort(id), ms),
    wake: (id, ms) => setTimeout(() => toEngine('woken', id), ms),
    put: (provider, attributes) => next.push([providers[provider], attributes]),
    swap: (epoch) => {
      swap(datafly, Object.fromEntries(next), epoch);
      next = [];
    },
    settle: (waiter, reason, epoch) => waiter(reason, epoch),
    remember: (...counters) => remember(config, counters),
    epoch: (epoch) => (datafly._e = epoch),
    report: (code, message, provider) =>
      queueMicrotask(() => report(code, message + (providers[provider] ?? ''))),
    refused: (words) => {
      const { code, message } = Object(words);
      const text = (value, otherwise) => (typeof value == 'string' ? value : otherwise);
      queueMicrotask(() => report(text(code, 'EVENT_REFUSED'), text(message, '')));
    },
    beacon: (kind, body) => beacon(urlFor(kind), sentNow(bodyOf(kind, body).text)),
  };
};
