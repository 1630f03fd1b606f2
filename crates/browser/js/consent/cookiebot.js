// Cookiebot.
//
// https://www.cookiebot.com/en/developer/: `Cookiebot.consent.{necessary,preferences,statistics,marketing}` once
// `Cookiebot.hasResponse`, and the window's events below. The cookie `CookieConsent` is no JSON:
//   {stamp:%27…%27%2Cnecessary:true%2Cpreferences:false%2Cstatistics:true%2Cmarketing:false%2Cmethod:%27explicit%27%2C…}
// The same page, server-side usage: `-1` where nobody has to be asked (all is accepted), `0` for all refused.
// Today's script writes the first as stamp:%27-1%27 with the four names beside it.
import { answerOf, cookie, decoded, listen } from './platform.js';

const NAMES = ['necessary', 'preferences', 'statistics', 'marketing'];

/** The cookie's value, as codes; nothing if there is no answer in it. */
export const parse = (text) => {
  const plain = decoded(text);
  if (/^(-1|0)$/.test(plain)) return answerOf(NAMES.map((name) => [name, plain == '-1' || name == 'necessary']), true);
  const codes = plain.matchAll(/[{,]\s*(necessary|preferences|statistics|marketing):(true|false)\b/g);
  return answerOf([...codes].map(([, name, answer]) => [name, answer == 'true']), true);
};

export const cookiebot = {
  means: { __proto__: null, necessary: 'essential', preferences: 'functional', statistics: 'analytics', marketing: 'marketing' },
  read: () => {
    const { hasResponse, consent } = window.Cookiebot ?? {};
    if (hasResponse !== true || !consent) return parse(cookie('CookieConsent'));
    return answerOf(NAMES.map((name) => [name, consent[name] === true]), true);
  },
  follow: (changed) => listen(window, ['CookiebotOnConsentReady', 'CookiebotOnAccept', 'CookiebotOnDecline'], changed),
};
