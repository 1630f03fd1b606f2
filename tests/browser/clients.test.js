// Other people's clients, as they are published and pointed at us as they document it: their events arrive mapped,
// with the ids that the client made, as an unproven person's under an id of that client's own, and once each,
// however often they are sent.
import { strict as assert } from 'node:assert';
import { accepted } from './harness/exchanges.js';
import { doneButRefused, sentTwice } from './harness/faults.js';
import { PYTHON_PACKAGES, runToItsEnd } from './harness/processes.js';
import { REQUIRED } from './harness/site.js';
import { until } from './harness/until.js';
import { gate, nothingLeaked, outside, scenario, vendor } from './harness/world.js';
import { clientPage, clientScript } from './pages/clients.js';
import { pageEvent } from './pages/people.js';
import { shopPage } from './pages/shop.js';

/** Where events go, and nothing else does. */
const EVENTS = /^\/(v1\/(?!projects)|api\/s\/|beacon\/)/;
const PERSON = ['user-123', { email: 'alice@example.com' }];
const PRODUCT = { product_id: 'p1', price: 12.5, currency: 'eur' };

/** What the preset calls what the clients say. */
const TYPES = { page: 'pageview', identify: 'identify', 'Product Viewed': 'view_item', 'Order Completed': 'purchase' };

/** Those that have been read to their end. */
const eventsIn = (exchanges) =>
  exchanges
    .filter(({ method, path, body }) => method == 'POST' && EVENTS.test(path) && body)
    .flatMap(({ body }) => JSON.parse(body))
    .flatMap((sent) => sent.batch ?? [sent]);
const idsOf = (events) => [...new Set(events.map(({ messageId }) => messageId))];

/** Waits until so many events of a client were taken, and it has heard of it. */
const taken = (exchanges, count) =>
  until(
    () => idsOf(eventsIn(accepted(exchanges(), '/').filter(({ over }) => over))).length == count,
    `${count} events are taken`,
    15e3,
  );

/** What has arrived at the vendor once all has that was sent: copies come before the last, which had none. */
const arrivals = (sent) =>
  until(async () => {
    const events = await vendor.events();
    const arrived = new Set(events.map(({ message_id }) => message_id));
    return idsOf(sent).every((id) => arrived.has(id)) && events;
  }, 'all events are at the vendor');

/** Asserts that each arrived once, and as what. */
const assertDelivered = (exchanges, sent, arrived) => {
  const [{ anonymousId }] = sent;
  assert(anonymousId);
  assert.deepEqual(arrived.map(({ message_id }) => message_id).sort(), idsOf(sent).sort(), 'none twice');
  for (const event of sent) {
    const body = arrived.find(({ message_id }) => message_id == event.messageId);
    assert.equal(body.type, TYPES[event.event ?? event.type]);
    assert.equal(body.source, 'DATAFLY');
    assert.equal(event.anonymousId, anonymousId);
    assert.equal(body.anonymous_id, anonymousId);
    assert.equal(body.unverified_user_id, event.userId || undefined);
    for (const field of ['user_id', 'email', 'amperity_id', 'consent']) assert(!(field in body), field);
  }
  const the = (type) => arrived.find((body) => body.type == type);
  assert.equal(the('pageview').page_name, 'Home');
  const { unverified_user_id, unverified_email } = the('identify');
  assert.deepEqual([unverified_user_id, unverified_email], ['user-123', 'alice@example.com']);
  const { item_id, price, currency } = the('view_item');
  assert.deepEqual([item_id, price, currency], ['p1', 12.5, 'EUR']);

  const [id, ...others] = new Set(arrived.map(({ cookieid }) => cookieid));
  assert.deepEqual(others, [], 'the same client is the same visitor');
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.notEqual(id, anonymousId);
  assert.deepEqual(exchanges.flatMap(({ setCookies }) => setCookies), []);
};

for (const { client, again, console = [] } of [
  { client: 'segment', again: doneButRefused(503), console: [/status of 503/] },
  { client: 'segment-in-batches', again: doneButRefused(503), console: [/status of 503/] },
  { client: 'rudderstack', again: doneButRefused(503), console: [/status of 503/] },
  // These two try nothing again by themselves.
  { client: 'rudderstack-by-beacon', again: sentTwice() },
  { client: 'jitsu', again: sentTwice() },
]) {
  scenario(`${client}: events arrive once, mapped, and are the client’s`, async (visitor) => {
    visitor.expectConsole(...console);
    const exchanges = gate.watch();
    const tab = await visitor.tab(clientPage(client));
    await tab.evaluate((person) => {
      // Without properties Jitsu's client drops the name.
      window.client.page('Home', { season: 'spring' });
      window.client.identify(...person);
    }, PERSON);
    await taken(exchanges, 2);
    const lost = gate.fault(EVENTS, again, { times: 1 });
    await tab.evaluate((product) => void window.client.track('Product Viewed', product), PRODUCT);
    await taken(exchanges, 3);
    assert.equal(lost.met, 1);
    // The next page's client is the same one.
    await tab.reload();
    await tab.evaluate(() => void window.client.track('Order Completed', { order_id: 'o1' }));
    await taken(exchanges, 4);

    const sent = eventsIn(exchanges());
    assert.equal(idsOf(sent).length, 4, 'what is sent again has the id it had');
    assertDelivered(exchanges(), sent, await arrivals(sent));
    assert.deepEqual((await visitor.jar()).filter((cookie) => /dfk|_dfid/.test(cookie)), []);
  });
}

const program = (name) => new URL(`clients/${name}`, import.meta.url).pathname;
for (const [what, command, args, options = []] of [
  ['segment for node', process.execPath, [program('segment-node.js')]],
  ['segment for python', 'python3', [program('segment-python.py')]],
  ['segment for python, packed', 'python3', [program('segment-python.py')], ['--gzip']],
]) {
  scenario(`${what}: events arrive once, mapped, and are the client’s`, async () => {
    const exchanges = gate.watch();
    const lost = gate.fault(EVENTS, doneButRefused(503), { times: 1 });
    await runToItsEnd(command, [...args, outside.host, REQUIRED, 'anon-of-a-program', ...options], {
      NODE_EXTRA_CA_CERTS: outside.ca,
      REQUESTS_CA_BUNDLE: outside.ca,
      PYTHONPATH: PYTHON_PACKAGES,
    });
    assert.equal(lost.met, 1);
    const sent = eventsIn(exchanges());
    assert(sent.length > idsOf(sent).length, 'some were sent again, with the same ids');
    assert.equal(sent[0].anonymousId, 'anon-of-a-program');
    assertDelivered(exchanges(), sent, await arrivals(sent));
  });
}

scenario('a client beside our own SDK has another visitor, whose profile no page is told', async (visitor) => {
  const tab = await visitor.tab(shopPage({ form: 'stub', key: REQUIRED }));
  await pageEvent(tab);
  const own = await visitor.id();
  const exchanges = gate.watch();
  await tab.addScriptTag({ url: clientScript('rudderstack-by-beacon') });
  await tab.evaluate(() => void client.page('Home'));
  await taken(exchanges, 1);
  const beacon = accepted(exchanges(), '/beacon/')[0];
  assert.match(beacon.headers.cookie, /__Host-dfk=/, 'the cookie travels along');
  assert.deepEqual(beacon.setCookies, []);

  const [view] = eventsIn(exchanges());
  const arrived = await arrivals([view]);
  const [theirs, ours] = [true, false].map((is) => arrived.find((body) => (body.message_id == view.messageId) == is));
  assert.equal(ours.cookieid, own);
  assert.notEqual(theirs.cookieid, own);

  // The vendor knows that visitor; its events may say so to the vendor, and to nobody else.
  await vendor.link(theirs.cookieid, 'vera');
  await tab.evaluate(() => void client.track('Order Completed', { order_id: 'o1' }));
  await taken(exchanges, 2);
  await arrivals(eventsIn(exchanges()));
  await tab.evaluate(() => datafly.refreshProfile());
  assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: {} });
  assert.equal(await visitor.id(), own);
  for (const { answer } of exchanges()) assert(!answer.includes('Value Hunter'));
});

nothingLeaked();
