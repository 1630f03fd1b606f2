// A vendor whose attributes depend on the page: the first page is personalised by its own context, with one
// request to us and one to the vendor.
import { strict as assert } from 'node:assert';
import { accepted, event, json, to } from './harness/exchanges.js';
import { CONTEXT } from './harness/site.js';
import { until } from './harness/until.js';
import { shoot } from './harness/visitor.js';
import { gate, nothingLeaked, scenario, vendor } from './harness/world.js';
import { outcomes, settled } from './pages/notes.js';
import { VERA } from './pages/people.js';
import { init, shopPage } from './pages/shop.js';

const VIEW = { category: 'shoes', value: 120.5 };
/** What the vendor makes of Vera on that page: the brand that leads its category, and an offer for that cart. */
const HERE = { ...VERA, FavoriteBrand: 'Halden', RecommendedCategory: 'shoes', Offer: 'free-delivery' };

const page = (form, view) =>
  shopPage({
    form,
    key: CONTEXT,
    early: view ? `datafly.page('Category', ${JSON.stringify(view)}); window.ready = watch('ready');` : '',
  });
const paths = (exchanges) => to(exchanges(), '/v1/').map(({ path }) => path).filter((path) => !path.startsWith('/v1/assets'));
/** A browser that only the loader has been to, and that the vendor has seen elsewhere as Vera's. */
const arrive = async (visitor, form) => {
  const tab = await visitor.tab(page(form));
  await vendor.link(await visitor.id(), 'vera');
  await tab.reload();
  await tab.waitForFunction(() => datafly.profile.amperity?.Persona == 'Value Hunter');
  assert.deepEqual(await vendor.hits(), { 'amperity.lookup.post': 1 });
  return tab;
};
/** The profile that came with the loader. */
const inlined = (exchanges) => {
  const [{ answer }] = accepted(exchanges(), '/v1/loader');
  return JSON.parse(/"profiles":(\{.*?\}\})/.exec(answer)[1]).amperity;
};

for (const form of ['stub', 'blocking']) {
  scenario(`${form}: the first page shows what fits it`, async (visitor) => {
    const tab = await arrive(visitor, form);
    const exchanges = gate.watch();
    await tab.goto(page(form, VIEW));
    await settled(tab);
    assert.deepEqual(await tab.evaluate(() => window.datafly.profile), { amperity: HERE });
    assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'network', profile: HERE }));
    await shoot(tab, `first-page-${form}`);

    // On the wire.
    assert.deepEqual(paths(exchanges), [`/v1/loader.js?key=${CONTEXT}`, `/v1/p?key=${CONTEXT}&enrich=amperity`]);
    assert.deepEqual(inlined(exchanges), VERA, 'the plain ones are there the moment the loader runs');
    const [viewed] = accepted(exchanges(), '/v1/p');
    const { type, name, properties } = event(viewed);
    assert.deepEqual([type, name, properties], ['page', 'Category', VIEW]);
    const { handle, ...answer } = json(viewed);
    assert.deepEqual(answer, { success: true, profiles: { amperity: HERE } });
    assert.deepEqual(await vendor.hits(), { 'amperity.lookup.post': 1, 'amperity.profile': 1 });
    assert.deepEqual(await vendor.contexts(), [['cartValue', 'pageCategory']]);
  });
}

scenario('the next page shows what fits that one, and asks the vendor for nothing else', async (visitor) => {
  const tab = await arrive(visitor, 'stub');
  await tab.goto(page('stub', VIEW));
  await settled(tab);
  const exchanges = gate.watch();
  await tab.goto(page('stub', { category: 'outerwear', value: 20 }));
  await settled(tab);
  const there = { ...VERA, FavoriteBrand: 'Northfold', RecommendedCategory: 'outerwear', Offer: 'ten-off-over-100' };
  assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'network', profile: there }));
  assert.equal(paths(exchanges).length, 2);
  assert.deepEqual(await vendor.hits(), { 'amperity.lookup.post': 1, 'amperity.profile': 2 });
  await shoot(tab, 'second-page');
  // And back within two minutes: what the vendor said of it then.
  await tab.goto(page('stub', VIEW));
  await settled(tab);
  assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'network', profile: HERE }));
  assert.deepEqual(await vendor.hits(), { 'amperity.lookup.post': 1, 'amperity.profile': 2 });
});

scenario('module: without the loader nobody knows of it, and a refresh after the page event brings it', async (visitor) => {
  const tab = await arrive(visitor, 'stub');
  const script = `${init(CONTEXT)} datafly.page('Category', ${JSON.stringify(VIEW)}); window.ready = watch('ready', 'refreshProfile');`;
  const exchanges = gate.watch();
  await tab.goto(shopPage({ form: 'module', key: CONTEXT, script }));
  await settled(tab);
  assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'network', profile: HERE }));
  assert.deepEqual(to(exchanges(), '/v1/p').map(({ path }) => path), [`/v1/p?key=${CONTEXT}`]);
});

scenario('a stranger’s first page is one request to the vendor, which knows nothing', async (visitor) => {
  const exchanges = gate.watch();
  const tab = await visitor.tab(page('stub', VIEW));
  await settled(tab);
  assert.deepEqual(await outcomes(tab), Array(2).fill({ reason: 'empty', profile: {} }));
  await until(() => accepted(exchanges(), '/v1/p')[0]?.over, 'the event is taken');
  // The id came with the loader: for all we know the site has told the vendor of it.
  assert.deepEqual(await vendor.hits(), { 'amperity.lookup.post': 1 });
  assert.equal(paths(exchanges).length, 2);
});

nothingLeaked();
