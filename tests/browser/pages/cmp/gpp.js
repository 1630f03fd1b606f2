// An IAB GPP CMP in the United States: the stub that queues calls, then the CMP, which is "not ready" while its visitor
// decides (Core/CMP API Specification.md). Parsed sections are lists of their parts.
(() => {
  const queue = [];
  const listeners = new Map();
  const stored = () => /(?:^|; )own_gpp=(\d)/.exec(document.cookie)?.[1];
  let signalStatus = 'not ready';
  const pingData = () => ({
    gppVersion: '1.1',
    cmpStatus: 'loaded',
    cmpDisplayStatus: 'hidden',
    signalStatus,
    supportedAPIs: ['7:usnat'],
    cmpId: 10,
    sectionList: [7],
    applicableSections: [7],
    gppString: '',
    parsedSections: {
      usnat: [
        { Version: 1, SaleOptOut: +(stored() ?? 2), SharingOptOut: +(stored() ?? 2), TargetedAdvertisingOptOut: +(stored() ?? 2) },
        { SubsectionType: 1, Gpc: false },
      ],
    },
  });
  const tell = (eventName, data) => listeners.forEach((callback, listenerId) => callback({ eventName, listenerId, data, pingData: pingData() }, true));
  const settle = (status) => tell('signalStatus', (signalStatus = status));
  const answer = (command, callback) => {
    if (command == 'ping') return callback(pingData(), true);
    if (command != 'addEventListener') return callback(null, false);
    const listenerId = listeners.size + 1;
    listeners.set(listenerId, callback);
    callback({ eventName: 'listenerRegistered', listenerId, data: true, pingData: pingData() }, true);
  };
  const decide = (optOut) => {
    settle('not ready');
    document.cookie = `own_gpp=${optOut};path=/;secure;samesite=lax`;
    tell('sectionChange', 'usnat');
    settle('ready');
  };
  window.cmp = {
    begin() {
      window.__gpp = (...call) => void queue.push(call);
    },
    load() {
      window.__gpp = answer;
      queue.splice(0).map((call) => answer(...call));
      // A visitor who has been here.
      if (stored()) settle('ready');
    },
    accept: () => decide(2),
    reject: () => decide(1),
  };
})();
