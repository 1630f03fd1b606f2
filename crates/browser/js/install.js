// The surface of `datafly`, without anything behind it: every call is written down as it was made.
//
// Shared by the inline stub, the loader and the module, so it counts against the smallest budget.
// Contract with whoever takes over (`_` marks what is internal):
//   _q  the calls. An array until somebody replaces it by `{push}`.
//       [name, argumentsAsJson or undefined, timestamp, url, title, arguments] for actions,
//       [name, settle, timestamp] for the two that wait; settling twice does nothing.
//   _t  milliseconds after which a waiting call settles by itself
//   _e  the epoch, for that case
//
// Arguments become JSON at once: the page may change its objects afterwards. They are kept as they are for
// the functions among them only (`getToken`), which JSON leaves out.

/** Tells the page's listeners and the console; never throws into the page. */
export const report = (code, message) => {
  console.warn('datafly', code, message);
  dispatchEvent(new CustomEvent('datafly:error', { detail: { code, message } }));
};

export const install = (datafly) => {
  datafly.profile = {};
  datafly._q = [];
  datafly._t = 3e3;
  datafly._e = 0;
  ['init', 'identify', 'page', 'track', 'reset', 'consent'].map((name) => {
    datafly[name] = (...args) => {
      let json;
      try {
        json = JSON.stringify(args);
      } catch {}
      // A log-out shows at once, whether or not the rest ever loads.
      if (name == 'reset') datafly.profile = {};
      datafly._q.push([name, json, Date.now(), location.href, document.title, args]);
    };
  });
  ['onProfileReady', 'refreshProfile'].map((name) => {
    datafly[name] = (callback) => {
      const promise = new Promise((settle) => {
        const began = performance.now();
        // Looks again when it runs out: `_t` may have grown meanwhile.
        const wait = () => {
          const rest = began + datafly._t - performance.now();
          if (rest > 0) setTimeout(wait, rest);
          else settle({ profile: datafly.profile, reason: 'timeout', epoch: datafly._e });
        };
        wait();
        datafly._q.push([name, settle, Date.now()]);
      });
      promise.then(callback).catch((error) => {
        let text = '';
        try {
          text = String(error);
        } catch {}
        report('CALLBACK_FAILED', text);
      });
      return promise;
    };
  });
  return datafly;
};
