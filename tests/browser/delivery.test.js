// How events leave: together, kindly to a server that has trouble, and before a page is hidden.
import { strict as assert } from 'node:assert';
import { accepted, batches, event, events, to } from './harness/exchanges.js';
import { hang, status } from './harness/faults.js';
import { OFF, SITE } from './harness/site.js';
import { until } from './harness/until.js';
import { gate, nothingLeaked, scenario } from './harness/world.js';
import { assertTold, pageEvent } from './pages/people.js';
import { ELSEWHERE, init, shopPage } from './pages/shop.js';

const EVENTS = /^\/v1\/[iptgb]\?/;
const shop = (options = {}) => shopPage({ form: 'stub', key: OFF, script: init(OFF), ...options });
const names = (exchanges) => events(exchanges).map((event) => event.event ?? event.type);

/** A page that has nothing to send. */
const arrive = async (visitor, options) => {
  const tab = await visitor.tab(shop(options));
  await pageEvent(tab);
  return tab;
};

scenario('what is called in one go is one request, and so is what gathers while it is under way', async (visitor) => {
  const tab = await arrive(visitor);
  const exchanges = gate.watch();
  const held = gate.fault(EVENTS, hang(), { times: 1 });
  await tab.evaluate(() => ['1', '2', '3'].map((name) => datafly.track(name)));
  await until(() => held.met, 'it is under way');
  assert.deepEqual(batches(exchanges()).map(({ batch }) => batch.length), [3]);
  await tab.evaluate(() => ['4', '5'].map((name) => datafly.track(name)));
  gate.clear();
  await until(() => accepted(exchanges(), '/v1/t').length == 5, 'all are taken', 15e3);
  visitor.expectConsole(/datafly EVENTS_DELAYED/, /Failed to load resource/);
  assert.deepEqual(names(exchanges()), ['1', '2', '3', '1', '2', '3', '4', '5']);
});

scenario('a batch keeps to what browsers send for a page that is gone', async (visitor) => {
  const tab = await arrive(visitor);
  const exchanges = gate.watch();
  await tab.evaluate(() => {
    for (let i = 0; i < 120; i++) datafly.track('Small', { i });
    for (let i = 0; i < 4; i++) datafly.track('Large', { text: 'ü'.repeat(13e3) });
    return datafly.flush();
  });
  const sent = batches(exchanges());
  assert(sent.every(({ batch }) => batch.length <= 50 && JSON.stringify(batch).length <= 61e3));
  assert.equal(accepted(exchanges(), '/v1/t').length, 124);
  const order = events(exchanges()).filter(({ event }) => event == 'Small').map(({ properties }) => properties.i);
  assert.deepEqual(order, [...Array(120).keys()]);
});

scenario('of a batch, what is refused is said and what is not is taken', async (visitor) => {
  visitor.expectConsole(/datafly INVALID_EVENT/);
  const tab = await arrive(visitor);
  const exchanges = gate.watch();
  await tab.evaluate(() => {
    datafly.track('Before');
    datafly.track();
    datafly.track('After');
    return datafly.flush();
  });
  assert.deepEqual(to(exchanges(), '/v1/t').map(({ status }) => status), [200, 400, 200]);
  await assertTold(tab, ['INVALID_EVENT']);
});

scenario('a server that answers 400 is asked once', async (visitor) => {
  visitor.expectConsole(/datafly EVENT_REFUSED/, /status of 400/);
  const tab = await arrive(visitor);
  const no = gate.fault(EVENTS, status(400));
  await tab.evaluate(() => {
    datafly.track('1');
    datafly.track('2');
    return datafly.flush();
  });
  await tab.reload();
  await tab.evaluate(() => datafly.onProfileReady());
  assert.equal(no.met, 1);
});

scenario('a server that asks for two seconds gets them', async (visitor) => {
  visitor.expectConsole(/datafly EVENTS_DELAYED/, /status of 429/);
  const tab = await arrive(visitor);
  const exchanges = gate.watch();
  gate.fault(EVENTS, status(429, ['retry-after', '2']), { times: 2 });
  await tab.evaluate(() => datafly.track('Patient'));
  await until(() => accepted(exchanges(), '/v1/t').length, 'it is taken', 15e3);
  const times = to(exchanges(), '/v1/t').map((exchange) => Date.parse(event(exchange).sentAt));
  assert.equal(times.length, 3);
  assert(times[1] - times[0] >= 1990 && times[2] - times[1] >= 1990, `${times}`);
});

scenario('a server that is down for 15 seconds meets at most five tries, and then has all', async (visitor) => {
  visitor.expectConsole(/datafly EVENTS_DELAYED/, /status of 503/);
  const tab = await arrive(visitor);
  const exchanges = gate.watch();
  const down = gate.fault(EVENTS, status(503));
  await tab.evaluate(() => datafly.track('Waits'));
  await until(() => down.met, 'the first');
  await new Promise((resume) => setTimeout(resume, 15e3));
  assert(down.met >= 3 && down.met <= 5, `${down.met} tries`);
  gate.clear();
  await until(() => accepted(exchanges(), '/v1/t').length, 'it is taken', 17e3);
});

scenario('a page that is hidden lets its events go, and goes on when it is seen again', async (visitor) => {
  const tab = await arrive(visitor);
  const exchanges = gate.watch();
  const become = (state) =>
    tab.evaluate((state) => {
      Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
  const held = gate.fault(EVENTS, hang(), { times: 1 });
  await tab.evaluate(() => datafly.track('Under way'));
  await until(() => held.met, 'it is');
  await tab.evaluate(() => datafly.track('Waits'));
  await become('hidden');
  await until(() => accepted(exchanges(), '/v1/t').length, 'what waits has left');
  const [{ headers }] = accepted(exchanges(), '/v1/t');
  assert.equal(headers['sec-fetch-mode'], 'no-cors', 'as a beacon');
  visitor.expectConsole(/datafly EVENTS_DELAYED/, /Failed to load resource/);
  gate.clear();
  await become('visible');
  await tab.evaluate(() => datafly.flush());
  await until(() => accepted(exchanges(), '/v1/t').length == 2, 'the other one too');
  assert.deepEqual(names(exchanges()), ['Under way', 'Waits', 'Under way'], 'what has left is not sent again');
});

scenario('what a page calls while it goes away leaves with it', async (visitor) => {
  const tab = await arrive(visitor);
  const exchanges = gate.watch();
  const url = gate.put(SITE, ELSEWHERE);
  await Promise.all([
    tab.waitForURL(url),
    tab.evaluate((url) => {
      addEventListener('pagehide', () => datafly.track('Last'));
      location.href = url;
    }, url),
  ]);
  await until(() => accepted(exchanges(), '/v1/t').length, 'it is taken');
  assert.deepEqual(names(exchanges()), ['Last']);
});

scenario('no token is stored, and nothing that was taken stays', async (visitor) => {
  visitor.expectConsole(/datafly EVENTS_DELAYED/, /status of 503/);
  const tab = await arrive(visitor);
  gate.fault(EVENTS, status(503));
  const stored = await tab.evaluate(() => {
    datafly.identify('user-1', {}, { token: 'secret of the page' });
    datafly.track('After');
    return JSON.stringify({ ...localStorage });
  });
  assert(stored.includes('user-1') && stored.includes('After'));
  assert(!stored.includes('secret of the page'));
  gate.clear();
  await tab.evaluate(() => datafly.flush());
  const left = () => tab.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('datafly.q.')));
  await until(async () => (await left()).length == 0, 'nothing is left', 15e3);
});

scenario('no request goes before the first event', async (visitor) => {
  const exchanges = gate.watch();
  const tab = await visitor.tab(shop({ form: 'module', script: init(OFF, { providers: [] }) }));
  await tab.evaluate(() => datafly.onProfileReady());
  await tab.evaluate(() => datafly.flush());
  assert.deepEqual(to(exchanges(), '/v1/').filter(({ path }) => !path.startsWith('/v1/assets')), []);
  await tab.evaluate(() => (datafly.track('First'), datafly.flush()));
  assert.deepEqual(names(exchanges()), ['First']);
});

nothingLeaked();
