// Where the browser may not always store something, the tabs tell each other what they would have stored.
//
// A new tab asks by saying nothing, and hears what the others know. Of each counter the newer one counts, of the
// consent the one that comes. What is not allowed any more is removed, also what other parts have stored.
/** Removes all of a pipeline's from this browser: `datafly.<key>`, `datafly.q.<key>.<id>` and whatever is called so. */
const sweep = ({ pipelineKey }) => {
  try {
    for (const area of [localStorage, sessionStorage]) {
      const ours = Object.keys(area).filter((name) => /^datafly\./.test(name) && name.split('.').includes(pipelineKey));
      ours.map((name) => area.removeItem(name));
    }
  } catch {}
};

/** @param kit how the SDK keeps what it would store (shared.js) */
export const join = (config, { counters, keep, mayStore, recall, tailOf }) => {
  const clean = () => mayStore(config) || sweep(config);
  const settle = (text) => {
    keep(config, text);
    clean();
  };
  settle(recall(config));
  try {
    const name = 'datafly.' + config.pipelineKey;
    const tabs = new BroadcastChannel(name);
    config.share = (text) => {
      clean();
      tabs.postMessage(text);
    };
    tabs.onmessage = ({ data }) => {
      const known = recall(config);
      if (!data) return known && tabs.postMessage(known);
      const theirs = counters(data);
      settle([...counters(known).map((counter, i) => Math.max(counter, theirs[i])), ...tailOf(data)].join(':'));
      // As if it had been stored.
      dispatchEvent(new StorageEvent('storage', { key: name }));
    };
    tabs.postMessage('');
  } catch {}
};
