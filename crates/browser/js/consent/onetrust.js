// OneTrust.
//
// `OnetrustActiveGroups` is a text such as `,C0001,C0002,`; `OneTrust` is there before it is built, which is when it has
// the three methods asked for below; the window's event `OneTrustGroupsUpdated` comes on every load and change
// (https://developer.onetrust.com/onetrust/docs/javascript-events-guide; segmentio/analytics-next,
// packages/consent/consent-wrapper-onetrust/src/lib/onetrust-api.ts).
// Cookie `OptanonConsent`: a query string with `groups=C0001%3A1%2CC0002%3A0`, in any order; `OptanonAlertBoxClosed`
// is there only after the visitor has acted. Codes are the site's own to change: `C0002`, `2`, `STACK42`, …
import { answerOf, cookie, listen } from './platform.js';

/** The cookie's value, as codes; nothing if there is none. */
export const parse = (text, hasActed) => {
  const fields = new URLSearchParams(text);
  const groups = (fields.get('groups') ?? '').matchAll(/([^,]+):([01])(?=,|$)/g);
  // It is about to ask again: what it was told before counts no more.
  const isOver = fields.get('AwaitingReconsent') == 'true';
  return answerOf([...groups].map(([, id, answer]) => [id, answer == '1' && !isOver]), hasActed && !isOver);
};

/** What is active, of what there is. */
export const parseActive = (active, groups, hasActed) => {
  const ids = active.split(',').map((id) => id.trim()).filter(Boolean);
  return answerOf([...groups, ...ids].map((id) => [id, ids.includes(id)]), hasActed);
};

/** The platform once it is built, with what is active. */
const built = () => {
  const { OneTrust: api, OnetrustActiveGroups: active } = window;
  return typeof active == 'string' && api?.OnConsentChanged && api.GetDomainData && api.IsAlertBoxClosed && [api, active];
};

export const onetrust = {
  means: { __proto__: null, C0001: 'essential', C0002: 'analytics', C0003: 'functional', C0004: 'marketing' },
  read: () => {
    const [api, active] = built() || [];
    if (!api) return parse(cookie('OptanonConsent'), !!cookie('OptanonAlertBoxClosed'));
    const groups = api.GetDomainData().Groups?.map(({ CustomGroupId: id }) => String(id).trim()) ?? [];
    return parseActive(active, groups, api.IsAlertBoxClosed() === true);
  },
  follow: (changed) => listen(window, ['OneTrustGroupsUpdated', 'OTConsentApplied'], changed),
};
