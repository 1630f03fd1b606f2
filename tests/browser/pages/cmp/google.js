// Consent Mode v2 as a page's own code has it (https://developers.google.com/tag-platform/security/guides/consent): the
// default first, then whoever asks the visitor updates it. `load` brings the Tag Manager, which wraps the layer's `push`.
(() => {
  const state = (value) => ({ ad_storage: value, ad_user_data: value, ad_personalization: value, analytics_storage: value });
  window.cmp = {
    /** Whatever the tag finds on the page. */
    begin() {
      window.dataLayer = window.dataLayer || [];
      window.gtag = function () {
        dataLayer.push(arguments);
      };
      gtag('consent', 'default', { ...state('denied'), wait_for_update: 500 });
    },
    load() {
      window.gtag || cmp.begin();
      const { push } = dataLayer;
      dataLayer.push = (...entries) => {
        const length = push.apply(dataLayer, entries);
        dataLayer.last = entries.at(-1);
        return length;
      };
      const chosen = /(?:^|; )own_choice=(\w+)/.exec(document.cookie)?.[1];
      if (chosen) gtag('consent', 'update', state(chosen));
    },
    decide(value) {
      document.cookie = `own_choice=${value};path=/;secure`;
      gtag('consent', 'update', state(value));
    },
    accept: () => cmp.decide('granted'),
    reject: () => cmp.decide('denied'),
  };
})();
