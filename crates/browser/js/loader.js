// The boot script that `GET /v1/loader.js` serves, as a classic script. The server puts the pipeline's
// configuration (`v1::LoaderConfig`) in place of the one identifier that is free here.
import { isNews, stateOf } from './consent.js';
import { claim, fallBack, follow, isReset, logOut, obey, placeOf, startEarly, tellServer } from './early.js';
import { install, report, tagged } from './install.js';
import { kit } from './kit.js';

const config = __DATAFLY_CONFIG__;
const { global = 'datafly', store } = tagged();
/** @type {any} */
const there = window[global];
const datafly = there?._q?.push ? there : (window[global] = install(store));
const twin = window[placeOf(config)];

if (datafly._k) {
  if (datafly._k != config.pipelineKey) {
    report('ALREADY_INITIALISED', 'this page belongs to another pipeline: ' + datafly._k);
  }
} else if (twin) {
  follow(datafly, twin);
} else {
  const { assets } = config;
  claim(datafly, config);
  const early = startEarly(datafly, config);
  const wasm = fetch(assets + config.wasm);
  // If the module does not come, nobody else looks at this promise.
  wasm.catch(() => {});
  // Without the module there is nobody to send events; what the visitor decided must not be lost.
  const isDecision = (call) => isReset(call) || call[0] == 'consent';
  const send = (call, unloads) => {
    if (isReset(call)) return logOut(datafly, config, unloads);
    if (!isNews(config, call)) return;
    obey(datafly, config, call);
    tellServer(config, stateOf(call), unloads);
  };
  let handedOver;
  addEventListener('pagehide', () => {
    if (handedOver || !datafly._q.map) return;
    datafly._q.map((call) => send(call, true));
    datafly._q = datafly._q.filter((call) => !isDecision(call));
  });
  import(assets + config.engine)
    .then(({ connect }) => {
      handedOver = 1;
      return connect(kit, datafly, config, early, wasm);
    })
    .catch(() => fallBack(datafly, config, early, 'SDK_UNAVAILABLE', send));
}
