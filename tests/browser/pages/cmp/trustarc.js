// TrustArc as its script leaves a page: the object of trustarc/trustarc-segment-wrapper, its message, and its cookies, which
// count from 0 where the object counts from 1.
(() => {
  const stored = () => /(?:^|; )notice_gdpr_prefs=([^;]*)/.exec(document.cookie)?.[1];
  const decide = (buckets) => {
    postMessage(JSON.stringify({ source: 'preference_manager', message: 'submit_preferences', data: buckets.join() }), '*');
    const write = (name, value) => (document.cookie = `${name}=${value};path=/;max-age=31536000;secure;samesite=lax`);
    // Its frame writes them after it has told the page.
    setTimeout(() => {
      write('notice_preferences', Math.max(...buckets) - 1 + ':');
      write('notice_gdpr_prefs', buckets.map((bucket) => bucket - 1).join() + ':');
      write('cmapi_cookie_privacy', encodeURIComponent('permit ' + buckets.join()));
    }, 100);
  };
  window.truste = {};
  window.cmp = {
    load() {
      document.cookie = 'notice_behavior=expressed,eu;path=/;secure;samesite=lax';
      window.truste.eu = { bindMap: { behaviorManager: 'eu', behavior: 'expressed', categoryCount: 3, domain: 'shop.test' } };
      window.truste.cma = {
        callApi: (name, domain) => {
          if (name != 'getGDPRConsentDecision' || domain != 'shop.test') throw new Error('not asked so');
          const buckets = stored()?.match(/\d+/g)?.map((bucket) => +bucket + 1);
          return buckets ? { consentDecision: buckets, source: 'asserted' } : { consentDecision: [0], source: 'implied' };
        },
      };
    },
    accept: () => decide([1, 2, 3]),
    reject: () => decide([1]),
  };
})();
