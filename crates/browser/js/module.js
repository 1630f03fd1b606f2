// The SDK as an ES module. Importing it does nothing yet and sets nothing global; `init` starts it.
// The loader imports it too, for `connect`.
import { claim, startEarly, timeoutOf } from './early.js';
import { getTokenOf } from './envelope.js';
import { connect } from './facade.js';
import { install, report } from './install.js';

const datafly = install({});
const record = datafly.init;

datafly.init = (options) => {
  // A second call is handled like any other.
  if (datafly._k) return record(options);
  try {
    const { pipelineKey, endpoint, enrich = {} } = options;
    const base = enrich.endpoint ?? endpoint;
    const config = {
      pipelineKey: pipelineKey.trim(),
      // Where they differ, `enrich.endpoint` is the host that holds the cookie.
      endpoint: base.replace(/\/+$/, ''),
      providers: [...new Set(enrich.providers)],
      timeoutMs: timeoutOf(enrich.timeoutMs, datafly._t),
      credentialed: false,
      context: false,
      getToken: getTokenOf(options),
    };
    claim(datafly, config);
    const early = startEarly(datafly, config);
    connect(datafly, config, early, fetch(new URL(__DATAFLY_WASM__, import.meta.url)));
  } catch {
    report('INVALID_CONFIG', 'init() takes an object with pipelineKey and endpoint');
  }
};

export { connect };
export const { init, identify, page, track, reset, consent, onProfileReady, refreshProfile } = datafly;
export default datafly;
