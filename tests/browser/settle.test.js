// `onProfileReady` settles exactly once, in time, with the right reason and without an uncaught error,
// whatever becomes of the server.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { timeoutOf } from '../../crates/browser/js/early.js';
import { LOADER, bareLoader } from './harness/fakes.js';
import { down, garbage, hang, late, status } from './harness/faults.js';
import { FOREIGN, READY_MS, REQUIRED, SLACK_MS, STUB_READY_MS } from './harness/site.js';
import { until } from './harness/until.js';
import { shoot } from './harness/visitor.js';
import { gate, nothingLeaked, scenario } from './harness/world.js';
import { init, shopPage } from './pages/shop.js';

const WAIT = "window.ready = watch('ready');";
const ENRICH = /^\/v1\/enrich/;
const WASM = /\.wasm$/;
const MODULE = /^\/v1\/assets\/.*\.js$/;

/** Callback and promise, once each, alike; the reason, and how long it took. */
const outcomeOf = async (tab, label = 'ready') => {
  const settled = (await tab.evaluate(() => seen.settled)).filter((one) => one.label == label);
  assert.deepEqual(settled.map(({ how }) => how), ['callback', 'promise']);
  const [{ reason, profile, ms }, second] = settled;
  assert.deepEqual([second.reason, second.profile], [reason, profile]);
  return { reason, profile, ms };
};

const settle = (tab) => tab.waitForFunction(() => seen.settled.length >= 2, null, { timeout: 2 * STUB_READY_MS });

const assertInTime = (ms, limit) => assert(ms < limit + SLACK_MS, `${ms} ms, allowed ${limit}`);

const ENRICH_FAULTS = [
  ['is down', down(), 'error'],
  ['hangs', hang(), 'timeout'],
  ['takes 10 s', late(10e3), 'timeout'],
  ['answers garbage', garbage(), 'error'],
  ['answers 500', status(500), 'error'],
  ['answers 503', status(503, ['retry-after', '30']), 'error'],
];

for (const form of ['stub', 'module']) {
  for (const [what, fault, reason] of ENRICH_FAULTS) {
    scenario(`${form}: the server ${what}`, async (visitor) => {
      visitor.expectConsole(/datafly ENRICH_FAILED/, /Failed to load resource/);
      gate.fault(LOADER, bareLoader());
      const fails = gate.fault(ENRICH, fault);
      const tab = await visitor.tab(shopPage({ form, key: REQUIRED, early: WAIT, script: init(REQUIRED) }));
      await settle(tab);
      const outcome = await outcomeOf(tab);
      assert.deepEqual([outcome.reason, outcome.profile], [reason, {}]);
      assert(fails.met > 0);
      if (reason == 'timeout') assert(outcome.ms > READY_MS - 100, `${outcome.ms} ms is no timeout`);
      assertInTime(outcome.ms, reason == 'timeout' ? READY_MS : 0.5 * READY_MS);
      await shoot(tab, `${what.replaceAll(' ', '-')}-${form}`);

      // The server recovers, the slow answer arrives: whoever was told is not told again.
      gate.clear();
      await tab.evaluate(() => watch('refresh', 'refreshProfile'));
      assert.equal((await outcomeOf(tab, 'refresh')).reason, 'empty');
      assert.deepEqual(await outcomeOf(tab), outcome);
    });
  }

  scenario(`${form}: the page's origin is denied`, async (visitor) => {
    visitor.expectConsole(/datafly ENRICH_DENIED/, /status of 403/);
    const tab = await visitor.tab(shopPage({ form, key: FOREIGN, early: WAIT, script: init(FOREIGN) }));
    await settle(tab);
    const outcome = await outcomeOf(tab);
    assert.deepEqual([outcome.reason, outcome.profile], ['denied', {}]);
    assertInTime(outcome.ms, 0.5 * READY_MS);
    await tab.waitForFunction(() => seen.errors.includes('ENRICH_DENIED'));
    await tab.evaluate(() => watch('refresh', 'refreshProfile'));
    assert.equal((await outcomeOf(tab, 'refresh')).reason, 'denied');
    assert.deepEqual(await outcomeOf(tab), outcome);
    await shoot(tab, `denied-${form}`);
  });

  for (const [what, fault] of [['is down', down()], ['hangs', hang()], ['is garbage', garbage()], ['is 404', status(404)]]) {
    scenario(`${form}: the wasm ${what}, the profile comes all the same`, async (visitor) => {
      visitor.expectConsole(/datafly WASM_UNAVAILABLE/, /Failed to load resource/, /wasm/i);
      const fails = gate.fault(WASM, fault);
      const url = shopPage({ form, key: REQUIRED, early: WAIT, script: init(REQUIRED) });
      const tab = await visitor.tab(url, { waitUntil: 'domcontentloaded' });
      await settle(tab);
      const outcome = await outcomeOf(tab);
      assert.deepEqual([outcome.reason, outcome.profile], ['empty', { amperity: {} }]);
      assertInTime(outcome.ms, 0.5 * READY_MS);
      await until(() => fails.met, 'the wasm was asked for');
    });
  }
}

for (const [what, fault] of [['down', down()], ['hanging', hang()], ['answering 503', status(503)]]) {
  scenario(`stub: all of datafly is ${what}, the loader too`, async (visitor) => {
    visitor.expectConsole(/Failed to load resource/);
    const fails = gate.fault(/./, fault);
    const url = shopPage({ form: 'stub', key: REQUIRED, early: WAIT, script: init(REQUIRED) });
    const tab = await visitor.tab(url, { waitUntil: 'domcontentloaded' });
    await tab.evaluate(() => {
      datafly.page('Home');
      datafly.track('Seen', { value: 1 });
      datafly.identify('user-123');
      datafly.reset();
    });
    await settle(tab);
    const outcome = await outcomeOf(tab);
    assert.deepEqual([outcome.reason, outcome.profile], ['timeout', {}]);
    assertInTime(outcome.ms, STUB_READY_MS);
    assert(fails.met > 0);
    await shoot(tab, `all-${what.replaceAll(' ', '-')}-stub`);

    gate.clear();
    await tab.evaluate(() => watch('again'));
    await outcomeOf(tab, 'again');
    assert.deepEqual(await outcomeOf(tab), outcome);
  });
}

for (const [what, fault] of [['down', down()], ['hanging', hang()], ['garbage', garbage()]]) {
  scenario(`stub: the loader comes but its module is ${what}`, async (visitor) => {
    visitor.expectConsole(/datafly SDK_UNAVAILABLE/, /Failed to load/);
    const fails = gate.fault(MODULE, fault);
    const url = shopPage({ form: 'stub', key: REQUIRED, early: WAIT, script: init(REQUIRED) });
    const tab = await visitor.tab(url, { waitUntil: 'domcontentloaded' });
    await settle(tab);
    const outcome = await outcomeOf(tab);
    assert.deepEqual([outcome.reason, outcome.profile], ['empty', { amperity: {} }]);
    assertInTime(outcome.ms, 0.5 * READY_MS);
    await until(() => fails.met, 'the module was asked for');
    await shoot(tab, `module-${what}-stub`);
  });
}

scenario('module: called long before init', async (visitor) => {
  const script = `await new Promise((resume) => setTimeout(resume, 400)); ${init(REQUIRED)}`;
  const tab = await visitor.tab(shopPage({ form: 'module', key: REQUIRED, early: WAIT, script }));
  await settle(tab);
  const { reason, profile, ms } = await outcomeOf(tab);
  assert.deepEqual([reason, profile], ['empty', { amperity: {} }]);
  assert(ms >= 400, 'it waited for init');
  assertInTime(ms, READY_MS);
});

scenario('module: called before init, and the server hangs: the time counts from the call', async (visitor) => {
  gate.fault(ENRICH, hang());
  visitor.expectConsole(/datafly ENRICH_FAILED/, /Failed to load resource/);
  const script = `await new Promise((resume) => setTimeout(resume, 800)); ${init(REQUIRED)}`;
  const tab = await visitor.tab(shopPage({ form: 'module', key: REQUIRED, early: WAIT, script }));
  await settle(tab);
  const { reason, ms } = await outcomeOf(tab);
  assert.equal(reason, 'timeout');
  assertInTime(ms, READY_MS);
});

scenario('module: called before init, which allows more time than was known then', async (visitor) => {
  gate.fault(ENRICH, hang());
  visitor.expectConsole(/datafly ENRICH_FAILED/, /Failed to load resource/);
  const script = init(REQUIRED, { timeoutMs: STUB_READY_MS + 1000 });
  const tab = await visitor.tab(shopPage({ form: 'module', key: REQUIRED, early: WAIT, script }));
  await settle(tab);
  const { reason, ms } = await outcomeOf(tab);
  assert.equal(reason, 'timeout');
  assert(ms > STUB_READY_MS + 800, `${ms} ms`);
  assertInTime(ms, STUB_READY_MS + 1000);
});

test('a wish for a timeout is kept within bounds, and ignored if it is no number', () => {
  const wishes = [800, 0, -1, 1e9, Infinity, NaN, '800', null, undefined, {}];
  const timeouts = wishes.map((wish) => timeoutOf(wish, 3000));
  assert.deepEqual(timeouts, [800, 100, 100, 60000, 60000, 3000, 3000, 3000, 3000, 3000]);
});

scenario('a callback may throw whatever it likes', async (visitor) => {
  visitor.expectConsole(/datafly CALLBACK_FAILED/);
  const tab = await visitor.tab(shopPage({ form: 'stub', key: REQUIRED, script: init(REQUIRED) }));
  await tab.evaluate(async () => {
    for (const thrown of [Symbol('s'), Object.create(null), null, new Error('e')]) {
      await datafly.onProfileReady(() => {
        throw thrown;
      });
    }
  });
  await tab.waitForFunction(() => seen.errors.length == 4);
  assert.deepEqual(await tab.evaluate(() => seen.errors), Array(4).fill('CALLBACK_FAILED'));
});

scenario('module: init never comes', async (visitor) => {
  const tab = await visitor.tab(shopPage({ form: 'module', key: REQUIRED, early: WAIT }));
  await settle(tab);
  const { reason, profile, ms } = await outcomeOf(tab);
  assert.deepEqual([reason, profile], ['timeout', {}]);
  assertInTime(ms, STUB_READY_MS);
});

nothingLeaked();
