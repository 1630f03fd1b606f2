// CookieYes as its script leaves a page: https://www.cookieyes.com/documentation/ (getCkyConsent, events), and its cookie.
(() => {
  const NAMES = ['necessary', 'functional', 'analytics', 'performance', 'advertisement'];
  const answers = new Map(NAMES.map((name) => [name, name == 'necessary']));
  let hasActed = false;
  const write = () => {
    const pairs = [...answers].map(([name, answer]) => `${name}:${answer ? 'yes' : 'no'}`);
    const fields = ['consentid:bWFkZSB1cA', `consent:${hasActed ? 'yes' : 'no'}`, `action:${hasActed ? 'yes' : ''}`, ...pairs];
    document.cookie = `cookieyes-consent=${fields.join(',')};path=/;max-age=31536000;secure;samesite=strict`;
  };
  const told = () => ({
    activeLaw: 'gdpr',
    categories: Object.fromEntries(answers),
    isUserActionCompleted: hasActed,
    consentID: 'bWFkZSB1cA',
    languageCode: 'en',
  });
  const decide = (isGranted) => {
    const [accepted, rejected] = isGranted ? [NAMES, []] : [NAMES.slice(0, 1), NAMES.slice(1)];
    // The event comes before the page is told otherwise.
    document.dispatchEvent(new CustomEvent('cookieyes_consent_update', { detail: { accepted, rejected } }));
    hasActed = true;
    NAMES.map((name) => answers.set(name, accepted.includes(name)));
    write();
  };
  window.cmp = {
    load() {
      const stored = /(?:^|; )cookieyes-consent=([^;]*)/.exec(document.cookie)?.[1] ?? '';
      hasActed = stored.includes('action:yes');
      NAMES.map((name) => answers.set(name, name == 'necessary' || stored.includes(name + ':yes')));
      write();
      window.getCkyConsent = told;
      document.dispatchEvent(new CustomEvent('cookieyes_banner_load', { detail: told() }));
    },
    accept: () => decide(true),
    reject: () => decide(false),
  };
})();
