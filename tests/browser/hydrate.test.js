// The vendor's example does what it says: a known visitor's hero swaps, a stranger's does not.
import { strict as assert } from 'node:assert';
import { accepted, json, to } from './harness/exchanges.js';
import { LOADER, bareLoader } from './harness/fakes.js';
import { ALLOWED, REQUIRED } from './harness/site.js';
import { shoot } from './harness/visitor.js';
import { gate, nothingLeaked, scenario, vendor } from './harness/world.js';
import { VERA, becomeKnown } from './pages/people.js';
import { snippet } from './pages/seed.js';
import { FORMS, shopPage } from './pages/shop.js';

/** What an answer says, besides naming the visitor. */
const contentOf = (exchange) => {
  const { handle, ...content } = json(exchange);
  assert.match(handle, /^t\.[\w-]{43}$/);
  return content;
};

for (const form of FORMS) {
  const page = () =>
    shopPage({ form, key: REQUIRED, early: "window.ready = watch('ready');", script: snippet(REQUIRED) });

  scenario(`${form}: a first touch is empty, and asks the vendor of no id that was made for it`, async (visitor) => {
    gate.fault(LOADER, bareLoader());
    const exchanges = gate.watch();
    const tab = await visitor.tab(page());
    await tab.waitForFunction(() => seen.settled.length == 2);
    const settled = await tab.evaluate(() => seen.settled);
    assert.deepEqual(settled.map(({ how, reason }) => [how, reason]), [['callback', 'empty'], ['promise', 'empty']]);
    const answers = to(exchanges(), '/v1/enrich');
    assert.deepEqual(answers.map(({ status }) => status), [200], 'one request, one answer');
    assert.deepEqual(contentOf(answers[0]), { provider: 'amperity', attributes: {} });
    assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: {} });
    assert.equal(await tab.evaluate(() => hero.dataset.variant), undefined);
    await shoot(tab, `first-touch-${form}`);
    // An id that is minted in this request is never looked up. The loader mints it before the enrich, for
    // which it is then an id like any other: the vendor could know it from the site's own backend.
    assert.deepEqual(await vendor.hits(), form == 'module' ? {} : { 'amperity.lookup.post': 1 });
  });

  scenario.everywhere(`${form}: a visitor the vendor knows gets the promo hero`, async (visitor) => {
    const url = page();
    const tab = await becomeKnown(visitor, url, 'vera');
    gate.fault(LOADER, bareLoader());
    const exchanges = gate.watch();
    await tab.goto(url);
    await tab.waitForSelector('#hero[data-variant=promo]');
    await tab.waitForFunction(() => seen.settled.length == 2);
    const answers = accepted(exchanges(), '/v1/enrich');
    assert.deepEqual(answers.map(contentOf), [{ provider: 'amperity', attributes: VERA }]);
    assert.deepEqual(Object.keys(VERA).sort(), [...ALLOWED].sort(), 'nothing but what is allowed');
    assert.deepEqual(await tab.evaluate(() => window.datafly.profile.amperity), VERA);
    const settled = await tab.evaluate(() => seen.settled);
    assert.deepEqual(
      settled.map(({ how, reason, profile }) => [how, reason, profile]),
      [['callback', 'network', { amperity: VERA }], ['promise', 'network', { amperity: VERA }]],
    );
    assert.deepEqual(await vendor.hits(), { 'amperity.lookup.post': 1 });
    assert.deepEqual(await vendor.lookUps(), ['device_cookie']);
    await shoot(tab, `promo-${form}`);
  });
}

for (const form of ['stub', 'blocking']) {
  scenario(`${form}: a visitor whom the server can name in time gets it with the loader`, async (visitor) => {
    const url = shopPage({ form, key: REQUIRED, script: snippet(REQUIRED) });
    const tab = await becomeKnown(visitor, url, 'vera');
    // From then on the server need not ask the vendor.
    await tab.goto(url);
    await tab.waitForSelector('#hero[data-variant=promo]');
    const exchanges = gate.watch();
    await tab.goto(url);
    await tab.waitForSelector('#hero[data-variant=promo]');
    const { reason, profile } = await tab.evaluate(() => datafly.onProfileReady());
    assert.deepEqual([reason, profile], ['inline', { amperity: VERA }]);
    assert.deepEqual(to(exchanges(), '/v1/enrich'), []);
  });
}

scenario('a cookie of the site that is no ASCII does not hide the visitor', async (visitor) => {
  const url = shopPage({ form: 'stub', key: REQUIRED, script: snippet(REQUIRED) });
  const tab = await becomeKnown(visitor, url, 'vera');
  const id = await visitor.id();
  await tab.evaluate(() => void (document.cookie = 'city=Zürich; domain=shop.test; path=/'));
  const exchanges = gate.watch();
  await tab.goto(url);
  await tab.waitForSelector('#hero[data-variant=promo]');
  const [loader] = accepted(exchanges(), '/v1/loader');
  assert.match(loader.headers.cookie, /city=Z/, 'it is sent');
  assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: VERA });
  assert.equal(await visitor.id(), id);
});

scenario('attributes that try to leave their place arrive as what they are', async (visitor) => {
  const url = shopPage({ form: 'stub', key: REQUIRED, script: snippet(REQUIRED) });
  const tab = await becomeKnown(visitor, url, 'hostile');
  await tab.goto(url);
  await tab.waitForFunction(() => window.datafly.profile.amperity?.Persona);
  assert.deepEqual(await tab.evaluate(() => datafly.profile.amperity), {
    Persona: 'x");alert(1);("',
    FavoriteBrand: '<!--<script>',
    LifetimeTier: '__proto__',
  });
  assert.equal(await tab.evaluate(() => ({}).polluted), undefined);
  await shoot(tab, 'hostile-attributes');
});

nothingLeaked();
