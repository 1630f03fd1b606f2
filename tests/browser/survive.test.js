// What was called once reaches the vendor once, whatever happens to the page, its browser or the server meanwhile.
import { strict as assert } from 'node:assert';
import { accepted, batches, event, events } from './harness/exchanges.js';
import { LOADER, loaderWith } from './harness/fakes.js';
import { hang, late, status } from './harness/faults.js';
import { OFF, SITE } from './harness/site.js';
import { until } from './harness/until.js';
import { gate, nothingLeaked, scenario, vendor } from './harness/world.js';
import { loader, pageOf, script, stub } from './pages/parts.js';
import { ELSEWHERE, FORMS, init, shopPage } from './pages/shop.js';

const EVENTS = /^\/v1\/[iptgb]\?/;
const shop = (form = 'stub', early = '') => shopPage({ form, key: OFF, early, script: init(OFF) });
const elsewhere = () => gate.put(SITE, ELSEWHERE);

/** Calls `track`; returns the ids of the events. The engine is there by then. */
const track = async (tab, ...names) => {
  await tab.evaluate(() => datafly.onProfileReady());
  await tab.waitForFunction(() => !datafly._q.map);
  return tab.evaluate((names) => {
    const ids = [];
    const note = ({ detail }) => ids.push(detail.messageId);
    datafly.on('event', note);
    names.map((name) => datafly.track(name));
    datafly.off('event', note);
    return ids;
  }, names);
};

/** How often each of these has arrived at the vendor's. */
const arrived = async (ids) => {
  const all = (await vendor.events()).map(({ message_id }) => message_id);
  return ids.map((id) => all.filter((other) => other == id).length);
};
/** Each of these has arrived, and none twice. */
const assertOnce = async (ids, exchanges) => {
  await until(async () => (await arrived(ids)).every(Boolean), 'all have arrived', 10e3);
  assert.deepEqual(await arrived(ids), ids.map(() => 1));
  const taken = () => accepted(exchanges(), '/v1/').map(idOf).filter((id) => ids.includes(id));
  await until(() => taken().length >= ids.length, 'the server has answered');
  assert.deepEqual(taken().sort(), [...ids].sort(), 'nor was one taken twice');
};
const idOf = ({ body }) => /"messageId":"([^"]+)/.exec(body)?.[1];
const stored = (tab) => tab.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('datafly.q.')).length);

/** Leaves the shop, with a last word. */
const leave = async (tab, last = () => {}) => {
  const url = elsewhere();
  await Promise.all([tab.waitForURL(url), tab.evaluate(`(${last})(); location.href = '${url}'`)]);
};

for (const form of FORMS) {
  scenario(`${form}: calls of a first visit that leaves in the same tick arrive once`, async (visitor) => {
    const exchanges = gate.watch();
    const calls = `datafly.page('Home'); datafly.identify('user-1'); datafly.track('Left');`;
    const url = elsewhere();
    const away = `${calls} location.href = '${url}';`;
    const first = form == 'stub' ? pageOf([stub(`data-store="${OFF}"`), script(away)]) : shopPage({ form, key: OFF, script: init(OFF) + away });
    const tab = await visitor.tab(first, { waitUntil: 'commit' });
    await tab.waitForURL(url);
    await tab.goto(shop(form));
    const [last] = await track(tab, 'Back');
    await until(() => events(exchanges()).some(({ messageId }) => messageId == last), 'the second visit has sent');
    const ids = [...new Set(events(exchanges()).map(({ messageId }) => messageId))];
    assert.equal(ids.length, 4);
    await assertOnce(ids, exchanges);
    assert.equal(events(exchanges()).length, 4, 'each once on the wire');
    assert.deepEqual(events(exchanges()).map(({ type }) => type), ['page', 'identify', 'track', 'track'], 'in order');
    await until(async () => (await stored(tab)) == 0, 'nothing is kept that has arrived');
  });
}

for (const [word, names] of [[true, ['Early', 'Later']], [false, []]]) {
  scenario(`what the stub has stored waits for the visitor's word: ${word}`, async (visitor) => {
    gate.fault(LOADER, loaderWith({ browser: { collect: 'analytics' } }));
    const exchanges = gate.watch();
    const tab = await visitor.tab(pageOf([stub(`data-store="${OFF}"`), script("datafly.track('Early')"), loader()]));
    await tab.evaluate(() => datafly.onProfileReady());
    await tab.waitForFunction(() => !datafly._q.map);
    await tab.evaluate(() => datafly.track('Later'));
    assert.equal(await stored(tab), 1);
    assert.deepEqual(events(exchanges()), []);
    await tab.evaluate((analytics) => datafly.consent({ analytics }), word);
    await until(() => accepted(exchanges(), '/v1/consent').length, 'the word is told');
    await tab.evaluate(() => datafly.flush());
    assert.deepEqual(events(exchanges()).map(({ event }) => event), names, 'each once, in order');
    await until(async () => (await stored(tab)) == 0, 'nothing is kept');
  });
}

scenario('a tab that is left in the middle of sending', async (visitor) => {
  const exchanges = gate.watch();
  const tab = await visitor.tab(shop());
  const slow = gate.fault(EVENTS, late(3e3), { times: 1 });
  const ids = await track(tab, 'In flight');
  await until(() => slow.met, 'it is under way');
  ids.push(...(await track(tab, 'Waits', 'Waits too')));
  await leave(tab);
  await tab.goto(shop());
  await assertOnce(ids, exchanges);
  await until(() => batches(exchanges()).some(({ left }) => left), 'the next page asks');
  const sent = events(exchanges()).map(({ messageId }) => messageId);
  assert.deepEqual(sent.filter((id) => ids.includes(id)), ids, 'and once on the wire, in order');
  assert.deepEqual(batches(exchanges()).flatMap(({ left = [] }) => left), ids, 'of all of them');
});

scenario('a page that was killed is followed by one that sends what it could not', async (visitor) => {
  const exchanges = gate.watch();
  const tab = await visitor.tab(shop());
  gate.fault(EVENTS, hang());
  const [id] = await track(tab, 'Killed');
  // As if that page had ended a minute ago, without a word.
  const old = await tab.evaluate(() => {
    const [key] = Object.keys(localStorage).filter((key) => key.startsWith('datafly.q.'));
    const text = localStorage[key];
    const id = key.split('.').slice(3).join('.');
    const old = (Date.now() - 60e3).toString(36) + id.slice(8);
    localStorage.clear();
    localStorage['datafly.q.dk_test_open.' + old] = text.replace(id, old);
    return old;
  });
  await visitor.tab(elsewhere());
  gate.clear();
  const next = await visitor.tab(shop());
  await assertOnce([old], exchanges);
  assert.notEqual(id, old);
  await until(async () => (await stored(next)) == 0, 'it is kept no longer');
});

scenario('a browser that is offline until after the page is gone', async (visitor) => {
  visitor.expectConsole(/datafly EVENTS_DELAYED/, /Failed to load resource|ERR_INTERNET_DISCONNECTED/);
  const exchanges = gate.watch();
  await visitor.tab(elsewhere());
  const tab = await visitor.tab(shop());
  await track(tab);
  await visitor.offline(true);
  const ids = await track(tab, 'Offline', 'Still offline');
  await until(() => visitor.complained(/EVENTS_DELAYED/), 'it is delayed');
  await tab.goto('about:blank');
  await visitor.offline(false);
  await visitor.tab(shop());
  await assertOnce(ids, exchanges);
});

scenario('a server that answers 503 over several pages', async (visitor) => {
  visitor.expectConsole(/datafly EVENTS_DELAYED/, /status of 503/);
  const exchanges = gate.watch();
  const tab = await visitor.tab(shop());
  const down = gate.fault(EVENTS, status(503));
  const ids = [];
  for (const name of ['One', 'Two', 'Three']) {
    const before = down.met;
    ids.push(...(await track(tab, name)));
    await until(() => down.met > before, 'it is not taken');
    await leave(tab, () => datafly.track('On the way out'));
    await tab.goto(shop());
  }
  assert.equal(await stored(tab), 6, 'all of it waits');
  gate.clear();
  await tab.goto(shop());
  await assertOnce(ids, exchanges);
  await until(async () => (await stored(tab)) == 0, 'nothing is left');
  const order = accepted(exchanges(), '/v1/t').map((it) => event(it).event);
  const out = 'On the way out';
  assert.deepEqual(order, ['One', out, 'Two', out, 'Three', out], 'in order');
});

for (const [what, spoil] of [
  ['full', () => { for (let size = 5e6; size > 1; size /= 2) try { for (let i = 0; ; i++) localStorage[size + '-' + i] = 'x'.repeat(size); } catch {} }],
  ['denied', () => Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError'); } })],
]) {
  scenario(`a storage that is ${what}`, async (visitor) => {
    const exchanges = gate.watch();
    const tab = await visitor.tab(elsewhere());
    await tab.addInitScript(spoil);
    await tab.goto(shop());
    const ids = await track(tab, 'One');
    await until(() => accepted(exchanges(), '/v1/t').length, 'the first one is taken');
    ids.push(...(await track(tab, 'Two', 'Three')));
    const last = await tab.evaluate((url) => {
      const ids = [];
      datafly.on('event', ({ detail }) => ids.push(detail.messageId));
      datafly.track('Left');
      // Once this has returned: a page that goes away answers nobody.
      setTimeout(() => (location.href = url));
      return ids;
    }, elsewhere());
    await assertOnce([...ids, ...last], exchanges);
  });
}

nothingLeaked();
