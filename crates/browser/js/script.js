// The SDK as a classic script for pages that keep its files themselves: sets the global, and `init` starts it. A stub
// before it may have taken calls, `init` among them.
import { install } from './install.js';
import { startable } from './start.js';

const { src, dataset } = /** @type {any} */ (document.currentScript);
const { global = 'datafly', store } = dataset;
/** @type {any} */
const there = window[global];
const datafly = there?._q?.push ? there : (window[global] = install(store));

if (!datafly._k) {
  const here = src.replace(/[^/]*$/, '');
  startable(datafly, here, ({ wasm }) => wasm ?? here + __DATAFLY_NEAR__);
  const waiting = datafly._q.find(([name]) => name == 'init');
  if (waiting) {
    datafly._q.splice(datafly._q.indexOf(waiting), 1);
    datafly.init(waiting[5][0]);
  }
}
