// What the loader imports: the module without what the loader has brought already.
import { connect as start } from './facade.js';
import { lend } from './lent.js';

export const connect = (kit, datafly, config, early, wasm) => {
  lend(kit);
  return start(datafly, config, early, wasm);
};
