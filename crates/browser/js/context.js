// What an event says of the page and the browser by itself. An owner may leave each part out (`omit`).
//
// Other vendors' ids are read where those have put them, never made: not everybody who may be told of an event
// may put a cookie here. Only the `fbc` of a click that Meta's own script has not seen yet is written into the
// event, and nowhere else.
import { mayStore } from '#kit';
import { visitAt } from './visits.js';

/** As their vendors' own scripts name them, with `_` in front. */
const COOKIES = ['ga', 'fbp', 'fbc', 'ttp', 'pin_unauth', 'scid'];

/** As they stand in a landing page's address, but for Snap's. */
const CLICKS = ['gclid', 'fbclid', 'ttclid', 'epik', 'sc_click_id', 'li_fat_id'];

/** Path and query of an address that the browser itself has written. A `URL` would cost the page 14 KB of memory. */
const PARTS = /^[^/]*\/\/[^/?#]*([^?#]*)(\??[^#]*)/;

/** The context of a recorded call. One that was stored by an earlier page has no arguments any more. */
export const contextOf = (config, [, , time, url, title, args]) => {
  const [, path, search] = PARTS.exec(url) ?? [];
  const parameters = search && new URLSearchParams(search);
  /** What a part gives, unless it is left out. */
  const part = (name, give) => (config.browser.omit?.includes(name) ? {} : give());
  const given = (name) => (parameters && parameters.get(name)) || void 0;

  const vendorIds = {
    ...part('click_ids', () => clicksOf(given)),
    ...part('vendor_ids', () => (mayStore(config) ? idsIn(document.cookie, given('fbclid'), time) : {})),
  };
  return {
    page: {
      ...part('page', () => ({ url, path, search, title })),
      ...part('referrer', () => ({ referrer: args && document.referrer })),
    },
    ...part('campaign', () => ({ campaign: filled(campaignOf(given)) })),
    ...part('locale', () => ({ locale: navigator.language })),
    ...part('timezone', () => ({ timezone: Intl.DateTimeFormat().resolvedOptions().timeZone })),
    ...part('viewport', () => ({
      viewport: { width: innerWidth, height: innerHeight },
      screen: { width: screen.width, height: screen.height, density: devicePixelRatio },
    })),
    ...part('session', () => ({ session: visitAt(config, time) })),
    vendor_ids: filled(vendorIds),
  };
};

const campaignOf = (given) => ({
  id: given('utm_id'),
  source: given('utm_source'),
  medium: given('utm_medium'),
  name: given('utm_campaign'),
  term: given('utm_term'),
  content: given('utm_content'),
});

const clicksOf = (given) =>
  Object.fromEntries(CLICKS.map((name) => [name, given(name == 'sc_click_id' ? 'ScCid' : name)]));

/**
 * The ids that vendors have put into the page's cookies.
 *
 * @param {string} cookies `document.cookie`
 */
export const idsIn = (cookies, fbclid, time) => {
  const found = new Map();
  let session;
  cookies.split('; ').map((cookie) => {
    const [name, value] = cookie.split(/=(.*)/s);
    found.set(name, value);
    // `GS1.1.<session>.…` of old, `GS2.1.s<session>$…` now.
    if (/^_ga_/.test(name)) session ??= /^GS\d\.\d\.s?(\d+)/.exec(value)?.[1];
  });
  const ids = Object.fromEntries(COOKIES.map((name) => [name, found.get('_' + name)]));
  return { ...ids, ga_session_id: session, fbc: ids.fbc || (fbclid && `fb.1.${time}.${fbclid}`) };
};

/** The same, or nothing where no member has a value. */
const filled = (map) => (Object.values(map).some((value) => value) ? map : void 0);
