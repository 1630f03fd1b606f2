// A server that looks nobody up without consent: what a visitor said holds, from page to page, until it is
// taken back; and what is taken back is never lost.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { agree, isInForce, isOpen, meet, say, stateOf } from '../../crates/browser/js/consent.js';
import { accepted, json, pathsOf, to } from './harness/exchanges.js';
import { status } from './harness/faults.js';
import { ASKING, SITE } from './harness/site.js';
import { until } from './harness/until.js';
import { shoot } from './harness/visitor.js';
import { gate, nothingLeaked, scenario, vendor } from './harness/world.js';
import { settled } from './pages/notes.js';
import { VERA, becomeKnown, pageEvent } from './pages/people.js';
import { ELSEWHERE, FORMS, init, shopPage } from './pages/shop.js';

const CONSENT = /^\/v1\/consent/;
const WAIT = "window.ready = watch('ready');";
const ALLOWS = { analytics: false, personalization: true, categories: { C0004: true, C0001: true } };
/** The same to the server: in another order, with what only the platform knows. */
const SAME = { categories: { C0001: true, C0004: true }, vendor: 'X', at: 12, personalization: true, analytics: false };
const DENIES = { personalization: false };

const page = (form, { early = '', script = '' } = {}) =>
  shopPage({ form, key: ASKING, early: early + WAIT, script: init(ASKING) + script });
const isVera = (tab) => tab.waitForFunction(() => datafly.profile.amperity?.Persona == 'Value Hunter');
const paths = (exchanges) => pathsOf(to(exchanges(), '/v1/'));
const consents = (exchanges) => to(exchanges(), '/v1/consent').map(({ body, status }) => [JSON.parse(body), status]);

/** Vera's browser, whose visitor has said what it allows. */
const agreed = async (visitor, url, state = ALLOWS) => {
  const tab = await becomeKnown(visitor, url, 'vera');
  await tab.evaluate((state) => datafly.consent(state), state);
  await isVera(tab);
  return tab;
};

const assertNeverVera = async (tab) => {
  const { settled, swaps } = await tab.evaluate(() => seen);
  const shown = [...settled, ...swaps].map(({ profile }) => profile.amperity ?? {});
  assert(shown.every((attributes) => Object.keys(attributes).length == 0), JSON.stringify(shown));
};

for (const form of FORMS) {
  scenario(`${form}: nobody is looked up before it is allowed, nor after it no longer is`, async (visitor) => {
    const url = page(form);
    const tab = await becomeKnown(visitor, url, 'vera');
    await tab.goto(url);
    await settled(tab);
    await assertNeverVera(tab);
    assert.deepEqual(await vendor.hits(), {});
    await shoot(tab, `consent-not-given-${form}`);

    const exchanges = gate.watch();
    await tab.evaluate((state) => datafly.consent(state), ALLOWS);
    await isVera(tab);
    assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: VERA });
    assert.deepEqual(consents(exchanges), [[ALLOWS, 200]]);
    assert.deepEqual(await vendor.hits(), { 'amperity.lookup.post': 1 });
    await shoot(tab, `consent-given-${form}`);

    const left = await tab.evaluate((state) => (datafly.consent(state), datafly.profile), DENIES);
    if (form != 'module') assert.equal(left.amperity, undefined, 'at once');
    const { reason, profile } = await tab.evaluate(() => datafly.refreshProfile());
    assert.deepEqual([reason, profile], ['empty', { amperity: {} }]);
    assert.deepEqual(consents(exchanges), [[ALLOWS, 200], [DENIES, 200]]);
    assert.deepEqual(await vendor.hits(), { 'amperity.lookup.post': 1 });
    await shoot(tab, `consent-withdrawn-${form}`);
  });

  scenario(`${form}: what is in force already starts no epoch and sends nothing, on this page and the next`, async (visitor) => {
    const tab = await agreed(visitor, page(form));
    const { epoch } = await tab.evaluate(() => datafly.onProfileReady());
    assert.equal(epoch, 1);
    const hits = await vendor.hits();
    const exchanges = gate.watch();
    await tab.evaluate((state) => datafly.consent(state), SAME);
    assert.equal((await tab.evaluate(() => datafly.onProfileReady())).epoch, epoch);
    await pageEvent(tab);
    assert.deepEqual(paths(exchanges), ['/v1/p']);

    // As consent platforms do: on every page, as early as they can.
    const again = `datafly.consent(${JSON.stringify(SAME)});`;
    const next = form == 'module' ? page(form, { script: again }) : page(form, { early: again });
    const there = gate.watch();
    await tab.goto(next);
    await settled(tab);
    await pageEvent(tab);
    const first = form == 'module' ? { reason: 'network', request: '/v1/enrich' } : { reason: 'inline', request: '/v1/loader.js' };
    const outcomes = await tab.evaluate(() => seen.settled.map(({ reason, epoch, profile }) => ({ reason, epoch, profile })));
    assert.deepEqual(outcomes, Array(2).fill({ reason: first.reason, epoch, profile: { amperity: VERA } }));
    assert.deepEqual(paths(there).filter((path) => !path.startsWith('/v1/assets')), [first.request, '/v1/p']);
    assert.deepEqual(await vendor.hits(), hits);
  });
}

scenario('the same state twice in one tick is said once', async (visitor) => {
  const tab = await becomeKnown(visitor, page('stub'), 'vera');
  const exchanges = gate.watch();
  await tab.evaluate(([state, same]) => [state, same, state].map(datafly.consent), [ALLOWS, SAME]);
  await isVera(tab);
  await pageEvent(tab);
  assert.deepEqual(consents(exchanges), [[ALLOWS, 200]]);
  assert.deepEqual(paths(exchanges), ['/v1/consent', '/v1/enrich', '/v1/p']);
});

scenario('where storage is denied a page remembers what it said, and that it was taken', async (visitor) => {
  const denied = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError'); } });";
  const tab = await agreed(visitor, page('stub', { early: denied }));
  const exchanges = gate.watch();
  await tab.evaluate((state) => datafly.consent(state), SAME);
  await pageEvent(tab);
  assert.deepEqual(paths(exchanges), ['/v1/p']);
  await tab.evaluate((state) => datafly.consent(state), DENIES);
  const { reason, epoch, profile } = await tab.evaluate(() => datafly.onProfileReady());
  assert.deepEqual([reason, epoch, profile], ['empty', 2, { amperity: {} }]);
  assert.deepEqual(consents(exchanges), [[DENIES, 200]]);
});

scenario('another tab knows what is in force, and what is not any more', async (visitor) => {
  const url = page('stub');
  const tab = await agreed(visitor, url);
  const other = await visitor.tab(url);
  await isVera(other);
  const exchanges = gate.watch();
  await other.evaluate((state) => datafly.consent(state), SAME);
  await pageEvent(other);
  assert.deepEqual(paths(exchanges), ['/v1/p']);
  await other.evaluate((state) => datafly.consent(state), DENIES);
  await tab.waitForFunction(() => !datafly.profile.amperity?.Persona);
  await until(() => accepted(exchanges(), '/v1/consent')[0]?.over, 'the server is told');
  await tab.evaluate((state) => datafly.consent(state), ALLOWS);
  await isVera(tab);
  assert.deepEqual(consents(exchanges), [[DENIES, 200], [ALLOWS, 200]]);
});

scenario('whoever comes after a log-out has said nothing yet', async (visitor) => {
  const tab = await agreed(visitor, page('stub'));
  const exchanges = gate.watch();
  await tab.evaluate((state) => (datafly.reset(), datafly.consent(state), datafly.onProfileReady()), ALLOWS);
  await until(() => accepted(exchanges(), '/v1/consent')[0]?.over, 'the server is told');
  assert.deepEqual(paths(exchanges).slice(0, 2), ['/v1/reset', '/v1/consent']);
});

scenario('nor has a visitor whom the server does not know any more', async (visitor) => {
  const tab = await agreed(visitor, page('stub'));
  await visitor.forgetCookies();
  const exchanges = gate.watch();
  await tab.goto(page('stub', { early: `datafly.consent(${JSON.stringify(ALLOWS)});` }));
  await until(() => accepted(exchanges(), '/v1/consent')[0]?.over, 'it is said again');
  assert.deepEqual(consents(exchanges), [[ALLOWS, 200]]);
});

for (const form of FORMS) {
  scenario(`${form}: a denial that the page could not get through is sent by the next one, before anything is shown`, async (visitor) => {
    visitor.expectConsole(/datafly EVENTS_DELAYED/, /Failed to load resource/);
    const url = page(form);
    const tab = await agreed(visitor, url);
    const hits = await vendor.hits();
    const lost = gate.fault(CONSENT, status(503));
    const elsewhere = gate.put(SITE, ELSEWHERE);
    await Promise.all([
      tab.waitForURL(elsewhere),
      tab.evaluate(([state, url]) => {
        datafly.consent(state);
        location.href = url;
      }, [DENIES, elsewhere]),
    ]);
    await until(() => lost.met, 'it was sent, and not taken');
    await tab.evaluate(() => fetch(location.href));
    gate.clear();

    const exchanges = gate.watch();
    await tab.goto(url);
    await settled(tab);
    assert.deepEqual(consents(exchanges), [[DENIES, 200]]);
    const asked = paths(exchanges).filter((path) => /consent|enrich/.test(path));
    assert.deepEqual(asked, ['/v1/consent', '/v1/enrich']);
    assert.deepEqual(to(exchanges(), '/v1/enrich').map(json).map(({ attributes }) => attributes), [{}]);
    await assertNeverVera(tab);
    assert.deepEqual(await vendor.hits(), hits, 'nobody is looked up');
    await shoot(tab, `consent-withdrawn-on-the-page-before-${form}`);

    const after = gate.watch();
    await tab.goto(url);
    await settled(tab);
    await assertNeverVera(tab);
    assert.deepEqual(consents(after), [], 'it is known to have arrived');
    assert.deepEqual(await vendor.hits(), hits);
  });
}

scenario('a state that the server refuses is said no second time by itself', async (visitor) => {
  visitor.expectConsole(/datafly INVALID_CONSENT/, /status of 400/);
  const url = page('stub');
  const tab = await becomeKnown(visitor, url, 'vera');
  const exchanges = gate.watch();
  await tab.evaluate(() => datafly.consent({ personalization: 'no' }));
  await tab.waitForFunction(() => seen.errors.includes('INVALID_CONSENT'));
  await tab.goto(url);
  await settled(tab);
  await pageEvent(tab);
  assert.deepEqual(consents(exchanges), [[{ personalization: 'no' }, 400]]);
  await assertNeverVera(tab);
});

test('what is in force is what was confirmed last and said last', () => {
  // Without `localStorage`, as where it is denied.
  const config = { pipelineKey: 'k' };
  say(config, 'A');
  assert(isInForce(config, 'A') && isOpen(config.stored), 'on its way');
  agree(config, 'A', 'visitor');
  const nextPage = () => ({ pipelineKey: 'k', stored: config.stored });
  assert(isInForce(nextPage(), 'A') && !isOpen(config.stored));
  assert(!isInForce(nextPage(), 'B'));
  // Of another tab, sent before and confirmed after.
  agree(config, 'B', 'visitor');
  assert(!isInForce(nextPage(), 'A') && isOpen(config.stored), 'nobody knows');
  agree(config, 'A', 'visitor');
  meet(config, 'visitor');
  assert(isInForce(nextPage(), 'A'));
  meet(config, 'somebody else');
  assert(!isInForce(nextPage(), 'A') && !isOpen(config.stored));
});

test('a state has one spelling, of what the server reads', () => {
  const spelt = (state) => stateOf(['consent', JSON.stringify([state])]);
  assert.equal(spelt(SAME), spelt(ALLOWS));
  assert.deepEqual(JSON.parse(spelt(SAME)), ALLOWS);
  assert.deepEqual(JSON.parse(spelt({ google: { ad_storage: 'denied' } })), { google: { ad_storage: 'denied' } });
  for (const other of [DENIES, {}, { ...ALLOWS, analytics: true }, { ...ALLOWS, categories: { C0001: true } }]) {
    assert.notEqual(spelt(other), spelt(ALLOWS));
  }
  for (const none of [undefined, true, 'all', ['analytics']]) assert.equal(spelt(none), undefined);
});

nothingLeaked();
