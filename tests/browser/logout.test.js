// After a log-out nothing of the person is left: not in this tab, not in another, not by a late answer.
import { strict as assert } from 'node:assert';
import { accepted, pathsOf, to } from './harness/exchanges.js';
import { down, late, slowToArrive, status } from './harness/faults.js';
import { REQUIRED, SITE } from './harness/site.js';
import { until } from './harness/until.js';
import { shoot } from './harness/visitor.js';
import { gate, nothingLeaked, scenario } from './harness/world.js';
import { ALICE, logIn } from './pages/people.js';
import { ELSEWHERE, FORMS, init, shopPage } from './pages/shop.js';

const ENRICH = /^\/v1\/enrich/;

const isAlice = (tab) => tab.waitForFunction(() => datafly.profile.amperity?.Persona == 'Style Seeker');

/** From here on the tab's notes are about what comes after. */
const forget = (tab) =>
  tab.evaluate(() => {
    seen.swaps.length = 0;
    seen.settled.length = 0;
  });

const assertNeverAliceAgain = async (tab) => {
  const { settled, swaps } = await tab.evaluate(() => seen);
  const shown = [...settled, ...swaps].map(({ profile }) => profile.amperity?.Persona);
  assert(shown.every((persona) => persona == undefined), `${shown}`);
  const { reason, profile } = await tab.evaluate(() => datafly.refreshProfile());
  assert.deepEqual([reason, profile], ['empty', { amperity: {} }]);
};

for (const form of FORMS) {
  for (const where of ['this tab', 'the other tab']) {
    scenario.everywhere(`${form}: a log-out empties every tab for good, with an old answer on its way to ${where}`, async (visitor) => {
      const url = shopPage({ form, key: REQUIRED, script: init(REQUIRED) });
      const tab = await visitor.tab(url);
      await logIn(visitor, tab, 'alice');
      const other = await visitor.tab(url);
      await isAlice(other);
      const before = await visitor.id();
      await shoot(other, `before-log-out-${form}`);

      gate.fault(ENRICH, late(3e3), { times: 1 });
      const exchanges = gate.watch();
      await (where == 'this tab' ? tab : other).evaluate(() => void datafly.refreshProfile());
      const old = await until(() => accepted(exchanges(), '/v1/enrich')[0], 'the server answered');
      assert(old.answer.includes(ALICE.Persona) && !old.over);
      await forget(other);
      await forget(tab);
      assert.deepEqual(await tab.evaluate(() => (datafly.reset(), datafly.profile)), {}, 'at once');
      await other.waitForFunction(() => !datafly.profile.amperity?.Persona);
      await shoot(other, `after-log-out-${form}`);

      await until(() => accepted(exchanges(), '/v1/reset')[0]?.over, 'the server has heard of it');
      const after = await visitor.id();
      assert.notEqual(after, before);
      assert.equal(await visitor.cookie('_dfid'), after);
      await until(() => old.over, 'the old answer has arrived or was given up');
      await assertNeverAliceAgain(tab);
      await assertNeverAliceAgain(other);
      assert.equal(await visitor.id(), after);
      await tab.goto(url);
      await assertNeverAliceAgain(tab);
    });
  }
}

scenario('another tab does not bring the person back before the server has heard of the log-out', async (visitor) => {
  const url = shopPage({ form: 'stub', key: REQUIRED, script: init(REQUIRED) });
  const tab = await visitor.tab(url);
  await logIn(visitor, tab, 'alice');
  const other = await visitor.tab(url);
  await isAlice(other);
  const exchanges = gate.watch();
  const slow = gate.fault(/^\/v1\/reset/, slowToArrive(3e3), { times: 1 });
  await forget(other);
  await tab.evaluate(() => datafly.reset());
  await other.waitForFunction(() => !datafly.profile.amperity?.Persona);
  await until(() => slow.met, 'the log-out is under way');
  // Still with the cookie of the person who left.
  await other.evaluate(() => watch('between', 'refreshProfile'));
  const [{ profile }] = await other.evaluate(() => seen.settled);
  assert.equal(profile.amperity?.Persona, undefined);
  gate.clear();
  await until(() => accepted(exchanges(), '/v1/reset')[0]?.over, 'the server has heard of it');
  await assertNeverAliceAgain(other);
});

scenario('a log-out the server has not heard of yet holds back what is asked after it', async (visitor) => {
  visitor.expectConsole(/datafly EVENTS_DELAYED/, /status of 503/);
  const tab = await visitor.tab(shopPage({ form: 'stub', key: REQUIRED, script: init(REQUIRED) }));
  await logIn(visitor, tab, 'alice');
  const before = await visitor.id();
  const exchanges = gate.watch();
  const refused = gate.fault(/^\/v1\/reset/, status(503, ['retry-after', '1']), { times: 1 });
  await forget(tab);
  const outcome = await tab.evaluate(() => (datafly.reset(), datafly.refreshProfile()));
  assert.deepEqual([outcome.reason, outcome.profile, refused.met], ['error', {}, 1]);
  assert.equal(to(exchanges(), '/v1/enrich').length, 0, 'the cookie still names the person who left');
  await until(() => accepted(exchanges(), '/v1/reset')[0]?.over, 'the log-out is retried');
  assert.notEqual(await visitor.id(), before);
  await assertNeverAliceAgain(tab);
});

scenario('a page that comes back from the back/forward cache has heard of the log-out', async (visitor) => {
  const url = shopPage({ form: 'stub', key: REQUIRED, script: init(REQUIRED), cacheable: true });
  const elsewhere = gate.put(SITE, ELSEWHERE);
  const tab = await visitor.tab(url);
  await logIn(visitor, tab, 'alice');
  await tab.evaluate(() => addEventListener('pageshow', ({ persisted }) => (window.restored = persisted)));
  await forget(tab);
  await tab.goto(elsewhere);
  const other = await visitor.tab(url);
  const exchanges = gate.watch();
  await other.evaluate(() => datafly.reset());
  await until(() => accepted(exchanges(), '/v1/reset')[0]?.over, 'the server has heard of it');
  await tab.goBack({ waitUntil: 'commit' });
  assert.equal(await tab.evaluate(() => window.restored), true, 'it was restored, not loaded');
  assert.deepEqual(await tab.evaluate(() => datafly.profile.amperity?.Persona), undefined);
  await assertNeverAliceAgain(tab);
});

for (const form of FORMS) {
  scenario(`${form}: a log-out and off to the next page, which shows nobody`, async (visitor) => {
    const page = (early) => shopPage({ form, key: REQUIRED, early, script: init(REQUIRED) });
    const next = page("window.ready = watch('ready');");
    const tab = await visitor.tab(page());
    await logIn(visitor, tab, 'alice');
    const before = await visitor.id();
    const exchanges = gate.watch();
    // Neither the request nor the beacon is there before the next page asks.
    const slow = gate.fault(/^\/v1\/reset/, slowToArrive(1e3));
    await Promise.all([
      tab.waitForURL(next),
      tab.evaluate((url) => {
        datafly.reset();
        location.href = url;
      }, next),
    ]);
    await tab.waitForFunction(() => seen.settled.length == 2);
    assert(slow.met > 0);
    await until(() => accepted(exchanges(), '/v1/enrich')[0]?.over, 'the next page has asked');
    const met = to(exchanges(), '/v1/');
    const heard = met.findIndex(({ path, status }) => path.startsWith('/v1/reset') && status == 200);
    const asked = met.findIndex(({ path }) => path.startsWith('/v1/enrich'));
    assert(heard >= 0 && heard < asked, 'not before the log-out was heard');
    await assertNeverAliceAgain(tab);
    assert.notEqual(await visitor.id(), before);
    // The loader is asked for before the server can have heard, with the old cookie. No script has run by then
    // that could prevent it: what it holds of her counts for nothing, and nothing else holds any.
    const withHer = pathsOf(met.filter(({ answer }) => answer.includes(ALICE.Persona)));
    assert.deepEqual(withHer, form == 'module' ? [] : ['/v1/loader.js']);
  });
}

for (const [what, pattern, code] of [
  ['module', /^\/v1\/assets\/.*\.js$/, 'SDK_UNAVAILABLE'],
  ['wasm', /\.wasm$/, 'WASM_UNAVAILABLE'],
]) {
  scenario(`stub: a log-out where the ${what} does not come reaches the server and the other tabs`, async (visitor) => {
    visitor.expectConsole(new RegExp('datafly ' + code), /Failed to load/, /wasm/i);
    const url = shopPage({ form: 'stub', key: REQUIRED, script: init(REQUIRED) });
    const other = await visitor.tab(url);
    await logIn(visitor, other, 'alice');
    const before = await visitor.id();
    await visitor.emptyCache(other);
    const fails = gate.fault(pattern, down());
    const tab = await visitor.tab(url, { waitUntil: 'domcontentloaded' });
    await tab.waitForFunction((code) => seen.errors.includes(code), code);
    await isAlice(tab);
    assert(fails.met > 0);
    const exchanges = gate.watch();
    await forget(other);
    await tab.evaluate(() => datafly.reset());
    await other.waitForFunction(() => !datafly.profile.amperity?.Persona);
    await until(() => accepted(exchanges(), '/v1/reset')[0]?.over, 'the server has heard of it');
    assert.notEqual(await visitor.id(), before);
    await assertNeverAliceAgain(other);
    assert.deepEqual(await tab.evaluate(() => datafly.onProfileReady()), { profile: {}, reason: 'error', epoch: 2 });

    // And the other way round.
    await logIn(visitor, other, 'alice');
    await tab.reload({ waitUntil: 'domcontentloaded' });
    await isAlice(tab);
    await tab.waitForFunction((code) => seen.errors.includes(code), code);
    await other.evaluate(() => datafly.reset());
    await tab.waitForFunction(() => !datafly.profile.amperity?.Persona);
  });
}

scenario('stub: a log-out that nobody has taken yet when the page goes away is sent all the same', async (visitor) => {
  const url = shopPage({ form: 'stub', key: REQUIRED, script: init(REQUIRED) });
  const tab = await visitor.tab(url);
  await logIn(visitor, tab, 'alice');
  const before = await visitor.id();
  await visitor.emptyCache(tab);
  const module = gate.fault(/^\/v1\/assets\/.*\.js$/, slowToArrive(10e3));
  await tab.goto(url, { waitUntil: 'domcontentloaded' });
  await isAlice(tab);
  const exchanges = gate.watch();
  const next = gate.put(SITE, ELSEWHERE);
  await Promise.all([
    tab.waitForURL(next),
    tab.evaluate((url) => {
      datafly.reset();
      location.href = url;
    }, next),
  ]);
  assert(module.met > 0);
  await until(() => accepted(exchanges(), '/v1/reset')[0]?.over, 'the server has heard of it');
  assert.notEqual(await visitor.id(), before);
  gate.clear();
  await tab.goto(url);
  await assertNeverAliceAgain(tab);
});

nothingLeaked();
