// Where profiles depend on the page, the answer to the page event brings them: one request.
import { strict as assert } from 'node:assert';
import { to } from './harness/exchanges.js';
import { LOADER, loaderWith, says, saysLater } from './harness/fakes.js';
import { REQUIRED } from './harness/site.js';
import { until } from './harness/until.js';
import { gate, scenario } from './harness/world.js';
import { outcomes, settled } from './pages/notes.js';
import { VERA } from './pages/people.js';
import { shopPage } from './pages/shop.js';

const PAGE = /^\/v1\/p\?/;
const PAGE_THEN_WAIT = "datafly.page('Home'); window.ready = watch('ready');";
const INLINED = { credentialed: true, context: true, profiles: { amperity: VERA } };
const HERE = { Persona: 'Value Hunter', Page: 'boots' };

const shop = (early = PAGE_THEN_WAIT) => shopPage({ form: 'stub', key: REQUIRED, early });

scenario('the page event brings the profile, and whoever waits waits for it', async (visitor) => {
  gate.fault(LOADER, loaderWith(INLINED));
  const { fault, release } = saysLater({ success: true, profiles: { amperity: HERE } });
  gate.fault(PAGE, fault);
  const exchanges = gate.watch();
  const tab = await visitor.tab(shop(), { waitUntil: 'domcontentloaded' });
  await until(() => to(exchanges(), '/v1/p')[0], 'it is sent');
  assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: VERA }, 'the plain one is there');
  assert.deepEqual(await outcomes(tab), []);
  release();
  await settled(tab);
  assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'network', profile: HERE }));
  const query = new URL(to(exchanges(), '/v1/p')[0].path, 'https://x').searchParams;
  assert.deepEqual([query.get('key'), query.get('enrich')], [REQUIRED, 'amperity']);
  assert.deepEqual(to(exchanges(), '/v1/enrich'), [], 'one request');
});

scenario('an answer without a profile leaves what is known', async (visitor) => {
  gate.fault(LOADER, loaderWith(INLINED));
  gate.fault(PAGE, says({ success: true }));
  const exchanges = gate.watch();
  const tab = await visitor.tab(shop());
  await settled(tab);
  assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'inline', profile: VERA }));
  assert.deepEqual(to(exchanges(), '/v1/enrich'), []);
});

scenario('where nothing is known and the answer has no profile, it is asked for', async (visitor) => {
  gate.fault(LOADER, loaderWith({ credentialed: true, context: true }));
  gate.fault(PAGE, says({ success: true }));
  const exchanges = gate.watch();
  const tab = await visitor.tab(shop());
  await settled(tab);
  assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'empty', profile: {} }));
  assert.equal(to(exchanges(), '/v1/enrich').length, 1);
});

scenario('the profile of a page event from before an identify does not count', async (visitor) => {
  gate.fault(LOADER, loaderWith(INLINED));
  gate.fault(PAGE, says({ success: true, profiles: { amperity: HERE } }));
  const exchanges = gate.watch();
  const tab = await visitor.tab(shop("datafly.page('Home'); datafly.identify('user-123'); window.ready = watch('ready');"));
  await settled(tab);
  assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'empty', profile: {} }));
  assert.deepEqual(to(exchanges(), '/v1/p').map(({ path }) => path.includes('enrich=')), [false]);
});

scenario('without the option a page event asks for nothing', async (visitor) => {
  gate.fault(LOADER, loaderWith({ credentialed: true, profiles: { amperity: VERA } }));
  const exchanges = gate.watch();
  const tab = await visitor.tab(shop());
  await settled(tab);
  assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'inline', profile: VERA }));
  await until(() => to(exchanges(), '/v1/p')[0]?.over, 'it is sent');
  assert(!to(exchanges(), '/v1/p')[0].path.includes('enrich='));
});
