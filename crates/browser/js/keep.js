// Writes what the tab's next page will know of its visitor (remembered.js).
import { isNobody, mayStore } from '#kit';

/** Takes what the page was told of its profile, or drops what was known where that is nothing. */
export const keepProfile = (config, { profile, epoch }) => {
  try {
    const known = Object.entries(profile).filter(([, attributes]) => Object.keys(attributes)[0]);
    const key = 'datafly.' + config.pipelineKey;
    const may = known[0] && config.browser.session && !config.context && !isNobody(config) && mayStore(config);
    if (may) sessionStorage[key] = JSON.stringify([epoch, config.handle, Date.now(), Object.fromEntries(known)]);
    else sessionStorage.removeItem(key);
  } catch {}
};
