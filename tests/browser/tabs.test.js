// Several tabs of one browser: one sends at a time, and none sends what another one has.
import { strict as assert } from 'node:assert';
import { accepted, events } from './harness/exchanges.js';
import { LOADER, loaderWith } from './harness/fakes.js';
import { hang, late, status } from './harness/faults.js';
import { OFF } from './harness/site.js';
import { until } from './harness/until.js';
import { gate, nothingLeaked, scenario, vendor } from './harness/world.js';
import { pageEvent } from './pages/people.js';
import { init, shopPage } from './pages/shop.js';

const EVENTS = /^\/v1\/[iptgb]\?/;

const arrive = async (visitor) => {
  const tab = await visitor.tab(shopPage({ form: 'stub', key: OFF, script: init(OFF) }));
  await pageEvent(tab);
  return tab;
};
const track = (tab, ...names) => tab.evaluate((names) => names.map((name) => void datafly.track(name)), names);
const taken = (exchanges) => accepted(exchanges(), '/v1/t').map(({ body }) => JSON.parse(body).event);

/** What has arrived at the vendor's of tracks, by name. */
const delivered = async (count) => {
  const tracks = async () => (await vendor.events()).filter(({ type }) => type != 'pageview').map(({ type }) => type);
  await until(async () => (await tracks()).length >= count, 'all is at the vendor', 10e3);
  return (await tracks()).sort();
};

scenario('while one tab sends the others wait for their turn', async (visitor) => {
  const [one, two] = [await arrive(visitor), await arrive(visitor)];
  const exchanges = gate.watch();
  const slow = gate.fault(EVENTS, late(1e3), { times: 1 });
  await track(one, 'One');
  await until(() => slow.met, 'it is under way');
  await track(two, 'Two', 'Two again');
  await new Promise((resume) => setTimeout(resume, 300));
  assert.equal(events(exchanges()).length, 1);
  await until(() => taken(exchanges).length == 3, 'all are taken');
  assert.deepEqual(taken(exchanges), ['One', 'Two', 'Two again']);
});

scenario('two tabs at once, through a server that fails, lose nothing and send nothing twice', async (visitor) => {
  visitor.expectConsole(/datafly EVENTS_DELAYED/, /status of 503/);
  const tabs = [await arrive(visitor), await arrive(visitor)];
  const exchanges = gate.watch();
  gate.fault(EVENTS, status(503), { times: 3 });
  const names = ['a', 'b'].flatMap((tab) => Array.from({ length: 10 }, (_, i) => tab + i));
  await Promise.all(tabs.map((tab, i) => track(tab, ...names.slice(10 * i, 10 * i + 10))));
  await until(() => taken(exchanges).length >= 20, 'all are taken', 15e3);
  assert.deepEqual([...taken(exchanges)].sort(), names);
  assert.deepEqual(await delivered(20), names);
});

scenario('what a tab could not send before it was closed another one sends', async (visitor) => {
  visitor.expectConsole(/datafly EVENTS_DELAYED/, /status of 503/);
  const [one, two] = [await arrive(visitor), await arrive(visitor)];
  const exchanges = gate.watch();
  const down = gate.fault(EVENTS, status(503));
  await track(one, 'Orphan');
  await until(() => down.met, 'it is not taken');
  await one.waitForFunction(() => seen.errors.includes('EVENTS_DELAYED'));
  await one.goto('about:blank');
  gate.clear();
  await until(() => taken(exchanges).length, 'the other tab has sent it', 10e3);
  await one.close();
  assert.deepEqual(taken(exchanges), ['Orphan']);
  assert.deepEqual(await two.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('datafly.q.'))), []);
});

scenario('a tab that comes back sends nothing that another one has sent meanwhile', async (visitor) => {
  visitor.expectConsole(/datafly EVENTS_DELAYED/, /status of 503/);
  const tab = await visitor.tab(shopPage({ form: 'stub', key: OFF, script: init(OFF), cacheable: true }));
  await pageEvent(tab);
  const other = await arrive(visitor);
  const exchanges = gate.watch();
  const down = gate.fault(EVENTS, status(503));
  await track(tab, 'Once');
  await until(() => down.met, 'it is not taken');
  await tab.waitForFunction(() => seen.errors.includes('EVENTS_DELAYED'));
  await tab.goto(shopPage({ form: 'stub', key: OFF, script: init(OFF) }));
  gate.clear();
  await until(() => taken(exchanges).length, 'somebody has sent it', 10e3);
  await tab.goBack({ waitUntil: 'commit' });
  for (const one of [tab, other]) await one.evaluate(() => datafly.flush());
  await track(tab, 'Next');
  await until(() => taken(exchanges).includes('Next'), 'the next one is taken');
  assert.deepEqual(taken(exchanges), ['Once', 'Next']);
});

scenario('without Web Locks nothing is lost, and the server takes nothing twice', async (visitor) => {
  visitor.expectConsole(/datafly EVENTS_DELAYED/, /status of 503/);
  const page = shopPage({
    form: 'stub',
    key: OFF,
    early: "Object.defineProperty(navigator, 'locks', { value: undefined })",
    script: init(OFF),
  });
  const tabs = [await visitor.tab(page), await visitor.tab(page)];
  for (const tab of tabs) await pageEvent(tab);
  const exchanges = gate.watch();
  gate.fault(EVENTS, status(503), { times: 2 });
  const names = ['a', 'b'].flatMap((tab) => Array.from({ length: 5 }, (_, i) => tab + i));
  await Promise.all(tabs.map((tab, i) => track(tab, ...names.slice(5 * i, 5 * i + 5))));
  await tabs[0].goto('about:blank');
  await until(() => new Set(taken(exchanges)).size == 10, 'all are taken', 15e3);
  assert.deepEqual(await delivered(10), names);
});

scenario('opting out empties what is queued for retry, and what other pages have left', async (visitor) => {
  visitor.expectConsole(/datafly EVENTS_DELAYED/, /status of 503/);
  const tab = await arrive(visitor);
  const exchanges = gate.watch();
  const down = gate.fault(EVENTS, status(503));
  await track(tab, 'Waits');
  await until(() => down.met, 'it is not taken');
  // From here on the owner asks for a consent.
  gate.fault(LOADER, loaderWith({ browser: { collect: 'analytics' } }));
  await tab.reload();
  gate.clear();
  await tab.evaluate(() => datafly.onProfileReady());
  await track(tab, 'Not wanted');
  await tab.evaluate(() => datafly.flush());
  assert.deepEqual(taken(exchanges), [], 'nobody has given it');
  await tab.evaluate(() => datafly.consent({ analytics: false }));
  await tab.evaluate(() => datafly.flush());
  assert.deepEqual(taken(exchanges), [], 'and it is refused');
  assert.deepEqual(await tab.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('datafly.q.'))), []);
});

scenario('a log-out in another tab decides whose an event is that waits here', async (visitor) => {
  const [one, two] = [await arrive(visitor), await arrive(visitor)];
  const exchanges = gate.watch();
  const held = gate.fault(/^\/v1\/reset/, hang(), { times: 1 });
  await two.evaluate(() => datafly.reset());
  await until(() => held.met, 'the log-out is on its way');
  await track(one, 'After');
  await new Promise((resume) => setTimeout(resume, 500));
  assert.deepEqual(taken(exchanges), [], 'the cookie still names the one who left');
  visitor.expectConsole(/datafly EVENTS_DELAYED/, /Failed to load resource/);
  gate.clear();
  await until(() => taken(exchanges).length, 'now it is taken', 15e3);
  const order = exchanges().filter(({ status }) => status == 200).map(({ path }) => path.split('?')[0]);
  assert(order.indexOf('/v1/reset') < order.indexOf('/v1/t'), `${order}`);
});

nothingLeaked();
