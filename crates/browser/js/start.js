// `init`: what a page without the loader configures.
import { claim, follow, placeOf, startEarly, timeoutOf } from './early.js';
import { getTokenOf } from './envelope.js';
import { connect } from './facade.js';
import { report } from './install.js';

/**
 * Gives an instance an `init` that starts it.
 *
 * @param {string} here the URL that the SDK's files lie beside
 * @param {(options: any) => any} near where the wasm should be
 */
export const startable = (datafly, here, near) => {
  const record = datafly.init;
  datafly.version = __DATAFLY_VERSION__;
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
        assets: here,
        providers: [...new Set(enrich.providers)],
        timeoutMs: timeoutOf(enrich.timeoutMs, datafly._t),
        credentialed: false,
        context: false,
        getToken: getTokenOf(options),
        browser: { session: true, ...options, omit: [...(options.omit ?? [])] },
        chunks: __DATAFLY_CHUNKS__,
      };
      const twin = window[placeOf(config)];
      if (twin) {
        follow(datafly, twin);
        return record(options);
      }
      claim(datafly, config);
      if (global) publish(datafly, global);
      const early = startEarly(datafly, config);
      connect(datafly, config, early, wasmFrom(near(options), `${config.endpoint}/v1/assets/${__DATAFLY_WASM__}`));
    } catch {
      report('INVALID_CONFIG', 'init() takes an object with pipelineKey and endpoint');
    }
  };
  return datafly;
};

/** The wasm from where it should be, or else from the server: not every build takes it along. */
const wasmFrom = async (near, far) => {
  const response = await fetch(near).catch(() => {});
  const type = response && response.ok && response.headers.get('content-type');
  return /^application\/wasm/.test(type || '') ? response : fetch(far);
};

/** Puts the SDK where the page wants it; what a stub has there is followed up, what is another's stays. */
const publish = (datafly, name) => {
  const there = /** @type {any} */ (window[name]);
  if (!there?._q?.push) window[name] = datafly;
  else if (!there._k) follow(there, datafly);
};
