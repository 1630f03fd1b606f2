// Between the recorded calls and the engine.
import start, { Engine } from '#glue';
import {
  beacon,
  exchange,
  fallBack,
  logOut,
  outcome,
  recall,
  remember,
  swap,
  timeoutOf,
  urlOf,
} from './early.js';
import { envelopes, pathOf } from './envelope.js';
import { report } from './install.js';

/**
 * Starts the engine and hands it every call, those made so far first. If it cannot start, or breaks,
 * the early answer hydrates and events leave by beacon.
 *
 * @param wasm a promise of the response with the wasm
 */
export const connect = async (datafly, config, early, wasm) => {
  const toEnvelope = envelopes();
  let engine;

  // Where there is no engine, events wait here for as long as the browser takes no more beacons.
  let held = [];
  const hold = (call) => {
    const event = isAction(call) && toEnvelope(call);
    if (!event) return;
    // Beacons overtake each other: whoever was named before a log-out must not be named after it.
    if (event[0] == 'r') held = held.filter(([kind]) => kind != 'i');
    held.push(event);
  };
  /** @param {boolean} [unloads] */
  const flush = (unloads) => {
    held = held.filter(([kind, body]) =>
      kind == 'r'
        ? logOut(datafly, config, unloads)
        : !beacon(urlOf(config, pathOf(kind)), body),
    );
  };
  const send = (call) => {
    hold(call);
    // Calls that waited are all looked at before the first leaves.
    queueMicrotask(flush);
  };

  const fail = (code, known) => {
    engine = 0;
    fallBack(datafly, config, known, code, send);
  };

  /** A trap in the wasm must not reach the page. */
  const toEngine = (method, ...args) => {
    try {
      if (engine) engine[method](...args);
    } catch {
      datafly._q = [];
      // The early answer may be of an older epoch by now.
      fail('SDK_BROKEN', { summary: [{}, 'error'] });
    }
  };

  const handle = (call) => {
    const [name, argument] = call;
    try {
      if (name == 'init') {
        const [options] = JSON.parse(argument);
        if (options.pipelineKey != config.pipelineKey) {
          report('ALREADY_INITIALISED', 'this page belongs to another pipeline: ' + config.pipelineKey);
        } else {
          datafly._t = timeoutOf(options.enrich?.timeoutMs, datafly._t);
        }
        return;
      }
    } catch {
      report('INVALID_CONFIG', 'init() takes an object with pipelineKey and endpoint');
      return;
    }
    if (argument && argument.call) {
      const settle = ({ reason, epoch }) => argument(outcome(datafly, reason, epoch));
      toEngine('wait', settle, name == 'refreshProfile');
    } else {
      const event = toEnvelope(call);
      if (event) toEngine('event', ...event);
    }
  };

  addEventListener('pagehide', () => {
    if (engine) return toEngine('unload');
    if (datafly._q.map) {
      // Nobody has taken the calls yet. Those that wait stay: the page may come back.
      datafly._q.map(hold);
      datafly._q = datafly._q.filter((call) => !isAction(call));
    }
    flush(true);
  });

  try {
    await start({ module_or_path: wasm });
    engine = new Engine(
      config,
      {
        swap: (profile, epoch) => swap(datafly, profile, epoch),
        recall: () => recall(config),
        remember: (text) => remember(config, text),
        beacon,
        epoch: (epoch) => (datafly._e = epoch),
        report: ({ code, message }) => queueMicrotask(() => report(code, message)),
        later: (id, ms) => setTimeout(() => toEngine('due', id), ms),
        send: async (id, request) =>
          toEngine('answered', id, ...(request ? await exchange(request, {}, request.signal) : [0])),
      },
      early.answers.length,
      early.controller,
    );
  } catch {
    return fail('WASM_UNAVAILABLE', early);
  }
  const calls = datafly._q;
  datafly._q = { push: handle };
  calls.map(handle);
  // Starts it: from here on requests are sent.
  toEngine('stored');
  early.answers.map(async (answer, id) => toEngine('answered', id, ...(await answer)));

  addEventListener('storage', ({ key }) => {
    // Without a key: the page cleared everything.
    if (key == null || key == 'datafly.' + config.pipelineKey) toEngine('stored');
  });
  addEventListener('pageshow', ({ persisted }) => persisted && toEngine('stored'));
};

const isAction = ([name, argument]) => name != 'init' && !(argument && argument.call);
