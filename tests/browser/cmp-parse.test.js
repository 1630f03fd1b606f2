// What consent platforms leave in cookies and hand to callbacks, as codes. No browser.
//
// The texts have the form of the platforms' documentation and of cookies in public code; what names somebody in them is
// made up.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { parse as cookiebot } from '../../crates/browser/js/consent/cookiebot.js';
import { cookieyes as cookieyesSource, older, parse as cookieyes } from '../../crates/browser/js/consent/cookieyes.js';
import { google as googleSource, parse as google, parseState } from '../../crates/browser/js/consent/google.js';
import { gpc as gpcSource, parse as gpc } from '../../crates/browser/js/consent/gpc.js';
import { gpp as gppSource, parse as gpp } from '../../crates/browser/js/consent/gpp.js';
import { stateOf } from '../../crates/browser/js/consent/index.js';
import { onetrust as onetrustSource, parse as onetrust, parseActive } from '../../crates/browser/js/consent/onetrust.js';
import { parse as tcf, tcf as tcfSource } from '../../crates/browser/js/consent/tcf.js';
import { parse as trustarc, parseDecision } from '../../crates/browser/js/consent/trustarc.js';

/** Granted `+`, refused `-`, not answered `?`. */
const said = (codes) =>
  codes && [...codes].map(([code, answer]) => ({ true: '+', false: '-' }[answer] ?? '?') + code).sort().join(' ');

const check = (parse, cases) => cases.forEach(([input, expected]) => assert.equal(said(parse(...[input].flat())), expected, JSON.stringify(input)));

test('Cookiebot’s cookie is read as it stands there, although it is no JSON', () => {
  const stamp = 'stamp:%27bWFkZSB1cCBmb3IgdGhlIHRlc3RzLCBub2JvZHkncyBvd24gc3RhbXA=%27';
  check(cookiebot, [
    [
      `{${stamp}%2Cnecessary:true%2Cpreferences:false%2Cstatistics:true%2Cmarketing:false%2Cmethod:%27explicit%27%2Cver:1%2Cutc:1672331618201%2Cregion:%27de%27}`,
      '+necessary +statistics -marketing -preferences',
    ],
    // As older scripts wrote it.
    [
      "{stamp:'bWFkZSB1cCBhcyB3ZWxsLCBmb3IgdGhlIG9sZGVyIG9mIHR3byBmb3Jtcw=='%2Cnecessary:true%2Cpreferences:true%2Cstatistics:true%2Cmarketing:true%2Cver:1}",
      '+marketing +necessary +preferences +statistics',
    ],
    [
      '{stamp:%27-1%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:true%2Cmarketing:true%2Cmethod:%27implied%27%2Cver:1%2Cutc:1713832989422%2Cregion:%27CN%27}',
      '+marketing +necessary +preferences +statistics',
    ],
    ['-1', '+marketing +necessary +preferences +statistics'],
    ['0', '+necessary -marketing -preferences -statistics'],
    ['{stamp:%27xmarketing:true%27}', undefined],
    ['{marketing:truely}', undefined],
    ['%E0%A4%A', undefined],
    ['', undefined],
    [undefined, undefined],
  ]);
});

test('CookieYes: what was not asked for yet is no refusal', () => {
  const of = (action, functional, rest = 'analytics:no,performance:no,advertisement:no') =>
    `consentid:bWFkZSB1cA,consent:${action || 'no'},action:${action},necessary:yes,functional:${functional},${rest}`;
  check(cookieyes, [
    [of('yes', 'yes'), '+functional +necessary -advertisement -analytics -performance'],
    [encodeURIComponent(of('yes', 'no')), '+necessary -advertisement -analytics -functional -performance'],
    [of('', 'no'), '+necessary ?advertisement ?analytics ?functional ?performance'],
    // Where everything is allowed until somebody objects.
    [of('', 'yes', 'advertisement:yes'), '+advertisement +functional +necessary'],
    // Only the first colon separates, and neither is a code of anybody's.
    ['consentid:a:yes,consent:yes,action:yes', undefined],
    ['', undefined],
    [undefined, undefined],
  ]);
  const cookies = 'a=1; cky-consent=yes; cky-action=yes; cookieyes-necessary=yes; cookieyes-advertisement=no; cookieyesID=x';
  assert.equal(said(cookieyes(older(cookies))), '+necessary -advertisement');
  assert.equal(said(cookieyes(older('session=yes'))), undefined);
});

test('OneTrust’s groups come in any order, by any name, and count as refused once the visitor has acted', () => {
  const of = (groups, more = '') =>
    `isGpcEnabled=0&datestamp=Mon+Nov+23+2026+10%3A00%3A00+GMT%2B0000&version=202405.2.0&browserGpcFlag=0&isIABGlobal=false&hosts=&consentId=0&interactionCount=1&landingPath=NotLandingPage&groups=${encodeURIComponent(groups)}&geolocation=DE%3BBE${more}`;
  check(onetrust, [
    [[of('C0001:1,C0003:1,C0002:0,C0004:0'), true], '+C0001 +C0003 -C0002 -C0004'],
    [[of('C0001:1,C0003:0,C0002:0,C0004:0'), false], '+C0001 ?C0002 ?C0003 ?C0004'],
    [[of('C0001:1,C0004:1'), false], '+C0001 +C0004'],
    [[of('1:1,STACK42:0,V2STACK42:1'), true], '+1 +V2STACK42 -STACK42'],
    [[of('C0001:1,C0004:1', '&AwaitingReconsent=true'), true], '?C0001 ?C0004'],
    [[of('C0001:1,C0004:1', '&AwaitingReconsent=false'), true], '+C0001 +C0004'],
    [[of(''), true], undefined],
    [['%E0%A4%A&groups=C0001:yes', true], undefined],
    [[undefined, false], undefined],
  ]);
  assert.equal(said(parseActive(',C0001,C0002,', ['C0001', 'C0002', 'C0004'], true)), '+C0001 +C0002 -C0004');
  assert.equal(said(parseActive(',C0001,', ['C0001', 'C0004'], false)), '+C0001 ?C0004');
  assert.equal(said(parseActive(' C0001 , OWN ', [], true)), '+C0001 +OWN');
  assert.equal(said(parseActive('', ['C0001'], true)), '-C0001');
});

test('TrustArc’s cookies count from 0 or from 1, and all mean the same', () => {
  const chosen = ['+1 +2 -3', '+1 +2 +3', '+1 -2 -3'];
  const none = undefined;
  check(trustarc, [
    [['0,1:', none, none, none], chosen[0]],
    [['0|1:', none, none, none], chosen[0]],
    [['0%2C1%2C2:', none, none, none], chosen[1]],
    [['0::expressed,eu', none, none, none], chosen[2]],
    [['0,2:', none, none, none], '+1 +3 -2'],
    [[none, '2:', none, none], chosen[1]],
    [[none, '0:', none, none], chosen[2]],
    // A choice counts before what is permitted without one.
    [['0:', none, 'permit 1,2,3', none], chosen[2]],
    [[none, none, 'permit 1,2,3', 'implied,us'], chosen[1]],
    [[none, none, 'permit_1|2', 'implied%2Cna'], '+1 +2 ?3'],
    [[none, none, 'permit 1 required', 'expressed,us'], '+1 ?2 ?3'],
    [[none, none, 'permit 1,2,3', 'implied,eu'], '+1 ?2 ?3'],
    [[none, none, 'permit 1,2,3', none], '+1 ?2 ?3'],
    [[none, none, 'permit', none], undefined],
    [[none, '', none, none], undefined],
    [[none, none, none, none], undefined],
  ]);
  const map = (behaviorManager) => ({ behaviorManager, categoryCount: 3 });
  check((decision, region) => parseDecision(decision, map(region)), [
    [[{ consentDecision: [1, 2], source: 'asserted' }, 'eu'], chosen[0]],
    [[{ consentDecision: [1, 2, 3], source: 'implied' }, 'eu'], '+1 ?2 ?3'],
    [[{ consentDecision: [0], source: 'implied' }, 'us'], chosen[1]],
    [[{ consentDecision: [0], source: 'unprovisioned' }, 'moon'], '+1 ?2 ?3'],
  ]);
});

test('TCF: only two of its events are a choice, and a purpose that is missing is refused', () => {
  const none = '-P1 -P10 -P11 -P2 -P3 -P4 -P5 -P6 -P7 -P8 -P9';
  const of = (eventStatus, consents, more) => ({ eventStatus, gdprApplies: true, purpose: { consents, legitimateInterests: { 2: true } }, ...more });
  check(tcf, [
    [of('tcloaded', {}), none],
    [of('useractioncomplete', { 1: true, 8: true }), none.replace('-P1 ', '+P1 ').replace('-P8', '+P8').split(' ').sort().join(' ')],
    [of('useractioncomplete', { 1: 'true', 2: 1 }), none],
    [of('cmpuishown', { 1: true }), undefined],
    [of(undefined, { 1: true }), undefined],
    [of('tcloaded', { 1: true }, { gdprApplies: undefined }), none.replace('-P1 ', '+P1 ').split(' ').sort().join(' ')],
    [{ gdprApplies: true, eventStatus: 'tcloaded' }, none],
    [{ gdprApplies: false, tcfPolicyVersion: 4, cmpId: 10, cmpVersion: 1 }, none.replaceAll('-', '+')],
  ]);
});

test('GPP: one refusal in one section of the United States counts, once the signal is ready', () => {
  const of = (parsedSections, more) => ({ signalStatus: 'ready', applicableSections: [7], parsedSections, ...more });
  const opted = (sale, sharing, targeted) => ({ SaleOptOut: sale, SharingOptOut: sharing, TargetedAdvertisingOptOut: targeted });
  check(gpp, [
    [of({ usnat: [opted(2, 2, 2), { SubsectionType: 1, Gpc: false }] }), '+advertising'],
    [of({ usnat: [opted(2, 1, 2)] }), '-advertising'],
    [of({ usnat: [{ SaleOptOut: 2, SaleOptOutNotice: 1, SensitiveDataProcessingOptOutNotice: 1 }] }), '+advertising'],
    [of({ usnat: [opted(2, 2, 2), { SubsectionType: 1, Gpc: true }] }), '-advertising'],
    // Some CMPs have one object where the specification has a list.
    [of({ usca: { SaleOptOut: 2, SharingOptOut: 2, Gpc: false } }), '+advertising'],
    [of({ usnatv1: { SaleOptOut: 1 } }), '-advertising'],
    [of({ usnat: [opted(2, 2, 2)], usva: [opted(1)] }), '-advertising'],
    [of({ uspv1: [{ Version: 1, Notice: 'Y', OptOutSale: 'Y', LspaCovered: 'N' }] }), '-advertising'],
    [of({ uspv1: [{ Version: 1, Notice: 'Y', OptOutSale: 'N', LspaCovered: 'N' }] }), '+advertising'],
    [of({ usnat: [opted(0, 0, 0)] }), '?advertising'],
    [of({ usnat: null }), '?advertising'],
    [of({ tcfeuv2: [{}] }, { applicableSections: [2] }), ''],
    [of({}, { applicableSections: [-1] }), '+advertising'],
    [of({ usnat: [opted(2, 2, 2)] }, { applicableSections: [0] }), undefined],
    [of({ usnat: [opted(2, 2, 2)] }, { signalStatus: 'not ready' }), undefined],
    [of(undefined, { applicableSections: undefined }), undefined],
  ]);
});

test('GPC is on only if it is exactly that, and has no other opinion', () => {
  check(gpc, [[true, '-gpc'], [false, ''], [undefined, ''], ['1', ''], [1, '']]);
});

test('Consent Mode: updates win, in order; a default that denies is no refusal', () => {
  // As `gtag` pushes them.
  const gtag = function () {
    return arguments;
  };
  const initial = (state) => gtag('consent', 'default', state);
  const update = (state) => gtag('consent', 'update', state);
  const denied = { ad_storage: 'denied', analytics_storage: 'denied' };
  const granted = { ad_storage: 'granted', analytics_storage: 'granted' };
  check((...commands) => google(commands, true), [
    [[initial(denied)], undefined],
    [[initial(granted)], '+ad_storage +analytics_storage'],
    [[initial(denied), update({ analytics_storage: 'granted' })], '+analytics_storage ?ad_storage'],
    [[initial(denied), update(granted), update({ ad_storage: 'denied' })], '+analytics_storage -ad_storage'],
    [[update(denied), initial(granted)], '-ad_storage -analytics_storage'],
    // Which region this is nobody knows.
    [[initial(denied), initial({ ...granted, region: ['US'] })], undefined],
    [[initial({ ...granted, region: ['US'] }), initial({ ad_storage: 'denied' })], '+analytics_storage ?ad_storage'],
    [[update({ ad_storage: true, analytics_storage: 'yes' })], undefined],
    [[gtag('consent', 'declare', granted), gtag('consent', 'update')], undefined],
    [[], undefined],
  ]);
  const early = initial({ ...granted, wait_for_update: 500 });
  assert.equal(google([early], false), undefined);
  assert.equal(said(google([early], true)), '+ad_storage +analytics_storage');
  assert.equal(said(google([early, update(denied)], false)), '-ad_storage -analytics_storage');
  assert.equal(said(google([initial(granted)], false)), '+ad_storage +analytics_storage');
  check(parseState, [
    [{ ad_storage: { default: false, update: true }, analytics_storage: { default: true } }, '+ad_storage +analytics_storage'],
    [{ ad_storage: { default: true, update: false }, analytics_storage: { default: false } }, '-ad_storage ?analytics_storage'],
    [{ ad_storage: { default: false } }, undefined],
    [undefined, undefined],
  ]);
});

const table = (object) => new Map(Object.entries(object));
const state = (answers, owners = {}) => stateOf(answers.map(([source, codes]) => [source, table(codes)]), table(owners));

test('codes of one category are or-ed, and what was never answered is left out', () => {
  const { analytics, marketing, categories } = state([[cookieyesSource, { analytics: false, performance: true, advertisement: undefined }]]);
  assert.deepEqual([analytics, marketing], [true, undefined]);
  assert.deepEqual(categories, { analytics: false, performance: true });
  assert.deepEqual(state([[tcfSource, { P8: false, P9: undefined }]]), { categories: { P8: false } });
  assert.equal(state([[tcfSource, { P8: false, P9: false }]]).analytics, false);
  assert.deepEqual(state([[onetrustSource, { C0004: undefined }]]), {});
  // Nor is what nobody was asked about an answer.
  assert.deepEqual(state([[onetrustSource, { C0001: true, C0004: undefined }]]), {});
  assert.deepEqual(state([[onetrustSource, { C0001: true, OWN: false }]]), { categories: { C0001: true, OWN: false } });
});

test('of several sources one refusal counts', () => {
  const granted = [tcfSource, { P2: true, P8: true }];
  assert.equal(state([granted, [gpcSource, { gpc: false }]]).marketing, false);
  assert.equal(state([granted, [gpcSource, {}]]).marketing, true);
  assert.equal(state([[gppSource, { advertising: undefined }], granted]).marketing, undefined);
  assert.equal(state([granted, [gpcSource, { gpc: false }]]).analytics, true);
});

test('the owner’s table counts for the codes that it has', () => {
  const codes = { C0002: false, C0003: true, C0004: true, SOC: true };
  const owners = { C0003: 'personalization', C0004: '', SOC: 'marketing', C0002: 'essential' };
  assert.deepEqual(state([[onetrustSource, codes]], owners), {
    categories: codes,
    personalization: true,
    marketing: true,
  });
});

test('Consent Mode is handed on as it is, and is no code of a platform', () => {
  assert.deepEqual(state([[googleSource, { ad_storage: false, analytics_storage: true, security_storage: undefined }]]), {
    analytics: true,
    google: { ad_storage: 'denied', analytics_storage: 'granted' },
    marketing: false,
  });
});

test('a code may be called anything', () => {
  const codes = JSON.parse('{"__proto__": true, "constructor": true, "toString": false}');
  const owners = JSON.parse('{"__proto__": "marketing", "toString": "analytics"}');
  const said = state([[onetrustSource, codes]], owners);
  assert.deepEqual(Object.keys(said).sort(), ['analytics', 'categories', 'marketing']);
  assert.deepEqual([said.analytics, said.marketing], [false, true]);
  assert.deepEqual(Object.keys(said.categories).sort(), ['__proto__', 'constructor', 'toString']);
  assert.equal({}.analytics, undefined);
  assert.equal(Object.getPrototypeOf(said), Object.prototype);
});

test('what the server would refuse is not handed on', () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => ['C' + i, true]));
  assert.equal(Object.keys(state([[onetrustSource, many]]).categories).length, 64);
  assert.deepEqual(state([[onetrustSource, { ['C'.repeat(65)]: true, 'Gruppe Ä': true, '': true }]]), {});
});
