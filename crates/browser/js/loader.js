// The boot script that `GET /v1/loader.js` serves, as a classic script. The server puts the pipeline's
// configuration (`v1::LoaderConfig`) in place of the one identifier that is free here.
import { claim, fallBack, startEarly } from './early.js';
import { install, report } from './install.js';

const config = __DATAFLY_CONFIG__;
const datafly = window.datafly || (window.datafly = install({}));

if (!datafly._k) {
  const { assets } = config;
  claim(datafly, config);
  const early = startEarly(datafly, config);
  const wasm = fetch(assets + config.wasm);
  // If the module does not come, nobody else looks at this promise.
  wasm.catch(() => {});
  import(assets + config.module)
    .then(({ connect }) => connect(datafly, config, early, wasm))
    .catch(() => fallBack(datafly, early, 'SDK_UNAVAILABLE', () => {}));
} else if (datafly._k != config.pipelineKey) {
  report('ALREADY_INITIALISED', 'this page belongs to another pipeline: ' + datafly._k);
}
