// Loads what renders declarative elements (declare/) where a page has some, or its owner says that it will.
import { chunk } from './chunk.js';
import { SELECTOR } from './declare/kinds.js';

export const declared = (datafly, config) => {
  const look = () => {
    const wanted = config.browser.declare || document.querySelector(SELECTOR);
    if (wanted) chunk(config, 'declare').then((part) => part?.personalise(datafly));
    return wanted;
  };
  // The parser may not have come to any yet.
  if (!look() && document.readyState == 'loading') addEventListener('DOMContentLoaded', look);
};
