// What a visitor allows reaches the server, and takes the profile away at once where it is needed for one.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { denies, stateOf } from '../../crates/browser/js/consent.js';
import { accepted, pathsOf, to } from './harness/exchanges.js';
import { LOADER, loaderWith, saysLater } from './harness/fakes.js';
import { down, hang } from './harness/faults.js';
import { REQUIRED } from './harness/site.js';
import { until } from './harness/until.js';
import { gate, scenario } from './harness/world.js';
import { VERA, assertTold, pageEvent } from './pages/people.js';
import { FORMS, init, shopPage } from './pages/shop.js';

const CONSENT = /^\/v1\/consent/;
const MODULE = /^\/v1\/assets\/.*\.js$/;
const SUCCESS = { success: true };
const NEEDED = { credentialed: true, profiles: { amperity: VERA }, consent: ['personalization'] };
const ALL = { analytics: true, personalization: true, categories: { C0001: true }, google: { ad_storage: 'granted' } };

const isVera = (tab) => tab.waitForFunction(() => datafly.profile.amperity?.Persona == 'Value Hunter');

for (const form of FORMS) {
  scenario.everywhere(`${form}: a consent goes as it is, in its turn, and the profile is asked for anew`, async (visitor) => {
    const tab = await visitor.tab(shopPage({ form, key: REQUIRED, script: init(REQUIRED) }));
    await pageEvent(tab);
    const exchanges = gate.watch();
    await tab.evaluate((state) => {
      datafly.track('Before');
      datafly.consent(state);
      datafly.track('After');
    }, ALL);
    await until(() => accepted(exchanges(), '/v1/t').length == 2, 'all is taken');
    await until(() => accepted(exchanges(), '/v1/enrich')[0]?.over, 'the profile is asked for');
    const sent = exchanges().filter(({ method }) => method == 'POST');
    assert.deepEqual(pathsOf(sent), ['/v1/t', '/v1/consent', '/v1/t']);
    assert.deepEqual(JSON.parse(sent[1].body), ALL);
    assert.match(sent[1].headers['content-type'], /^text\/plain/);
    assert.match(sent[1].path, new RegExp('key=' + REQUIRED));
    const met = pathsOf(exchanges());
    assert(met.indexOf('/v1/consent') < met.indexOf('/v1/enrich'), 'after the server knows');
    const { epoch } = await tab.evaluate(() => datafly.onProfileReady());
    assert.equal(epoch, 1);
  });
}

scenario('a consent without the category that profiles need empties the profile before anything is sent', async (visitor) => {
  gate.fault(LOADER, loaderWith(NEEDED));
  const { fault, release } = saysLater(SUCCESS);
  gate.fault(CONSENT, fault);
  const tab = await visitor.tab(shopPage({ form: 'stub', key: REQUIRED, script: init(REQUIRED) }));
  await isVera(tab);
  await pageEvent(tab);
  const exchanges = gate.watch();
  const left = await tab.evaluate(() => (datafly.consent({ personalization: false }), datafly.profile));
  assert.equal(left.amperity, undefined);
  await until(() => to(exchanges(), '/v1/consent')[0], 'it is sent');
  await tab.evaluate(() => void watch('after'));
  assert.deepEqual(to(exchanges(), '/v1/enrich'), [], 'the server does not know yet');
  release();
  await tab.waitForFunction(() => seen.settled.length == 2);
  assert.deepEqual(await tab.evaluate(() => seen.settled[0].profile), { amperity: {} }, 'what the server gives now');
});

scenario('a consent with it leaves the profile where it is', async (visitor) => {
  gate.fault(LOADER, loaderWith(NEEDED));
  const tab = await visitor.tab(shopPage({ form: 'stub', key: REQUIRED, script: init(REQUIRED) }));
  await isVera(tab);
  await pageEvent(tab);
  const left = await tab.evaluate((state) => (datafly.consent(state), datafly.profile), ALL);
  assert.deepEqual(left, { amperity: VERA });
});

for (const [what, fault] of [['is late', hang()], ['does not come', down()]]) {
  scenario(`where the module ${what} a denial empties the profile all the same`, async (visitor) => {
    visitor.expectConsole(/SDK_UNAVAILABLE/, /Failed to load/);
    gate.fault(LOADER, loaderWith(NEEDED));
    gate.fault(MODULE, fault);
    const url = shopPage({ form: 'stub', key: REQUIRED, script: init(REQUIRED) });
    const tab = await visitor.tab(url, { waitUntil: 'domcontentloaded' });
    await isVera(tab);
    if (what == 'does not come') await tab.waitForFunction(() => seen.errors.includes('SDK_UNAVAILABLE'));
    const exchanges = gate.watch();
    await tab.evaluate(() => datafly.consent({ personalization: false }));
    await tab.waitForFunction(() => !datafly.profile.amperity);
    if (what == 'is late') await tab.goto('about:blank');
    const sent = await until(() => to(exchanges(), '/v1/consent')[0], 'the server is told');
    assert.deepEqual(JSON.parse(sent.body), { personalization: false });
  });
}

scenario('what is no state is reported and not sent', async (visitor) => {
  visitor.expectConsole(/datafly INVALID_CONSENT/);
  const tab = await visitor.tab(shopPage({ form: 'stub', key: REQUIRED, script: init(REQUIRED) }));
  const exchanges = gate.watch();
  await tab.evaluate(() => [undefined, true, 'all', ['analytics']].map((state) => datafly.consent(state)));
  await pageEvent(tab);
  assert.deepEqual(to(exchanges(), '/v1/consent'), []);
  await assertTold(tab, Array(4).fill('INVALID_CONSENT'));
});

test('a category is granted as the server grants it', () => {
  const grants = (category, state) => grantsAll(category && [category], state);
  const grantsAll = (consent, state) => !denies({ consent }, stateOf(['consent', JSON.stringify([state])]));
  const state = { analytics: true, marketing: false, C0002: true, categories: { C0001: true, C0004: false, marketing: true, functional: true } };
  for (const category of ['analytics', 'C0001', 'functional', 'essential', undefined]) assert(grants(category, state), category);
  for (const category of ['marketing', 'personalization', 'C0002', 'C0003', 'C0004', 'categories', 'constructor']) {
    assert(!grants(category, state), category);
  }
  assert(grantsAll(['analytics', 'C0001', 'essential'], state) && !grantsAll(['analytics', 'C0004'], state));
});
