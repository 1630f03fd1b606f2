// Events leave in order, survive a bad answer and a page that goes away, and keep their id.
import { strict as assert } from 'node:assert';
import { accepted, batches, event, to } from './harness/exchanges.js';
import { down, hang, status } from './harness/faults.js';
import { REQUIRED, SITE } from './harness/site.js';
import { until } from './harness/until.js';
import { idOf } from './harness/visitor.js';
import { gate, nothingLeaked, scenario } from './harness/world.js';
import { assertTold, pageEvent } from './pages/people.js';
import { ELSEWHERE, FORMS, init, shopPage } from './pages/shop.js';

const TRACK = /^\/v1\/[tb]/;
const names = (exchanges) => exchanges.map((exchange) => event(exchange).event);

for (const form of FORMS) {
  scenario(`${form}: a track right before leaving is delivered, and what was lost with the page by the next one`, async (visitor) => {
    const elsewhere = gate.put(SITE, ELSEWHERE);
    const shop = shopPage({ form, key: REQUIRED, script: init(REQUIRED) });
    const tab = await visitor.tab(shop);
    await pageEvent(tab);
    const exchanges = gate.watch();
    // The first one is under way and lost, the second one waits behind it.
    const lost = gate.fault(TRACK, hang(), { times: 1 });
    await tab.evaluate(() => datafly.track('Left', { order: 1 }));
    await until(() => lost.met, 'it is under way: else it would leave by beacon');
    await Promise.all([
      tab.waitForURL(elsewhere),
      tab.evaluate((url) => {
        datafly.track('Left for good', { order: 2 });
        location.href = url;
      }, elsewhere),
    ]);
    const taken = () => accepted(exchanges(), '/v1/t');
    await until(() => taken().length, 'what waited is taken');
    assert.deepEqual(names(to(exchanges(), '/v1/t')), ['Left', 'Left for good'], 'each was sent once');
    assert.deepEqual(names(taken()), ['Left for good']);
    await tab.goto(shop);
    await until(() => taken().length == 2, 'the next page sends what has not arrived');
    assert.deepEqual(names(taken()), ['Left for good', 'Left']);
    const sent = to(exchanges(), '/v1/t').map(event);
    assert.deepEqual(sent.map(({ event }) => event), ['Left', 'Left for good', 'Left'], 'and nothing else');
    assert.equal(sent[0].messageId, sent[2].messageId);
    const [{ left }] = batches(exchanges());
    assert.deepEqual(left, [sent[0].messageId, sent[1].messageId], 'it has asked');
    for (const { timestamp, sentAt } of sent) assert(timestamp <= sentAt, 'a beacon too');
    const id = await visitor.id();
    for (const { headers } of taken()) assert.equal(idOf(/__Host-dfk=([^;]+)/.exec(headers.cookie)[1]), id);
  });
}

for (const form of FORMS) {
  for (const [what, fault] of [
    ['is answered 503', status(503, ['retry-after', '1'])],
    ['is answered 429', status(429, ['retry-after', '1'])],
    ['breaks off', down()],
  ]) {
    scenario.everywhere(`${form}: events arrive in order when the second one ${what}`, async (visitor) => {
      visitor.expectConsole(/datafly EVENTS_DELAYED/, /Failed to load resource/);
      const tab = await visitor.tab(shopPage({ form, key: REQUIRED, script: init(REQUIRED) }));
      await pageEvent(tab);
      const exchanges = gate.watch();
      await tab.evaluate(() => datafly.track('1'));
      await until(() => accepted(exchanges(), '/v1/t').length == 1, 'the first one is taken');
      // Until the SDK has heard of it: Chromium repeats by itself, on each connection that was open
      // before, what broke off there.
      const lost = gate.fault(TRACK, fault);
      await tab.evaluate(() => ['2', '3', '4', '5'].map((name) => datafly.track(name, { name })));
      await until(() => visitor.complained(/EVENTS_DELAYED/), 'the console says so');
      gate.clear();
      await until(() => accepted(exchanges(), '/v1/t').length == 5, 'all are taken', 10e3);

      const sent = to(exchanges(), '/v1/t');
      const tries = Array(lost.met + 1).fill(['2', '3', '4', '5']);
      assert(lost.met > 0);
      assert.deepEqual(names(sent), ['1', ...tries.flat()], 'as one batch');
      const [first, ...retries] = sent.map(event).filter((it) => it.event == '2');
      for (const retry of retries) assert.deepEqual({ ...retry, sentAt: first.sentAt }, first, 'with the same id');
      assert(first.timestamp <= first.sentAt && first.sentAt < retries.at(-1).sentAt, 'each says when it was sent');
      assert.equal(new Set(sent.map((exchange) => event(exchange).messageId)).size, 5);
    });
  }
}

scenario('an event the server refuses for good does not hold up the next', async (visitor) => {
  visitor.expectConsole(/datafly INVALID_EVENT/, /status of 400/);
  const tab = await visitor.tab(shopPage({ form: 'stub', key: REQUIRED, script: init(REQUIRED) }));
  await pageEvent(tab);
  const exchanges = gate.watch();
  await tab.evaluate(() => {
    datafly.track();
    datafly.track('After');
  });
  await until(() => accepted(exchanges(), '/v1/t').length == 1, 'the next one is taken');
  assert.deepEqual(to(exchanges(), '/v1/t').map(({ status }) => status), [400, 200]);
  await assertTold(tab, ['INVALID_EVENT']);
});

scenario('an identify with traits alone is taken, one with a user id that is none is reported', async (visitor) => {
  visitor.expectConsole(/datafly INVALID_USER_ID/);
  const tab = await visitor.tab(shopPage({ form: 'stub', key: REQUIRED, script: init(REQUIRED) }));
  const exchanges = gate.watch();
  await tab.evaluate(() => {
    datafly.identify(true);
    datafly.identify(['a']);
    datafly.identify({ id: 1 }, { plan: 'none' });
    datafly.identify({ plan: 'gold' });
    datafly.identify(7);
  });
  await until(() => accepted(exchanges(), '/v1/i').length == 2, 'two are taken');
  const sent = to(exchanges(), '/v1/i').map(event).map(({ userId, traits }) => [userId, traits]);
  assert.deepEqual(sent, [[undefined, { plan: 'gold' }], ['7', undefined]]);
  await assertTold(tab, Array(3).fill('INVALID_USER_ID'));
});

nothingLeaked();
