// TrustArc. Its buckets are numbered from 1 here, as in its API: 1 is what is required.
//
// API, ready when all three of `truste`, `.cma.callApi` and `.eu.bindMap` are there:
// `callApi('getGDPRConsentDecision', domain)` gives {consentDecision: [1, 2], source}, the visitor's choice if `source` is
// `asserted`. Without one, opt-out regions have all buckets and every other region the first. A choice is told by a
// `message` with `submit_preferences` (trustarc/trustarc-segment-wrapper, src/lib/trustarc-api.ts and src/index.ts).
// Cookies, of which the first two are written by a choice:
//   notice_gdpr_prefs     `0,1,2:` `0|1|2:` `0::implied,eu`: buckets from 0
//   notice_preferences    `2:`: the highest bucket, from 0
//   cmapi_cookie_privacy  `permit 1,2,3` `permit 1 required` `permit_1|2|3`: buckets from 1
//   notice_behavior       `expressed,eu` `implied,us`
// Public samples read `notice_gdpr_prefs` in either sense; the API and most of them mean what is accepted.
import { answerOf, cookie, decoded } from './platform.js';

const isOptOut = (region) => /^(us|na)$/.test(region);

/** The numbers before the first colon. */
const numbersIn = (text) => (decoded(text).split(':')[0].match(/\d+/g) ?? []).map(Number);

/** More than anybody has, so that a made-up number costs nothing. */
const MOST_BUCKETS = 20;

const upTo = (count) => Array.from({ length: Math.min(count, MOST_BUCKETS) }, (_, i) => i + 1);

const codesOf = (granted, count, hasChosen) =>
  answerOf(upTo(Math.max(count, ...granted)).map((bucket) => ['' + bucket, granted.includes(bucket)]), hasChosen);

const COOKIES = ['notice_gdpr_prefs', 'notice_preferences', 'cmapi_cookie_privacy', 'notice_behavior'];

/** Those cookies' values, as codes; nothing if there is none. */
export const parse = (prefs, highest, privacy, behavior) => {
  const list = numbersIn(prefs);
  const [top] = numbersIn(highest);
  if (list[0] != null) return codesOf(list.map((bucket) => bucket + 1), 3, true);
  if (top != null) return codesOf(upTo(top + 1), 3, true);
  const permitted = numbersIn(privacy);
  if (permitted[0] == null) return;
  // Nobody chose this: it counts only where nobody has to be asked.
  return codesOf(isOptOut(decoded(behavior).split(',')[1]) ? permitted : [1], 3, false);
};

/** What the API says, as codes. */
export const parseDecision = ({ consentDecision, source }, { behaviorManager, categoryCount }) => {
  if (source === 'asserted') return codesOf(consentDecision.map(Number), categoryCount, true);
  return codesOf(isOptOut(behaviorManager) ? upTo(categoryCount) : [1], categoryCount, false);
};

const built = () => window.truste?.cma?.callApi && window.truste.eu?.bindMap;

let isHeard;

export const trustarc = {
  means: { __proto__: null, 1: 'essential', 2: 'functional', 3: 'marketing' },
  read: () => {
    const map = built();
    if (!map) return parse(...COOKIES.map(cookie));
    return parseDecision(window.truste.cma.callApi('getGDPRConsentDecision', map.domain), map);
  },
  // Its choice may have been told before somebody heard it: this goes on looking.
  follow: (changed) => {
    const hear = ({ data }) => {
      const text = typeof data == 'string' ? data : data?.message;
      // It says so while it is still writing.
      if (/submit_preferences/.test(text)) [0, 500].map((ms) => setTimeout(changed, ms));
    };
    if (!isHeard) addEventListener('message', hear);
    isHeard = true;
  },
};
