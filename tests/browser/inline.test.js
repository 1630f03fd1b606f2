// A profile that comes with the loader is there the moment it runs; only what is missing is asked for.
import { strict as assert } from 'node:assert';
import { accepted, to } from './harness/exchanges.js';
import { LOADER, loaderWith, says } from './harness/fakes.js';
import { hang, status } from './harness/faults.js';
import { READY_MS, REQUIRED } from './harness/site.js';
import { until } from './harness/until.js';
import { gate, scenario } from './harness/world.js';
import { outcomes, settled } from './pages/notes.js';
import { VERA } from './pages/people.js';
import { shopPage } from './pages/shop.js';

const ENRICH = /^\/v1\/enrich/;
const WASM = /\.wasm$/;
const WAIT = "window.ready = watch('ready');";
const NOTES = "window.atOnce = structuredClone(datafly.profile); window.ready = watch('ready');";
const INLINED = { credentialed: true, profiles: { amperity: VERA } };
const TWO = { credentialed: true, providers: ['amperity', 'other'], profiles: { amperity: VERA } };

const shop = (form, early = form == 'blocking' ? NOTES : WAIT) => shopPage({ form, key: REQUIRED, early });

for (const form of ['stub', 'blocking']) {
  scenario.everywhere(`${form}: an inlined profile needs neither a request nor the engine`, async (visitor) => {
    gate.fault(LOADER, loaderWith(INLINED));
    const wasm = gate.fault(WASM, hang());
    const exchanges = gate.watch();
    const tab = await visitor.tab(shop(form), { waitUntil: 'domcontentloaded' });
    await settled(tab);
    const vera = { reason: 'inline', profile: VERA };
    assert.deepEqual(await outcomes(tab), [vera, vera]);
    if (form == 'blocking') assert.deepEqual(await tab.evaluate(() => atOnce), { amperity: VERA }, 'when it has run');
    const later = await tab.evaluate(() => datafly.onProfileReady());
    assert.deepEqual([later.reason, later.profile], ['inline', { amperity: VERA }]);
    assert((await tab.evaluate(() => seen.settled)).every(({ ms }) => ms < READY_MS / 2));
    assert.deepEqual(await tab.evaluate(() => seen.swaps.length), 1);
    assert.deepEqual(to(exchanges(), '/v1/enrich'), []);
    await until(() => wasm.met, 'the engine is under way');
  });

  scenario(`${form}: nor does the engine ask again, until it is told to`, async (visitor) => {
    gate.fault(LOADER, loaderWith(INLINED));
    const exchanges = gate.watch();
    const tab = await visitor.tab(shop(form));
    await settled(tab);
    // What the engine has answered by itself.
    await tab.evaluate(() => datafly.track('Seen'));
    await until(() => accepted(exchanges(), '/v1/t')[0]?.over, 'the engine is there');
    assert.equal(await tab.evaluate(async () => (await datafly.onProfileReady()).reason), 'inline');
    assert.deepEqual(to(exchanges(), '/v1/enrich'), []);
    const fresh = { Persona: 'Fresh' };
    gate.fault(ENRICH, says({ provider: 'amperity', attributes: fresh }));
    const outcome = await tab.evaluate(() => datafly.refreshProfile());
    assert.deepEqual([outcome.reason, outcome.profile], ['network', { amperity: fresh }]);
    assert.match(to(exchanges(), '/v1/enrich')[0].path, /refresh=1/);
  });
}

scenario('a visitor without attributes is known to have none', async (visitor) => {
  gate.fault(LOADER, loaderWith({ credentialed: true, profiles: { amperity: {} } }));
  const exchanges = gate.watch();
  const tab = await visitor.tab(shop('stub'));
  await settled(tab);
  assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'empty', profile: {} }));
  await tab.evaluate(() => datafly.track('Seen'));
  await until(() => accepted(exchanges(), '/v1/t')[0]?.over, 'the engine is there');
  assert.deepEqual(to(exchanges(), '/v1/enrich'), []);
});

scenario('a provider that is missing is asked, and it alone', async (visitor) => {
  gate.fault(LOADER, loaderWith(TWO));
  gate.fault(ENRICH, says({ provider: 'other', attributes: { Segment: 'a' } }));
  const exchanges = gate.watch();
  const tab = await visitor.tab(shop('stub'));
  await settled(tab);
  assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: VERA, other: { Segment: 'a' } });
  assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'network', profile: VERA }));
  await tab.evaluate(() => datafly.track('Seen'));
  await until(() => accepted(exchanges(), '/v1/t')[0]?.over, 'the engine is there');
  assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: VERA, other: { Segment: 'a' } });
  assert.deepEqual(to(exchanges(), '/v1/enrich').map(({ path }) => path.includes('provider=other')), [true]);
});

scenario('what was inlined is not lost where the missing one fails', async (visitor) => {
  visitor.expectConsole(/datafly ENRICH_FAILED no usable answer for: other/, /status of 500/);
  gate.fault(LOADER, loaderWith(TWO));
  gate.fault(ENRICH, status(500));
  const tab = await visitor.tab(shop('stub'));
  await settled(tab);
  await tab.waitForFunction(() => seen.errors.includes('ENRICH_FAILED'));
  assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: VERA });
  assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'inline', profile: VERA }));
});

scenario('nor is anybody kept from it while the missing one is waited for', async (visitor) => {
  visitor.expectConsole(/datafly ENRICH_FAILED/, /Failed to load resource/);
  gate.fault(LOADER, loaderWith(TWO));
  const hangs = gate.fault(ENRICH, hang());
  const tab = await visitor.tab(shop('blocking', NOTES), { waitUntil: 'domcontentloaded' });
  assert.deepEqual(await tab.evaluate(() => atOnce), { amperity: VERA });
  await settled(tab);
  assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'timeout', profile: VERA }));
  assert.equal(hangs.met, 1);
});

for (const [what, early] of [
  ['a log-out is not confirmed', `localStorage['datafly.${REQUIRED}'] = '3:1:0';`],
  ['somebody was named since', "datafly.identify('user-123');"],
]) {
  scenario(`a profile that is out of date when it arrives is not shown: ${what}`, async (visitor) => {
    gate.fault(LOADER, loaderWith(INLINED));
    const exchanges = gate.watch();
    const tab = await visitor.tab(shop('stub', early + WAIT));
    await settled(tab);
    assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'empty', profile: {} }));
    assert(await tab.evaluate(() => seen.swaps.every(({ profile }) => !profile.amperity?.Persona)));
    const posted = exchanges().findIndex(({ method }) => method == 'POST');
    const asked = exchanges().findIndex(({ path }) => path.startsWith('/v1/enrich'));
    assert(posted >= 0 && posted < asked, 'it is asked for once the server knows');
  });
}

scenario('names that are more than names stay names', async (visitor) => {
  const hostile = '"credentialed":true,"profiles":{"amperity":{"Persona":"a","__proto__":{"polluted":1}},"__proto__":{"polluted":1}}';
  gate.fault(LOADER, loaderWith(hostile));
  const tab = await visitor.tab(shop('stub'));
  await settled(tab);
  assert.deepEqual(
    await tab.evaluate(() => [({}).polluted, datafly.profile.polluted, datafly.profile.amperity.polluted]),
    [undefined, undefined, undefined],
  );
  assert.deepEqual(await tab.evaluate(() => Object.entries(datafly.profile.amperity)), [['Persona', 'a']]);
});
