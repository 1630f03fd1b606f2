// IAB TCF 2.2: purposes as `P1` to `P11`, by consent alone; a legitimate interest is none.
//
// `__tcfapi('addEventListener', 2, (tcData, success) => …)`; only `tcloaded` and `useractioncomplete` hold what the visitor
// chose, and a purpose that is missing is refused. Where the GDPR does not apply nobody is asked, and the other fields
// are missing (InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework, TCFv2/IAB Tech Lab - CMP API v2.md).
// Where a CMP stores the string is its own affair, so there is no cookie to read.

const PURPOSES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

/** What the CMP says, as codes; nothing if that is no choice. */
export const parse = ({ gdprApplies, eventStatus, purpose }) => {
  const isFree = gdprApplies === false;
  if (!isFree && !/^(tcloaded|useractioncomplete)$/.test(eventStatus)) return;
  return new Map(PURPOSES.map((id) => ['P' + id, isFree || purpose?.consents?.[id] === true]));
};

let chosen;

export const tcf = {
  means: {
    __proto__: null,
    P1: 'essential',
    P2: 'marketing',
    P3: 'marketing',
    P4: 'marketing',
    P5: 'functional',
    P7: 'marketing',
    P8: 'analytics',
    P9: 'analytics',
  },
  read: () => chosen,
  follow: (changed) => {
    window.__tcfapi?.('addEventListener', 2, (tcData, success) => {
      if (success && tcData) chosen = parse(tcData) ?? chosen;
      changed();
    });
    return window.__tcfapi;
  },
};
