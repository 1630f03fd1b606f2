// Google Consent Mode v2, whoever drives it.
//
// `gtag('consent', 'default' | 'update', {ad_storage: 'granted', …})` puts its `arguments` into `dataLayer`: entries are
// array-like, and no arrays (https://developers.google.com/tag-platform/security/guides/consent). Later ones pass by
// `dataLayer.push`. A template of the Tag Manager leaves no entry; what it set is in `google_tag_data.ics`, which is
// not documented, and so is asked only where there is no entry.
//
// A default that denies is no refusal: nobody has been asked yet. One that grants counts after its `wait_for_update`,
// and only if no other default denies the same: which region this is the page does not know.

/** The commands, as codes; nothing while nobody has answered. */
export const parse = (commands, isWaitOver) => {
  const codes = new Map();
  const updates = new Map();
  let waits = !isWaitOver;
  for (const { 1: action, 2: state } of commands) {
    if (action == 'update') waits = false;
    for (const [key, value] of Object.entries(Object(state))) {
      if (!/^(granted|denied)$/.test(value)) continue;
      if (action == 'update') updates.set(key, value == 'granted');
      if (action == 'default') codes.set(key, value == 'granted' && (!codes.has(key) || codes.get(key)) ? true : void 0);
    }
  }
  return waits && waitOf(commands) ? void 0 : settled([...codes, ...updates]);
};

/** Nothing, if nobody has answered. */
const settled = (codes) => (codes.some(([, answer]) => answer != null) ? new Map(codes) : void 0);

/** How many milliseconds a default wants to be updated in. */
const waitOf = (commands) => Math.max(0, ...commands.map((entry) => +entry[2]?.wait_for_update || 0));

/** What the tag keeps for itself. */
export const parseState = (entries) =>
  settled(
    Object.entries(Object(entries)).map(([key, { default: initial, update }]) => [
      key,
      typeof update == 'boolean' ? update : initial === true || void 0,
    ]),
  );

const commands = [];
let isWaitOver;
let layer;

export const google = {
  isGoogle: true,
  means: {
    __proto__: null,
    ad_storage: 'marketing',
    analytics_storage: 'analytics',
    functionality_storage: 'functional',
    personalization_storage: 'personalization',
  },
  read: () => (commands[0] ? parse(commands, isWaitOver) : parseState(window.google_tag_data?.ics?.entries)),
  follow: (changed) => {
    // The page may still put another one there: this goes on looking.
    if (layer == window.dataLayer || !Array.isArray(window.dataLayer)) return;
    layer = window.dataLayer;
    const { push } = layer;
    const note = (entry) => {
      if (entry?.[0] !== 'consent') return;
      // As it is now: the page may change its objects afterwards.
      const command = { 1: entry[1], 2: { ...entry[2] } };
      commands.push(command);
      const ms = waitOf([command]);
      if (ms) setTimeout(() => changed((isWaitOver = true)), ms);
    };
    layer.map(note);
    layer.push = function (...entries) {
      const length = push.apply(this, entries);
      entries.map(note);
      changed();
      return length;
    };
  },
};
