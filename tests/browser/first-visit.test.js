// However much a page does at once on a first visit: one browser, one visitor.
import { strict as assert } from 'node:assert';
import { accepted, events, to, visitorsIn } from './harness/exchanges.js';
import { late } from './harness/faults.js';
import { OFF, REQUIRED } from './harness/site.js';
import { until } from './harness/until.js';
import { idOf } from './harness/visitor.js';
import { gate, nothingLeaked, scenario } from './harness/world.js';
import { ALICE } from './pages/people.js';
import { FORMS, init, shopPage } from './pages/shop.js';

const EVENTS = `
datafly.page('Home');
datafly.track('Seen', { item: 'boot' });
`;
const IDENTIFY = "datafly.identify('user-123', { email: 'alice@example.com' });";
const WAITS = "watch('first'); watch('second'); watch('fresh', 'refreshProfile');";

/** Loads a page that does everything in one tick, over a line slow enough for requests to overlap. */
const visit = async (visitor, { form, key, calls, providers }) => {
  gate.fault(/^\/v1\/(?!assets)/, late(150));
  const exchanges = gate.watch();
  const oneTick = init(key, { providers }) + calls;
  const page = form == 'module' ? { script: oneTick } : { early: oneTick };
  const tab = await visitor.tab(shopPage({ form, key, ...page }));
  await tab.waitForFunction(() => seen.settled.length == 6);
  await until(() => ['/v1/p', '/v1/t'].every((path) => accepted(exchanges(), path)[0]?.over), 'the events are accepted');
  gate.clear();
  // What is under way has come to its end, whatever it was, before this is answered.
  await tab.evaluate(() => datafly.refreshProfile());
  await until(() => to(exchanges(), '/v1/').every(({ over }) => over), 'nothing is under way');
  return { tab, exchanges: exchanges() };
};

const assertOneVisitor = async (visitor, exchanges) => {
  const id = await visitor.id();
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(visitorsIn(exchanges), [id]);
  assert.equal(await visitor.cookie('_dfid'), id);
  const sent = exchanges.flatMap(({ headers }) => /__Host-dfk=([^;]+)/.exec(headers.cookie)?.[1] ?? []);
  assert(sent.length > 0 && sent.every((credential) => idOf(credential) == id), `${sent}`);
};

for (const form of FORMS) {
  scenario(`${form}: page, track and waits in one tick`, async (visitor) => {
    const { tab, exchanges } = await visit(visitor, { form, key: REQUIRED, calls: EVENTS + WAITS });
    await assertOneVisitor(visitor, exchanges);
    assert.deepEqual([...new Set(await tab.evaluate(() => seen.settled.map(({ reason }) => reason)))], ['empty']);
  });

  scenario(`${form}: and an identify among them`, async (visitor) => {
    const { tab, exchanges } = await visit(visitor, { form, key: OFF, calls: EVENTS + IDENTIFY + WAITS });
    await assertOneVisitor(visitor, exchanges);
    assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: ALICE });
    assert.deepEqual(events(exchanges).map(({ type }) => type), ['page', 'track', 'identify'], 'in order, once each');
  });
}

scenario('module: two providers are asked in one tick', async (visitor) => {
  // There is only one vendor yet: the second name is refused, after a visitor was looked for.
  visitor.expectConsole(/datafly ENRICH_FAILED no usable answer for: missing/, /status of 404/);
  const providers = ['amperity', 'missing'];
  const { tab, exchanges } = await visit(visitor, { form: 'module', key: REQUIRED, calls: EVENTS + WAITS, providers });
  await assertOneVisitor(visitor, exchanges);
  const asked = to(exchanges, '/v1/enrich').map(({ path }) => new URL(path, 'https://x').searchParams.get('provider'));
  assert.deepEqual([...new Set(asked)].sort(), providers);
  assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: {} });
});

nothingLeaked();
