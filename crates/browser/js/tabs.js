// Where the browser may not always store something, the tabs tell each other what they would have stored.
//
// A new tab asks by saying nothing, and hears what the others know. Of each counter the newer one counts, of the
// consent the one that comes. What is not allowed any more is removed, also what other parts have stored.
import { counters, countersIn, keep, mayStore, recall, tailOf } from '#kit';

/** Removes all of a pipeline's from this browser: `datafly.<key>`, `datafly.q.<key>.<id>` and whatever is called so. */
const sweep = ({ pipelineKey }) => {
  try {
    for (const area of [localStorage, sessionStorage]) {
      const ours = Object.keys(area).filter((name) => /^datafly\./.test(name) && name.split('.').includes(pipelineKey));
      ours.map((name) => area.removeItem(name));
    }
  } catch {}
};

export const join = (config) => {
  const { pipelineKey, browser } = config;
  if ((browser.storage ?? 'necessary') == 'necessary') return;
  let tabs;
  config.share = (text) => {
    if (!mayStore(config)) sweep(config);
    tabs?.postMessage(text);
  };
  keep(config, recall(config));
  config.share('');
  try {
    const name = 'datafly.' + pipelineKey;
    tabs = new BroadcastChannel(name);
    tabs.onmessage = ({ data }) => {
      const known = recall(config);
      if (!data) return known && tabs.postMessage(known);
      const theirs = counters(data);
      keep(config, [...countersIn(config).map((counter, i) => Math.max(counter, theirs[i])), ...tailOf(data)].join(':'));
      if (!mayStore(config)) sweep(config);
      // As if it had been stored.
      dispatchEvent(new StorageEvent('storage', { key: name }));
    };
    tabs.postMessage('');
  } catch {}
};
