// An event names the visitor it was called for, by the handle that the server gave this visitor: sent late, it
// is nobody else's.
import { strict as assert } from 'node:assert';
import { accepted, event, json, to } from './harness/exchanges.js';
import { hang, slowToArrive, status } from './harness/faults.js';
import { REQUIRED, SITE } from './harness/site.js';
import { until } from './harness/until.js';
import { gate, nothingLeaked, scenario } from './harness/world.js';
import { logIn, pageEvent } from './pages/people.js';
import { ELSEWHERE, FORMS, init, shopPage } from './pages/shop.js';

const TRACK = /^\/v1\/[tb]/;
const HANDLE = /^t\.[\w-]{43}$/;

const page = (form) => shopPage({ form, key: REQUIRED, script: init(REQUIRED) });
/** Of each event of this name, the handle it carried and that of whoever was there when it arrived. */
const tracked = (exchanges, name) =>
  accepted(exchanges(), '/v1/t')
    .filter((exchange) => event(exchange).event == name)
    .map((exchange) => [event(exchange).handle, json(exchange).handle]);
/** Whom the server's newest answer named. */
const present = (exchanges) => json(accepted(exchanges(), '/v1/').filter(({ answer }) => answer.includes('"success"')).at(-1)).handle;

/** A page whose visitor is known to the server, and by which handle. */
const arrive = async (visitor, form = 'stub') => {
  const exchanges = gate.watch();
  const tab = await visitor.tab(page(form));
  await pageEvent(tab);
  return { tab, exchanges, handle: present(exchanges) };
};

for (const form of FORMS) {
  scenario(`${form}: an event carries the handle, from the loader or the first answer on`, async (visitor) => {
    const { tab, exchanges, handle } = await arrive(visitor, form);
    assert.match(handle, HANDLE);
    const [first] = to(exchanges(), '/v1/p').map(event);
    assert.equal(first.handle, form == 'module' ? undefined : handle);
    if (form != 'module') assert(to(exchanges(), '/v1/loader')[0].answer.includes(`"handle":"${handle}"`));
    await tab.evaluate(() => datafly.track('Seen'));
    await until(() => tracked(exchanges, 'Seen').length, 'it is taken');
    assert.deepEqual(tracked(exchanges, 'Seen'), [[handle, handle]]);
  });

  scenario(`${form}: what was called before a log-out is of the one who left, whenever and however it arrives`, async (visitor) => {
    const { tab, exchanges, handle } = await arrive(visitor, form);
    const elsewhere = gate.put(SITE, ELSEWHERE);
    const lost = gate.fault(TRACK, hang(), { times: 1 });
    await tab.evaluate(() => datafly.track('Before'));
    await until(() => lost.met, 'it is under way');
    await Promise.all([
      tab.waitForURL(elsewhere),
      tab.evaluate((url) => {
        datafly.reset();
        datafly.track('After');
        location.href = url;
      }, elsewhere),
    ]);
    await tab.goto(page(form));
    await until(() => tracked(exchanges, 'Before').length && tracked(exchanges, 'After').length, 'both are taken');
    const [[before, there]] = tracked(exchanges, 'Before');
    assert.equal(before, handle);
    assert.notEqual(there, handle, 'somebody else was there by then');
    assert.equal(tracked(exchanges, 'After')[0][0], undefined, 'who that would be was not known yet');
  });
}

scenario('what was called before a log-out and never had a handle is nobody\'s once its page is gone', async (visitor) => {
  visitor.expectConsole(/datafly EVENTS_DELAYED/, /status of 503/);
  const exchanges = gate.watch();
  const tab = await visitor.tab(page('module'));
  const down = gate.fault(/^\/v1\/([iptgb]|reset)\?/, status(503));
  await tab.evaluate(() => datafly.track('Before'));
  await until(() => down.met, 'it is not taken');
  await tab.evaluate(() => {
    datafly.reset();
    datafly.track('After');
  });
  await tab.goto(gate.put(SITE, ELSEWHERE));
  gate.clear();
  await tab.goto(page('module'));
  await until(() => tracked(exchanges, 'Before').length && tracked(exchanges, 'After').length, 'both are taken', 10e3);
  assert.equal(tracked(exchanges, 'Before')[0][0], '-');
  assert.equal(tracked(exchanges, 'After')[0][0], undefined, 'behind the log-out, the next one is meant');
  const order = exchanges().filter(({ status }) => status == 200).map(({ path }) => path.split('?')[0]);
  assert(order.indexOf('/v1/reset') < order.indexOf('/v1/b'), `${order}`);
});

scenario('an event that waited while another tab logged out is not of whoever came then', async (visitor) => {
  visitor.expectConsole(/datafly EVENTS_DELAYED/, /status of 503/);
  const { tab, exchanges, handle } = await arrive(visitor);
  const other = await visitor.tab(page('stub'));
  const refused = gate.fault(TRACK, status(503, ['retry-after', '1']), { times: 1 });
  await tab.evaluate(() => datafly.track('Waits'));
  await until(() => refused.met, 'it is not taken');
  await other.evaluate(() => datafly.reset());
  await until(() => accepted(exchanges(), '/v1/reset')[0]?.over, 'the log-out is');
  await until(() => tracked(exchanges, 'Waits').length, 'now it is', 10e3);
  const next = json(accepted(exchanges(), '/v1/reset')[0]).handle;
  assert.notEqual(next, handle);
  assert.deepEqual(tracked(exchanges, 'Waits'), [[handle, next]]);
  await tab.evaluate(() => datafly.track('Later'));
  await until(() => tracked(exchanges, 'Later').length, 'the next one is taken');
  assert.notEqual(tracked(exchanges, 'Later')[0][0], handle, 'it is not of the one who left');
});

scenario('the first event after another tab logged out is not of the one who left either', async (visitor) => {
  const { tab, exchanges } = await arrive(visitor);
  const other = await visitor.tab(page('stub'));
  await other.evaluate(() => datafly.reset());
  await tab.waitForFunction((key) => localStorage['datafly.' + key]?.startsWith('1:1:'), REQUIRED);
  await tab.evaluate(() => datafly.track('First'));
  await until(() => tracked(exchanges, 'First').length, 'it is taken');
  assert.equal(tracked(exchanges, 'First')[0][0], undefined);
});

scenario('an answer to what was sent before a log-out or a log-in does not name who comes', async (visitor) => {
  for (const call of ['reset', 'identify']) {
    const { tab, exchanges, handle } = await arrive(visitor);
    const slow = gate.fault(call == 'reset' ? /^\/v1\/reset/ : /^\/v1\/b/, slowToArrive(500), { times: 1 });
    await tab.evaluate(
      (call) => {
        datafly.track(call + ' 1');
        datafly.track(call + ' 2');
        datafly[call]('user-1');
      },
      call,
    );
    await until(() => slow.met, 'it is under way');
    await tab.evaluate((name) => datafly.track(name + ' between'), call);
    await until(() => tracked(exchanges, call + ' between').length, 'all are taken');
    assert.deepEqual(tracked(exchanges, call + ' 2')[0][0], handle);
    assert.deepEqual(tracked(exchanges, call + ' between')[0][0], undefined);
  }
});

scenario('who logs in as somebody else is somebody else', async (visitor) => {
  const { tab, exchanges } = await arrive(visitor);
  await logIn(visitor, tab, 'alice');
  await tab.evaluate(() => datafly.track('Alice'));
  await until(() => tracked(exchanges, 'Alice').length, 'it is taken');
  await logIn(visitor, tab, 'bob');
  await tab.evaluate(() => datafly.track('Bob'));
  await until(() => tracked(exchanges, 'Bob').length, 'it is taken');
  const [[alice, isAlice], [bob, isBob]] = ['Alice', 'Bob'].map((name) => tracked(exchanges, name)[0]);
  assert.deepEqual([alice, bob], [isAlice, isBob]);
  assert.notEqual(alice, bob);
});

nothingLeaked();
