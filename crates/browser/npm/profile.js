// What the adapters share: the visitor's profile as a value that changes, for a framework to follow.
//
// Contract: `{ profile, ready }` is replaced, never changed. `first` is what a server renders with, and what the
// browser's first rendering must be where it takes that over, whatever the SDK knows by then; `now()` is what the
// SDK shows, from the moment on that it shows anything. `ready` says that the profile is known, or that waiting for it
// has ended. On a server nothing is followed, and where there is no SDK nothing changes; nothing throws.

/** What the site's own server has written into the page, if anything. */
const written = () => {
  try {
    return JSON.parse(document.getElementById('datafly-profile').textContent).profiles;
  } catch {}
};

/**
 * @param {object} [options]
 * @param {any} [options.datafly] the SDK; the install snippet's where absent
 * @param {any} [options.profiles] what the page is rendered with: on a server that of the answer to
 *   `POST /v1/bootstrap`, in a browser, where absent, what the server has written
 */
export const sourceOf = ({ datafly = globalThis.datafly, profiles = written() } = {}) => {
  const first = { profile: profiles ?? {}, ready: !!profiles };
  let state = first;
  /** Whether the SDK has shown anything, or said that there is nothing to show. */
  let hasSpoken = false;
  const now = () => {
    const { profile } = datafly ?? state;
    hasSpoken ||= !!datafly && Object.keys(profile).length > 0;
    if (hasSpoken && !(state.ready && state.profile == profile)) state = { profile, ready: true };
    return state;
  };
  const follow = (tell) => {
    if (typeof document == 'undefined') return () => {};
    let follows = true;
    const changed = () => {
      hasSpoken = true;
      if (follows) tell();
    };
    addEventListener('datafly:profile', changed);
    datafly?.onProfileReady(changed);
    return () => {
      follows = false;
      removeEventListener('datafly:profile', changed);
    };
  };
  return { first, now, follow };
};
