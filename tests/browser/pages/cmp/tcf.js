// An IAB TCF 2.2 CMP: the stub that queues calls, then the CMP that answers them and tells each listener of each event
// (TCFv2/IAB Tech Lab - CMP API v2.md). Where it keeps the choice is its own affair.
(() => {
  const queue = [];
  const listeners = new Map();
  const PURPOSES = Array.from({ length: 11 }, (_, i) => i + 1);
  const stored = () => /(?:^|; )euconsent-v2=([^;]*)/.exec(document.cookie)?.[1];
  let eventStatus;
  const data = (listenerId) => ({
    tcString: stored() ?? '',
    tcfPolicyVersion: 4,
    cmpId: 10,
    cmpVersion: 1,
    gdprApplies: true,
    eventStatus,
    cmpStatus: 'loaded',
    listenerId,
    purpose: {
      consents: Object.fromEntries(stored() == 'all' ? PURPOSES.map((id) => [id, true]) : []),
      legitimateInterests: Object.fromEntries(PURPOSES.slice(1).map((id) => [id, true])),
    },
    vendor: { consents: {}, legitimateInterests: {} },
  });
  const tell = (status) => {
    eventStatus = status;
    listeners.forEach((callback, id) => callback(data(id), true));
  };
  const answer = (command, version, callback, parameter) => {
    if (command == 'ping') return callback({ gdprApplies: true, cmpLoaded: true, cmpStatus: 'loaded', apiVersion: '2.2' }, true);
    if (command == 'removeEventListener') return callback(listeners.delete(parameter), true);
    if (command != 'addEventListener' || version != 2) return callback(null, false);
    const id = listeners.size + 1;
    listeners.set(id, callback);
    callback(data(id), true);
  };
  const decide = (choice) => {
    document.cookie = `euconsent-v2=${choice};path=/;max-age=31536000;secure;samesite=lax`;
    tell('useractioncomplete');
  };
  window.cmp = {
    begin() {
      window.__tcfapi = (...call) => (call[0] == 'ping' ? call[2]({ cmpLoaded: false, cmpStatus: 'stub', apiVersion: '2.2' }, true) : queue.push(call));
    },
    load() {
      eventStatus = stored() ? 'tcloaded' : 'cmpuishown';
      window.__tcfapi = answer;
      queue.splice(0).map((call) => answer(...call));
    },
    /** The visitor opens the banner once more. */
    reopen: () => tell('cmpuishown'),
    accept: () => decide('all'),
    reject: () => decide('none'),
  };
})();
