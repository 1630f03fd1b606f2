// Between the recorded calls and the engine.
import { Engine, finish, imports } from '#glue';
import {
  REASONS, counters, countersIn, denies, fallBack, isOpen, keep, mayStore, obey, outcome, recall, remember, report, say,
  saidLast, swap, tailOf, tell,
} from '#kit';
import { chunk } from './chunk.js';
import { declared } from './declared.js';
import { timeoutOf } from './early.js';
import { envelopes, getTokenOf, sizeOf, unsecret } from './envelope.js';
import { gateOf, isRefused, mayCollect } from './gate.js';
import { enriched, hostOf } from './host.js';
import { keepProfile } from './keep.js';
import { outboxOf } from './outbox.js';
import { followPages } from './pages.js';
import { shelfOf } from './shelf.js';

/**
 * Starts the engine and hands it every call, those made so far first. If it cannot start, or breaks,
 * the early answer hydrates and events leave by beacon.
 *
 * @param wasm a promise of the response with the wasm
 */
export const connect = async (datafly, config, early, wasm) => {
  const toEnvelope = envelopes(config);
  const { sources, storage = 'necessary' } = config.browser;
  if (sources || storage != 'necessary') {
    const kit = { counters, keep, mayStore, recall, saidLast, tailOf };
    chunk(config, 'consent').then((part) => part?.start(datafly, config, kit));
  }
  if (config.browser.page) followPages(datafly, config);
  let engine, host;
  /** Between the page's going away and its return. */
  let gone;
  /** The log-in of this page, if any. */
  let login;

  /** Who waits for everything to have left. */
  let flushes = [];
  config.edits = [];

  /** Whether a call was none to the server. */
  const isOwn = ([name, , , , , args]) => {
    if (name == 'use') return config.edits.push(args[0]);
    if (name == 'debug') return chunk(config, name).then((part) => part?.debug(datafly, args[0]));
  };

  const shelf = shelfOf(config);

  /** An event of a call, on the shelf if it is one that lies there: nothing if there is nothing to send. */
  const written = (call) => {
    const leaver = config.handle;
    const id = call[6];
    const event = toEnvelope(call);
    const [kind = '', text, getToken] = event ?? [];
    const isTold = /[iptg]/.test(kind);
    if (kind == 'r') shelf.stamp(leaver);
    if (isTold && mayCollect(config)) shelf.put(id, unsecret(text));
    else shelf.drop(id);
    if (!kind || (isTold && !mayCollect(config))) return;
    return { id, kind, text, getToken };
  };

  /** What pages left that are gone, each as its event. */
  const adopted = () => {
    const { found, wait } = shelf.adopt();
    if (wait) setTimeout(look, wait);
    return found.map(([id, text, isLeft]) => {
      if (text[0] == '[') return [written([...JSON.parse(text), , id]), isLeft];
      const kind = JSON.parse(text).type[0];
      return [{ id, kind, text, getToken: kind == 'i' ? config.getToken : void 0 }, isLeft];
    });
  };

  // Before any network: those that were called when nobody knew yet where to.
  if (mayCollect(config)) {
    datafly._q.map((call) => /^(pa|tr|gr|id|res)/.test(call[0]) && shelf.put(call[6], JSON.stringify(call.slice(0, 5))));
  }

  const codeOf = ({ kind }) => kind.charCodeAt(0);
  const look = () => {
    if (!engine || !mayCollect(config)) return;
    for (const [event, isLeft] of adopted()) {
      if (event) toEngine('adopt', codeOf(event), event, sizeOf(event.text), !!event.getToken, isLeft);
    }
  };

  /** Whoever may not be collected is forgotten, also of what waits for another attempt. */
  const check = () => {
    if (!isRefused(config)) return;
    shelf.clear();
    toEngine('forget');
  };

  const outbox = outboxOf(datafly, config, shelf);
  const hold = (call) => {
    const event = isAction(call) && !isOwn(call) && written(call);
    if (!event) return;
    obey(datafly, config, call);
    outbox.hold(event);
  };
  const send = (call) => {
    hold(call);
    // Calls that waited are all looked at before the first leaves.
    queueMicrotask(outbox.flush);
  };
  const gate = gateOf(config, (call) => (engine ? act(call) : send(call)));

  const fail = (code, known) => {
    engine = 0;
    // Nobody will ever ask whether what was left has arrived.
    if (mayCollect(config)) {
      adopted().map(([event, isLeft]) => event && (isLeft ? shelf.drop(event.id) : outbox.hold(event)));
    }
    queueMicrotask(outbox.flush);
    fallBack(datafly, config, known, code, gate.take);
  };

  /** What is stored. Where another tab named somebody, or let them go, the next answer tells who is here. */
  const notice = () => {
    const shared = countersIn(config);
    if (shared[0] > datafly._e) config.handle = void 0;
    return shared;
  };

  /** What is stored is told first. A trap in the wasm must not reach the page. */
  const toEngine = (method, ...args) => {
    try {
      if (!engine) return;
      engine.stored(...notice());
      const answer = engine[method](...args);
      if (engine.idle()) {
        flushes.map((settle) => settle());
        flushes = [];
      }
      return answer;
    } catch {
      datafly._q = [];
      // The early answer may be of an older epoch by now.
      fail('SDK_BROKEN', { summary: [{}, 'error'] });
    }
  };

  const act = (call) => {
    const [name, argument] = call;
    try {
      if (name == 'init') {
        const [options] = JSON.parse(argument);
        if (options.pipelineKey != config.pipelineKey) {
          report('ALREADY_INITIALISED', 'this page belongs to another pipeline: ' + config.pipelineKey);
        } else {
          datafly._t = timeoutOf(options.enrich?.timeoutMs, datafly._t);
          config.getToken = getTokenOf(call[5][0]) ?? config.getToken;
        }
        return;
      }
    } catch {
      report('INVALID_CONFIG', 'init() takes an object with pipelineKey and endpoint');
      return;
    }
    if (isOwn(call)) return;
    if (name == 'flush') {
      flushes.push(argument);
      toEngine('idle');
    } else if (argument && argument.call) {
      const settle = (reason, epoch) => argument(outcome(datafly, REASONS[reason], epoch));
      toEngine('wait', settle, name == 'refreshProfile');
    } else {
      notice();
      const event = written(call);
      if (!event) return;
      const { kind, text, getToken } = event;
      const wasNobody = kind == 'c' && say(config, text);
      if (kind == 'i') login = call;
      if (kind == 'r') {
        login = void 0;
        // With the visitor goes what they agreed to.
        remember(config, void 0, []);
      }
      toEngine('event', codeOf(event), event, sizeOf(text), !!getToken || (kind == 'c' && denies(config, text)));
      if (kind == 'c') {
        check();
        // Behind what this page itself has held back until now.
        queueMicrotask(look);
      }
      // It could not be kept of nobody. Who denies is not named once more.
      if (wasNobody && login && !denies(config, text)) act(login);
      // What a page calls while it goes away leaves with the rest.
      if (gone) leave(true);
    }
  };

  declared(datafly, config);
  const epoch = datafly._e;
  early.summary.then(([profile, reason]) => {
    if (epoch != datafly._e) return;
    // Whom the server refuses by now is shown nothing of the last page.
    if (reason == 'denied' && Object.keys(datafly.profile)[0]) swap(datafly, {}, epoch);
    if (/network|inline|empty/.test(reason)) keepProfile(config, { profile, epoch });
  });
  // Later than what is shown of the last page: that is as old as it was.
  queueMicrotask(() => addEventListener('datafly:profile', ({ detail }) => keepProfile(config, Object(detail))));

  const leave = (/** @type {boolean} */ unloads) => {
    if (engine) {
      toEngine('leave', unloads, host.leave(unloads), shelf.keeps());
    } else if (unloads) {
      if (datafly._q.map) {
        // Nobody has taken the calls yet. Those that wait stay: the page may come back.
        datafly._q.map(gate.take);
        datafly._q = datafly._q.filter((call) => !isAction(call));
      }
      outbox.flush(true);
    }
    if (unloads) shelf.release();
  };

  addEventListener('pagehide', () => {
    gone = true;
    leave(true);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState == 'hidden') leave(false);
    else toEngine('shown');
  });

  try {
    finish((await WebAssembly.instantiateStreaming(wasm, imports())).instance);
    const { providers, timeoutMs, credentialed, context } = config;
    const told = { providers: providers.length, timeoutMs, credentialed, context, early: early.answers.length };
    host = hostOf(datafly, config, early, shelf, toEngine);
    engine = new Engine(told, host, ...counters(config.shared));
  } catch {
    return fail('WASM_UNAVAILABLE', early);
  }
  const calls = datafly._q;
  datafly._q = { push: gate.take };
  // From here on calls are written down as events.
  datafly._s = void 0;
  const [, , , denied, obeyed] = counters(config.shared);
  // What nobody knows to have arrived is said again. A denial the engine repeats by itself.
  if (isOpen(config.shared) && denied <= obeyed) gate.take(['consent', `[${saidLast(config)}]`]);
  calls.map(gate.take);
  check();
  look();
  // Starts it: from here on requests are sent.
  toEngine('shown');
  early.answers.map(async (answer, id) => enriched(toEngine, id, await answer));
  tell('ready');

  addEventListener('storage', (event) => {
    const { key } = event;
    // Without a key: the page cleared everything.
    if (key == null || key == 'datafly.' + config.pipelineKey) {
      check();
      toEngine('shown');
      gate.look();
    }
    // What has just left is on its way: nobody need ask at once.
    if (shelf.isNews(event)) setTimeout(look, 2e3);
  });
  addEventListener('pageshow', ({ persisted }) => {
    gone = false;
    if (!persisted) return;
    look();
    toEngine('shown');
  });
};

const isAction = ([name, argument]) => name != 'init' && !(argument && argument.call);
