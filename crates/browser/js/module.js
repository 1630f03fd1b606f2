// The SDK as an ES module. Importing it does nothing yet and sets nothing global; `init` starts it.
import { claim, follow, placeOf, startEarly, timeoutOf } from './early.js';
import { getTokenOf } from './envelope.js';
import { connect } from './facade.js';
import { install, report } from './install.js';

const datafly = install();
const record = datafly.init;

datafly.init = (options) => {
  // A second call is handled like any other.
  if (datafly._k) return record(options);
  try {
    const { pipelineKey, endpoint, enrich = {}, global } = options;
    const base = enrich.endpoint ?? endpoint;
    const config = {
      pipelineKey: pipelineKey.trim(),
      // Where they differ, `enrich.endpoint` is the host that holds the cookie.
      endpoint: base.replace(/\/+$/, ''),
      assets: new URL('.', import.meta.url).href,
      providers: [...new Set(enrich.providers)],
      timeoutMs: timeoutOf(enrich.timeoutMs, datafly._t),
      credentialed: false,
      context: false,
      getToken: getTokenOf(options),
      browser: { session: true, ...options },
      chunks: __DATAFLY_CHUNKS__,
    };
    const twin = window[placeOf(config)];
    if (twin) {
      follow(datafly, twin);
      return record(options);
    }
    claim(datafly, config);
    if (global) publish(global);
    const early = startEarly(datafly, config);
    connect(datafly, config, early, fetch(new URL(__DATAFLY_WASM__, import.meta.url)));
  } catch {
    report('INVALID_CONFIG', 'init() takes an object with pipelineKey and endpoint');
  }
};

/** Puts the SDK where the page wants it; what a stub has there is followed up, what is another's stays. */
const publish = (name) => {
  const there = /** @type {any} */ (window[name]);
  if (!there?._q?.push) window[name] = datafly;
  else if (!there._k) follow(there, datafly);
};

export const version = __DATAFLY_VERSION__;
datafly.version = version;
export const {
  init, identify, page, track, group, reset, consent, flush, onProfileReady, onProfileChange, refreshProfile,
  on, off, use, debug,
} = datafly;
export default datafly;
