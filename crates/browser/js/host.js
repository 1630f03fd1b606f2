// What the engine can do to the page and the network (src/page/host.rs). None of it runs the page's own
// code before it returns.
import {
  REASONS, agree, beacon, byName, enrichUrl, exchange, isMap, judge, meet, remember, report, saidLast, swap, urlOf,
} from '#kit';
import { pathOf, requestOf, sizeOf, tokenFrom, withToken } from './envelope.js';

/** The server refuses to know this state: it is none. */
const drop = (config, state) => {
  if (saidLast(config) == state) remember(config, void 0, []);
};

/** A page that is about to go away loses its answers a little earlier: only if it stays is that a failure. */
const GOING_MS = 100;

/** What goes on after its page is gone: browsers give all of it 64 KB. */
const MOST_KEPT_ALIVE = 6e4;

/** Tells the engine an answer: reasons cross to it as positions. */
export const enriched = (toEngine, id, answer) =>
  toEngine('enriched', id, REASONS.indexOf(answer[0]), answer[1]);

/** @param toEngine calls a method of the engine */
export const hostOf = (datafly, config, early, shelf, toEngine) => {
  const { providers } = config;
  /** How to abort what is in flight. */
  const flights = new Map(early.answers.map((_, id) => [id, early.controller]));
  /** How to give up waiting for a token. */
  const waits = new Map();
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
    if (flight?.id == id) flight.withdrawn = true;
    waits.get(id)?.();
  };

  /** What the request or beacon takes along that comes next: [event, whether it is only asked about]. */
  let loaded = [];
  const takeLoaded = () => loaded.splice(0);
  /** What is on its way, from its turn on. */
  let flight;
  /** How to leave the line. */
  let line;

  const letterOf = (kind) => String.fromCharCode(kind);

  /** What the engine has no words for is a log-out, or the consent said last. */
  const decision = (kind, body) => body?.text ?? (kind == 'c' ? saidLast(config) : '');

  /** Those that no other tab has sent. What is stored counts: one may have said whose it is. */
  const here = (/** @type {any[][]} */ parcels) =>
    parcels
      .filter(([{ id }]) => !shelf.isElsewhere(id))
      .map(([body, left]) => [{ ...body, text: (body.kind != 'i' && shelf.get(body.id)) || body.text }, left]);

  /** The event with a token of the page's, or nothing if it was withdrawn meanwhile. */
  const prove = async (mine, { text, getToken }) => {
    const { id, withdrawn } = mine;
    // While its first token was on its way to the server.
    if (withdrawn) return;
    const givenUp = new Promise((resolve) => waits.set(id, resolve));
    const proven = tokenFrom(getToken).then((token) => withToken(text, token));
    const event = await Promise.race([proven, givenUp]);
    waits.delete(id);
    return event;
  };

  /** The reply to events, or nothing if the one was withdrawn before it was sent. */
  const deliver = async (mine, kind, query, ms) => {
    const { id, parcels } = mine;
    const send = async (/** @type {any[]} */ [url, body]) => {
      mine.flies = true;
      const init = { method: 'POST', body, keepalive: sizeOf(body) < MOST_KEPT_ALIVE };
      const reply = await request(id, url + query, init, ms);
      if (!reply[0]) await new Promise((resume) => setTimeout(resume, GOING_MS));
      return reply;
    };
    if (/[rc]/.test(kind)) return send([urlOf(config, pathOf(kind)), decision(kind, parcels[0][0])]);
    const events = here(parcels);
    if (!events[0]) return [200];
    const [event, isLeft] = events[0];
    if (!event.getToken || isLeft) {
      const left = events.filter(([, left]) => left).map(([{ id }]) => id);
      return send(requestOf(config, events.filter(([, left]) => !left).map(([event]) => event), left));
    }
    const sendProven = (text) => send(requestOf(config, [{ kind, text }]));
    // A token that the call brought along is good until the server says otherwise.
    let text = JSON.parse(event.text).token ? event.text : await prove(mine, event);
    let reply = text && (await sendProven(text));
    if (reply && reply[0] == 401 && reply[1]?.error?.code == 'IDENTITY_TOKEN_EXPIRED') {
      text = await prove(mine, event);
      reply = text && (await sendProven(text));
    }
    return reply;
  };

  const refused = (words) => {
    const { code, message } = Object(words);
    const text = (value, otherwise) => (typeof value == 'string' ? value : otherwise);
    queueMicrotask(() => report(text(code, 'EVENT_REFUSED'), text(message, '')));
  };

  return {
    enrich: async (id, provider, refresh, ms) => {
      const url = enrichUrl(config, providers[provider]) + (refresh ? '&refresh=1' : '');
      enriched(toEngine, id, judge(await request(id, url, {}, ms)));
    },
    turn: (id, shared) => {
      const go = () => new Promise((/** @type {(value?: any) => void} */ letGo) => {
        const mine = { id, letGo };
        const before = flight;
        flight = mine;
        if (toEngine('turn', id)) return;
        flight = before;
        letGo();
      });
      line = new AbortController();
      const { locks } = navigator;
      if (shared && locks) locks.request('datafly.' + config.pipelineKey, { signal: line.signal }, go).catch(go);
      else queueMicrotask(go);
    },
    load: (body, left) => loaded.push([body, left]),
    post: async (id, code, enrich, ms) => {
      const kind = letterOf(code);
      const parcels = takeLoaded();
      const mine = (flight = { ...flight, parcels });
      const epoch = datafly._e;
      const query = enrich ? '&enrich=' + providers.map(encodeURIComponent).join() : '';
      const reply = await deliver(mine, kind, query, ms);
      if (flight == mine) flight = void 0;
      if (reply) {
        const [status, answer, retryAfter] = reply;
        const { profiles, handle, error, failures, missing } = Object(answer);
        if (enrich && status == 200 && isMap(profiles)) {
          const attributes = byName(profiles);
          providers.map((name) =>
            enriched(toEngine, id, judge([status, { attributes: attributes.get(name) }])),
          );
        }
        if (status == 200) {
          [].concat(failures ?? []).map((failure) => refused(failure?.error));
          [].concat(missing ?? []).map((id) => {
            const index = parcels.findIndex(([body]) => body?.id == id);
            if (index > -1) toEngine('missing', mine.id, index);
          });
        }
        const isCertain = toEngine('posted', id, status, error, retryAfter, Math.random());
        // Unless somebody was named or let go meanwhile, in whichever tab.
        if (isCertain && epoch == datafly._e) meet(config, handle);
        if (kind == 'c') (status == 400 ? drop : agree)(config, decision(kind, parcels[0][0]), handle);
      } else toEngine('withdrawn', id);
      mine.letGo();
    },
    gone: ({ id }) => shelf.drop(id),
    /** The page is hidden, or unloads. Whether something is on its way that goes on without it. */
    leave: (unloads) => {
      line?.abort();
      if (!flight) return false;
      const { id, parcels, flies, letGo } = flight;
      if (flies) parcels.map(([body]) => body && shelf.mark(body.id));
      if (!unloads) return true;
      letGo();
      if (!flies) withdraw(id);
      return !!flies;
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
    refused,
    beacon: (code) => {
      const kind = letterOf(code);
      const parcels = takeLoaded();
      if (/[rc]/.test(kind)) return beacon(urlOf(config, pathOf(kind)), decision(kind, parcels[0][0]));
      const events = here(parcels).map(([event]) => event);
      const taken = !events[0] || beacon(...requestOf(config, events));
      if (taken) events.map(({ id }) => shelf.mark(id));
      return taken;
    },
  };
};
