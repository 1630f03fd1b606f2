// OneTrust as its script leaves a page: the texts, object, events and cookies of
// https://developer.onetrust.com/onetrust/docs/javascript-events-guide and of public code. The object is there before it is
// built, as on real pages.
(() => {
  const GROUPS = ['C0001', 'C0002', 'C0003', 'C0004'];
  const has = (name) => document.cookie.includes(name + '=');
  let active = ['C0001'];
  const write = () => {
    const groups = GROUPS.toReversed().map((id) => `${id}:${+active.includes(id)}`);
    const fields = new URLSearchParams({
      isGpcEnabled: '0',
      datestamp: 'Mon Nov 23 2026 10:00:00 GMT+0000',
      version: '202405.2.0',
      hosts: '',
      interactionCount: '1',
      landingPath: 'NotLandingPage',
      groups: groups.join(),
      AwaitingReconsent: 'false',
    });
    document.cookie = `OptanonConsent=${fields};path=/;max-age=31536000;secure;samesite=lax`;
    window.OnetrustActiveGroups = `,${active.join()},`;
  };
  const tell = () => dispatchEvent(new CustomEvent('OneTrustGroupsUpdated', { detail: active }));
  const decide = (groups) => {
    active = groups;
    document.cookie = `OptanonAlertBoxClosed=${new Date().toISOString()};path=/;max-age=31536000;secure;samesite=lax`;
    write();
    tell();
  };
  window.OneTrust = { geolocationResponse: { countryCode: 'DE' } };
  window.cmp = {
    load() {
      const groups = new URLSearchParams(/(?:^|; )OptanonConsent=([^;]*)/.exec(document.cookie)?.[1]).get('groups');
      if (groups) active = GROUPS.filter((id) => groups.includes(id + ':1'));
      write();
      Object.assign(window.OneTrust, {
        IsAlertBoxClosed: () => has('OptanonAlertBoxClosed'),
        OnConsentChanged: (callback) => addEventListener('OneTrustGroupsUpdated', callback),
        GetDomainData: () => ({
          ShowAlertNotice: true,
          ConsentModel: { Name: 'opt-in' },
          Groups: GROUPS.map((id) => ({ CustomGroupId: id + ' ' })),
        }),
      });
      tell();
    },
    choose: decide,
    accept: () => decide(GROUPS),
    reject: () => decide(GROUPS.slice(0, 1)),
  };
})();
