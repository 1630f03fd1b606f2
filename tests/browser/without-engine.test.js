// Where the wasm does not come: what the visitor decided and proved still reaches the server, in its turn.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { counters } from '../../crates/browser/js/shared.js';
import { accepted, event, events, pathsOf, to } from './harness/exchanges.js';
import { LOADER, loaderWith, says } from './harness/fakes.js';
import { down, status } from './harness/faults.js';
import { REQUIRED } from './harness/site.js';
import { until } from './harness/until.js';
import { gate, scenario } from './harness/world.js';
import { VERA } from './pages/people.js';
import { FORMS, init, shopPage } from './pages/shop.js';

const SUCCESS = { success: true };
const INLINED = { credentialed: true, consent: ['personalization'], profiles: { amperity: VERA } };

/** A page that knows by now that it has no engine. */
const arrive = async (visitor, form = 'stub', config = { credentialed: true }) => {
  visitor.expectConsole(/datafly WASM_UNAVAILABLE/, /Failed to load resource/, /wasm/i);
  gate.fault(LOADER, loaderWith(config));
  gate.fault(/\.wasm$/, down());
  gate.fault(/^\/v1\/[iptb]\?/, says(SUCCESS));
  const tab = await visitor.tab(shopPage({ form, key: REQUIRED, script: init(REQUIRED) }), { waitUntil: 'domcontentloaded' });
  await tab.waitForFunction(() => seen.errors.includes('WASM_UNAVAILABLE'));
  return tab;
};
const kinds = (exchanges) => pathsOf(exchanges().filter(({ method }) => method == 'POST'));

for (const form of FORMS) {
  scenario(`${form}: an identify waits for its token, and what follows waits for it`, async (visitor) => {
    const tab = await arrive(visitor, form);
    const exchanges = gate.watch();
    await tab.evaluate(() => {
      const token = new Promise((resume) => (window.give = resume));
      return new Promise((resume) => {
        datafly.identify('1', null, { getToken: () => (resume(), token) });
        datafly.track('After');
      });
    });
    await tab.evaluate(() => fetch(location.href));
    assert.deepEqual(kinds(exchanges), []);
    await tab.evaluate(() => give('late'));
    await until(() => accepted(exchanges(), '/v1/t')[0] && accepted(exchanges(), '/v1/i')[0], 'both are taken');
    assert.deepEqual(to(exchanges(), '/v1/i').map((exchange) => event(exchange).token), ['late']);
    for (const { timestamp, sentAt } of events(exchanges())) {
      assert(timestamp <= sentAt, 'it says when it was sent');
    }
    // Beacons leave side by side.
    assert.deepEqual(kinds(exchanges).sort(), ['/v1/i', '/v1/t']);
  });
}

scenario('stub: a denial empties the profile here and in the other tabs, and is sent', async (visitor) => {
  const tab = await arrive(visitor, 'stub', INLINED);
  const other = await arrive(visitor, 'stub', INLINED);
  for (const one of [tab, other]) assert.deepEqual(await one.evaluate(() => datafly.profile), { amperity: VERA });
  const exchanges = gate.watch();
  const left = await tab.evaluate(() => (datafly.consent({ personalization: false }), datafly.profile));
  assert.deepEqual(left, {});
  await other.waitForFunction(() => !datafly.profile.amperity);
  const sent = await until(() => accepted(exchanges(), '/v1/consent')[0], 'the server is told');
  assert.deepEqual(JSON.parse(sent.body), { personalization: false });
  const { reason, epoch, profile } = await tab.evaluate(() => datafly.onProfileReady());
  assert.deepEqual([reason, epoch, profile], ['error', 1, {}]);
});

scenario('stub: a denial that the server does not take is sent by the next page, which shows nothing', async (visitor) => {
  const tab = await arrive(visitor, 'stub', INLINED);
  gate.fault(/^\/v1\/consent/, status(503), { times: 1 });
  const exchanges = gate.watch();
  await tab.evaluate(() => datafly.consent({ personalization: false }));
  await until(() => to(exchanges(), '/v1/consent')[0]?.over, 'it is not taken');
  await tab.reload({ waitUntil: 'domcontentloaded' });
  await until(() => accepted(exchanges(), '/v1/consent')[0]?.over, 'it is sent again');
  const sent = to(exchanges(), '/v1/consent').map(({ body, status }) => [JSON.parse(body), status]);
  assert.deepEqual(sent, [[{ personalization: false }, 503], [{ personalization: false }, 200]]);
  assert.deepEqual(await tab.evaluate(() => [seen.swaps, datafly.profile]), [[], {}]);
});

scenario('stub: where profiles depend on the page, the plain one is not held back for ever', async (visitor) => {
  visitor.expectConsole(/datafly WASM_UNAVAILABLE/, /Failed to load resource/, /wasm/i);
  gate.fault(LOADER, loaderWith({ ...INLINED, context: true }));
  gate.fault(/\.wasm$/, down());
  const early = "datafly.page('Home'); window.ready = watch('ready');";
  const tab = await visitor.tab(shopPage({ form: 'stub', key: REQUIRED, early }), { waitUntil: 'domcontentloaded' });
  await tab.waitForFunction(() => seen.settled.length == 2);
  const [{ reason, profile }] = await tab.evaluate(() => seen.settled);
  assert.deepEqual([reason, profile], ['inline', { amperity: VERA }]);
  await tab.evaluate(() => fetch(location.href));
});

test('what is no counter counts as nothing stored', () => {
  assert.deepEqual(counters('12:3:2:1:0'), [12, 3, 2, 1, 0]);
  assert.deepEqual(counters('7'), [7, 0, 0, 0, 0]);
  for (const text of ['', ':', 'x:y', '-1:-2:-3', '99999999999:1e3', '0x1:1.5']) {
    assert.deepEqual(counters(text), [0, 0, 0, 0, 0], text);
  }
});
