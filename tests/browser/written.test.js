// A profile that the shop's own server has written into the page is there without a request.
import { strict as assert } from 'node:assert';
import { accepted, to } from './harness/exchanges.js';
import { bareLoader, LOADER, loaderWith } from './harness/fakes.js';
import { REQUIRED } from './harness/site.js';
import { until } from './harness/until.js';
import { gate, scenario } from './harness/world.js';
import { outcomes, settled } from './pages/notes.js';
import { VERA } from './pages/people.js';
import { FORMS, init, shopPage } from './pages/shop.js';

const WRITTEN = JSON.stringify({ profiles: { amperity: VERA } });
const WAIT = "window.ready = watch('ready');";

const shop = (form, { written = WRITTEN, early = '' } = {}) =>
  shopPage({ form, key: REQUIRED, written, early: early + WAIT, script: init(REQUIRED) });

for (const form of FORMS) {
  scenario(`${form}: it is there, and nothing is asked for`, async (visitor) => {
    gate.fault(LOADER, bareLoader());
    const exchanges = gate.watch();
    const tab = await visitor.tab(shop(form));
    await settled(tab);
    assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'inline', profile: VERA }));
    await tab.evaluate(() => datafly.track('Seen'));
    await until(() => accepted(exchanges(), '/v1/t')[0]?.over, 'the engine is there');
    assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: VERA });
    assert.deepEqual(to(exchanges(), '/v1/enrich'), []);
  });
}

scenario('who is new to the loader may be known to the shop', async (visitor) => {
  gate.fault(LOADER, loaderWith({ credentialed: true, profiles: { amperity: {} } }));
  const tab = await visitor.tab(shop('stub'));
  await settled(tab);
  assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'inline', profile: VERA }));
});

for (const [what, early] of [
  ['a log-out is not confirmed', `localStorage['datafly.${REQUIRED}'] = '3:1:0';`],
  ['the visitor has denied it', `localStorage['datafly.${REQUIRED}'] = '1:0:0:1:1:h:{"personalization":false}';`],
]) {
  scenario(`it is not shown where ${what}`, async (visitor) => {
    gate.fault(LOADER, loaderWith({ credentialed: true, consent: ['personalization'] }));
    const tab = await visitor.tab(shop('stub', { early }));
    await settled(tab);
    assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'empty', profile: {} }));
    assert(await tab.evaluate(() => seen.swaps.every(({ profile }) => !profile.amperity?.Persona)));
  });
}

for (const written of ['{', 'null', '7', '{"profiles":null}', '{"profiles":{"amperity":[]}}', '{"profiles":"Vera"}']) {
  scenario(`what is no profile is asked for: ${written}`, async (visitor) => {
    const exchanges = gate.watch();
    const tab = await visitor.tab(shop('module', { written }));
    await settled(tab);
    assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'empty', profile: {} }));
    assert.equal(accepted(exchanges(), '/v1/enrich').length, 1);
  });
}
