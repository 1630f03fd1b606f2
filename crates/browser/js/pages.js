// Page views that are said by themselves: of the page that was loaded, of each address that it goes to without
// loading (path or query), and of a page that comes back from the back/forward cache. A page that says one itself
// in the same breath says it instead.

/** @param {any} datafly */
export const followPages = (datafly, config) => {
  /** Whether the page has said the view of this address itself. */
  let said = datafly._q.some(([name]) => name == 'page');
  config.onPage = () => (said = true);
  const say = () => said || datafly.page();
  // A page that is rendered before anybody looks at it is seen later, or never.
  if (/** @type {any} */ (document).prerendering) document.addEventListener('prerenderingchange', say, { once: true });
  else {
    queueMicrotask(() => {
      said ||= datafly._q.map && datafly._q.some(([name]) => name == 'page');
      say();
    });
  }

  const address = () => location.pathname + location.search;
  let last = address();
  const look = () => {
    if (address() == last) return;
    last = address();
    said = false;
    // The page has until then to say it itself, and to write its title.
    setTimeout(say);
  };
  // An element of that name has no current entry.
  if (window.navigation?.currentEntry) navigation.addEventListener('currententrychange', look);
  else {
    for (const name of ['pushState', 'replaceState']) {
      const original = history[name];
      history[name] = function (...args) {
        original.apply(this, args);
        look();
      };
    }
    addEventListener('popstate', look);
  }
  addEventListener('pageshow', ({ persisted }) => persisted && datafly.page());
};
