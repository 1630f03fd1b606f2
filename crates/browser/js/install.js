// The surface of `datafly`, without anything behind it: every call is written down as it was made.
//
// Shared by the inline stub, the loader and the module, so it counts against the smallest budget.
// Contract with whoever takes over (`_` marks what is internal):
//   _q  the calls. An array until somebody replaces it by `{push}`; the array takes 1,000.
//       [name, first two arguments as JSON or undefined, timestamp, url, title, arguments, id] for actions,
//       [name, settle, timestamp, timer] for the three that wait; settling twice does nothing.
//   _t  milliseconds after which a waiting call settles by itself
//   _e  the epoch, for that case
//   _s  the pipeline key under which events and log-outs are stored as they are called, where somebody has set it
//   _k  the pipeline key of whoever took over
//
// An id sorts by the order of the calls, and becomes the event's `messageId`. A stored call is the JSON of its
// first five members; it lies in localStorage under `datafly.q.<pipeline key>.<id>` until whoever takes the
// calls over removes it.
//
// Arguments become JSON at once: the page may change its objects afterwards. They are kept as they are for
// the functions among them, which JSON leaves out (`getToken`, `use`), and for the third of an `identify`: its
// token is no matter for a storage.

/** Tells the page's listeners; their errors are theirs. */
export const tell = (name, detail) => dispatchEvent(new CustomEvent('datafly:' + name, { detail }));

/** Tells the page's listeners and the console; never throws into the page. */
export const report = (code, message) => {
  console.warn('datafly', code, message);
  tell('error', { code, message });
};

/**
 * What the running tag says. A page where no tag says anything is not asked for its elements: a browser makes 50 KB of
 * interfaces for the first one that a script touches.
 */
export const tagged = () =>
  (document.querySelector('[data-global],[data-store]') && document.currentScript?.dataset) || {};

/** Events first, then what else is recorded, with `reset` as the sixth; from the tenth on what waits. */
const CALLS = 'page track group identify init reset consent debug use flush onProfileReady refreshProfile';

export const install = (key) => {
  let last = 0;
  /** @type {any} */
  const datafly = { profile: {}, _q: [], _t: 3e3, _e: 0, _s: key };
  const record = (call) => datafly._q.length > 999 || datafly._q.push(call);
  CALLS.split(' ').map((name, i) => {
    const act = (...args) => {
      const now = Date.now();
      last = last < now ? now : last + 1;
      const id = last.toString(36) + Math.random().toString(36);
      const call = [name, , now, location.href, document.title];
      try {
        call[1] = JSON.stringify(args.slice(0, 2));
        if ((i < 4 || i == 5) && datafly._s) localStorage[`datafly.q.${datafly._s}.${id}`] = JSON.stringify(call);
      } catch {}
      // A log-out shows at once, whether or not the rest ever loads.
      if (i == 5) datafly.profile = {};
      record([...call, args, id]);
    };
    const wait = (callback) => {
      const promise = new Promise((settle) => {
        const runOut = () => settle({ reason: 'timeout', profile: datafly.profile, epoch: datafly._e });
        record([name, settle, Date.now(), setTimeout(runOut, datafly._t)]);
      });
      // What cannot even be written is left out.
      promise
        .then(callback)
        .catch((error) => report('CALLBACK_FAILED', '' + error))
        .catch(() => report('CALLBACK_FAILED', ''));
      return promise;
    };
    datafly[name] = i < 9 ? act : wait;
  });
  datafly.on = (name, listener) => addEventListener('datafly:' + name, listener);
  datafly.off = (name, listener) => removeEventListener('datafly:' + name, listener);
  datafly.onProfileChange = (callback) => {
    const listener = ({ detail }) => callback(detail.profile);
    datafly.on('profile', listener);
    return () => datafly.off('profile', listener);
  };
  return datafly;
};
