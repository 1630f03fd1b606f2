// Between the recorded calls and the engine.
import start, { Engine } from '#glue';
import { exchange, fallBack, outcome, swap } from './early.js';
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
  const send = (call) => {
    const event = call && call[0] != 'init' && toEnvelope(call);
    if (event) held.push(event);
    const key = '?key=' + encodeURIComponent(config.pipelineKey);
    held = held.filter(([kind, body]) => !navigator.sendBeacon(config.endpoint + pathOf(kind) + key, body));
  };

  const fail = (code, known) => {
    engine = 0;
    fallBack(datafly, known, code, send);
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
        } else if (options.enrich?.timeoutMs) {
          datafly._t = options.enrich.timeoutMs;
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
      datafly._q.map((call) => isAction(call) && send(call));
      datafly._q = datafly._q.filter((call) => !isAction(call));
    } else send();
  });

  try {
    await start({ module_or_path: wasm });
    engine = new Engine(
      config,
      {
        swap: (profile, epoch) => swap(datafly, profile, epoch),
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

  addEventListener('storage', ({ key }) => key == 'datafly.' + config.pipelineKey && toEngine('stored'));
  addEventListener('pageshow', ({ persisted }) => persisted && toEngine('stored'));
};

const isAction = ([name, argument]) => name != 'init' && !(argument && argument.call);
