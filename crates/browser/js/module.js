// The SDK as an ES module. Importing it does nothing yet and sets nothing global; `init` starts it.
import { install } from './install.js';
import { startable } from './start.js';

const here = import.meta.url.replace(/[^/]*$/, '');

// Bundlers look for exactly this.
const datafly = startable(install(), here, ({ wasm }) => wasm ?? new URL(__DATAFLY_NEAR__, import.meta.url));

export const { version } = datafly;
export const {
  init, identify, page, track, group, reset, consent, flush, onProfileReady, onProfileChange, refreshProfile,
  on, off, use, debug,
} = datafly;
export default datafly;
