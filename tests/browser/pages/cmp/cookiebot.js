// Cookiebot as its script leaves a page: the object and its events as in https://www.cookiebot.com/en/developer/, the
// cookie as in public code. `cmp` is the visitor's hand on the banner, and `load` the script's arrival.
(() => {
  const COOKIE = 'CookieConsent';
  const NAMES = ['necessary', 'preferences', 'statistics', 'marketing'];
  const stored = () => /(?:^|; )CookieConsent=([^;]*)/.exec(document.cookie)?.[1];
  const tell = (event) => dispatchEvent(new Event('CookiebotOn' + event));
  const put = (consent) => {
    Object.assign(window.Cookiebot.consent, consent, { method: 'explicit' });
    const isAny = consent.preferences || consent.statistics || consent.marketing;
    Object.assign(window.Cookiebot, { hasResponse: true, consented: isAny, declined: !isAny });
    return isAny;
  };
  const decide = (consent) => {
    const isAny = put({ necessary: true, ...consent });
    const pairs = NAMES.map((name) => `${name}:${Cookiebot.consent[name]}`);
    const members = ['stamp:%27bWFkZSB1cCBmb3IgdGhlIHRlc3RzLCBub2JvZHkncyBvd24gc3RhbXA=%27', ...pairs, 'method:%27explicit%27', 'ver:1', `utc:${Date.now()}`, 'region:%27de%27'];
    document.cookie = `${COOKIE}={${members.join('%2C')}};path=/;max-age=31536000;secure;samesite=lax`;
    tell(isAny ? 'Accept' : 'Decline');
    tell('ConsentReady');
  };
  window.cmp = {
    load() {
      window.Cookiebot = {
        consent: { necessary: true, preferences: false, statistics: false, marketing: false, method: null },
        consented: false,
        declined: false,
        hasResponse: false,
        doNotTrack: false,
      };
      tell('Load');
      const text = stored();
      if (!text) return tell('DialogDisplay');
      const isAny = put(Object.fromEntries(NAMES.map((name) => [name, text.includes(name + ':true')])));
      tell(isAny ? 'Accept' : 'Decline');
      tell('ConsentReady');
    },
    accept: () => decide({ preferences: true, statistics: true, marketing: true }),
    reject: () => decide({ preferences: false, statistics: false, marketing: false }),
  };
})();
