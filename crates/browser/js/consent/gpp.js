// IAB GPP: what the privacy laws of the United States let a visitor refuse, as one code, `advertising`.
//
// `__gpp('addEventListener', (event, success) => …)`: `event.pingData` counts once its `signalStatus` is `ready`; a parsed
// section is a list of its parts, with some CMPs one object (InteractiveAdvertisingBureau/Global-Privacy-Platform,
// Core/CMP API Specification.md, Sections/US-National). `SaleOptOut`, `SharingOptOut` and
// `TargetedAdvertisingOptOut` are 0 not applicable, 1 opted out, 2 did not; the older `uspv1` has `OptOutSale` Y, N or -;
// a part may be `Gpc`. One refusal in one section counts. European sections are the TCF's, which is a source of its own.

/** Not their notices, which end in another word. */
const FIELD = /OptOut(Sale)?$/;

/** What the CMP says, as codes; nothing if that is not settled. */
export const parse = ({ signalStatus, applicableSections, parsedSections }) => {
  if (signalStatus != 'ready' || !applicableSections?.length || applicableSections.includes(0)) return;
  if (applicableSections.includes(-1)) return new Map([['advertising', true]]);
  const sections = Object.entries(parsedSections ?? {}).filter(([name]) => /^us/.test(name));
  if (!sections[0]) return new Map();
  const parts = sections.flatMap(([, parts]) => parts ?? []);
  const fields = parts.flatMap((part) => Object.entries(part));
  const answers = fields.flatMap(([name, answer]) => (FIELD.test(name) ? [answer] : []));
  const isRefused = answers.some((answer) => /^(1|Y)$/.test(answer)) || parts.some(({ Gpc }) => Gpc == true);
  const isGranted = answers.some((answer) => /^(2|N)$/.test(answer));
  return new Map([['advertising', isRefused ? false : isGranted || void 0]]);
};

let chosen;

export const gpp = {
  means: { __proto__: null, advertising: 'marketing' },
  read: () => chosen,
  follow: (changed) => {
    window.__gpp?.('addEventListener', (event, success) => {
      if (success && event?.pingData) chosen = parse(event.pingData) ?? chosen;
      changed();
    });
    return window.__gpp;
  },
};
