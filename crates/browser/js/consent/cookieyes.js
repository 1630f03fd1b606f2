// CookieYes.
//
// Cookie `cookieyes-consent`, in public samples with and without percent signs:
//   consentid:…,consent:yes,action:yes,necessary:yes,functional:no,analytics:yes,performance:no,advertisement:no
// `action` is empty until the visitor has acted. Older sites have a cookie each: `cky-action`, `cookieyes-analytics`, …
// (https://www.cookieyes.com/cookies-installed-by-cookieyes-and-their-purposes/).
// `getCkyConsent()` gives {categories, isUserActionCompleted, …}, and is not there while the banner is off
// (https://www.cookieyes.com/documentation/retrieving-consent-data-using-api-getckyconsent/); the document's events are
// `cookieyes_banner_load` and `cookieyes_consent_update`, whose detail has the lists `accepted` and `rejected`.
import { answerOf, cookie, decoded, listen } from './platform.js';

/** The cookie's value, as codes; nothing if there is none. */
export const parse = (text) => {
  const plain = decoded(text);
  const pairs = plain.matchAll(/(?:^|,)(?!consent:|action:)([^:,]+):(yes|no)(?=,|$)/g);
  return answerOf([...pairs].map(([, name, answer]) => [name, answer == 'yes']), /(^|,)action:yes/.test(plain));
};

/** The cookies of older sites, as the newer one has them. */
export const older = (cookies) =>
  [...cookies.matchAll(/(?:^|; )(?:cky|cookieyes)-(\w+)=(yes|no)/g)].map(([, name, answer]) => name + ':' + answer).join();

/** What the visitor decided on this page: the event is sure to know. */
let decided;

export const cookieyes = {
  // `performance` measures too, and `advertisement` is the code for marketing.
  means: {
    __proto__: null,
    necessary: 'essential',
    functional: 'functional',
    analytics: 'analytics',
    performance: 'analytics',
    advertisement: 'marketing',
  },
  read: () => {
    if (decided) return decided;
    const { categories, isUserActionCompleted } = window.getCkyConsent?.() ?? {};
    if (!categories) return parse(cookie('cookieyes-consent') ?? older(document.cookie));
    const codes = Object.entries(categories).map(([name, answer]) => [name, answer === true]);
    return answerOf(codes, isUserActionCompleted === true);
  },
  follow: (changed) =>
    listen(document, ['cookieyes_banner_load', 'cookieyes_consent_update'], ({ detail }) => {
      const { accepted, rejected } = detail ?? {};
      const codes = accepted && rejected && [...accepted, ...rejected];
      if (codes) decided = answerOf(codes.map((name) => [name, accepted.includes(name)]), true);
      changed();
    }),
};
