// Events leave in order, survive a bad answer and a page that goes away, and keep their id.
import { strict as assert } from 'node:assert';
import { accepted, event, to } from './harness/exchanges.js';
import { down, hang, status } from './harness/faults.js';
import { REQUIRED, SITE } from './harness/site.js';
import { until } from './harness/until.js';
import { idOf } from './harness/visitor.js';
import { gate, nothingLeaked, scenario } from './harness/world.js';
import { pageEvent } from './pages/people.js';
import { ELSEWHERE, FORMS, init, shopPage } from './pages/shop.js';

const TRACK = /^\/v1\/t/;
const names = (exchanges) => exchanges.map((exchange) => event(exchange).event);

for (const form of FORMS) {
  scenario(`${form}: a track right before leaving is delivered`, async (visitor) => {
    const elsewhere = gate.put(SITE, ELSEWHERE);
    const tab = await visitor.tab(shopPage({ form, key: REQUIRED, script: init(REQUIRED) }));
    await pageEvent(tab);
    const exchanges = gate.watch();
    // The first one is under way and lost, the second one waits behind it.
    const lost = gate.fault(TRACK, hang(), { times: 1 });
    await tab.evaluate(() => datafly.track('Left', { order: 1 }));
    await until(() => lost.met, 'it is under way: else its beacon would be the one that is lost');
    await Promise.all([
      tab.waitForURL(elsewhere),
      tab.evaluate((url) => {
        datafly.track('Left for good', { order: 2 });
        location.href = url;
      }, elsewhere),
    ]);
    const taken = () => accepted(exchanges(), '/v1/t');
    await until(() => new Set(names(taken())).size == 2, 'both events are taken');
    assert.equal(lost.met, 1);
    assert.deepEqual(names(taken()).sort(), ['Left', 'Left for good']);
    const sent = to(exchanges(), '/v1/t').map(event);
    // Beacons are sent side by side: which of them the server sees first is the browser's affair.
    const [first, ...rest] = sent.sort((a, b) => (a.event < b.event ? -1 : 1));
    assert.deepEqual([first, ...rest].map(({ event }) => event), ['Left', 'Left', 'Left for good']);
    assert.equal(first.messageId, rest[0].messageId, 'the one that may have arrived twice says so');
    for (const { timestamp, sentAt } of [first, ...rest]) assert(timestamp <= sentAt, 'a beacon too');
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
      const again = Array(lost.met).fill('2');
      assert(lost.met > 0);
      assert.deepEqual(names(sent), ['1', '2', ...again, '3', '4', '5']);
      const [, { sentAt: first, ...second }, ...others] = sent.map(event);
      const retries = others.slice(0, lost.met);
      for (const { sentAt, ...retry } of retries) assert.deepEqual(retry, second, 'with the same id');
      assert(second.timestamp <= first && first < retries.at(-1).sentAt, 'each says when it was sent');
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
  assert.deepEqual(await tab.evaluate(() => seen.errors), ['INVALID_EVENT']);
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
  assert.deepEqual(await tab.evaluate(() => seen.errors), Array(3).fill('INVALID_USER_ID'));
});

nothingLeaked();
