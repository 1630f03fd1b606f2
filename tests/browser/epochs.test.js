// What was asked for the visitor before a log-in never counts after it.
import { strict as assert } from 'node:assert';
import { accepted } from './harness/exchanges.js';
import { LOADER, bareLoader } from './harness/fakes.js';
import { late, slowToArrive } from './harness/faults.js';
import { REQUIRED } from './harness/site.js';
import { until } from './harness/until.js';
import { shoot } from './harness/visitor.js';
import { gate, nothingLeaked, scenario, vendor } from './harness/world.js';
import { ALICE, VERA, becomeKnown } from './pages/people.js';
import { FORMS, init, shopPage } from './pages/shop.js';

const ENRICH = /^\/v1\/enrich/;
const SLOW_MS = 3e3;

const refreshAs = (tab, login) =>
  tab.evaluate(({ userId, traits, token }) => {
    datafly.identify(userId, traits, { token });
    return watch('refresh', 'refreshProfile');
  }, login);

const assertNeverVera = async (tab) => {
  const { settled, swaps } = await tab.evaluate(() => seen);
  const shown = [...settled, ...swaps].map(({ profile }) => profile.amperity ?? {});
  assert(shown.every(({ Persona }) => Persona != VERA.Persona), JSON.stringify(shown));
  assert.equal(settled.filter(({ label }) => label == 'ready').length, 2, 'callback and promise, once each');
};

for (const form of FORMS) {
  const page = () => shopPage({ form, key: REQUIRED, early: "window.ready = watch('ready');", script: init(REQUIRED) });

  scenario(`${form}: a slow answer from before the log-in does not overwrite the one after`, async (visitor) => {
    const url = page();
    const tab = await becomeKnown(visitor, url, 'vera');
    gate.fault(LOADER, bareLoader());
    const login = await visitor.logIn(tab, 'alice');
    const exchanges = gate.watch();
    gate.fault(ENRICH, late(SLOW_MS), { times: 1 });
    await tab.goto(url);
    const old = await until(() => accepted(exchanges(), '/v1/enrich')[0], 'the server answered');
    assert(!old.over);
    assert.match(old.answer, /Value Hunter/, 'an answer with the old profile is on its way');

    await refreshAs(tab, login);
    assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: ALICE });
    assert.deepEqual(await vendor.lookUps(), ['device_cookie', 'email_sha256']);
    await shoot(tab, `logged-in-while-slow-${form}`);

    await until(() => old.over, 'the old answer has arrived or was given up', 2 * SLOW_MS);
    const { reason, profile } = await tab.evaluate(() => datafly.refreshProfile());
    assert.deepEqual([reason, profile], ['network', { amperity: ALICE }]);
    await assertNeverVera(tab);
  });

  scenario(`${form}: nor where the engine comes after both`, async (visitor) => {
    const url = page();
    const tab = await becomeKnown(visitor, url, 'vera');
    gate.fault(LOADER, bareLoader());
    const login = await visitor.logIn(tab, 'alice');
    const exchanges = gate.watch();
    const old = gate.fault(ENRICH, late(600), { times: 1 });
    await visitor.emptyCache(tab);
    const wasm = gate.fault(/\.wasm$/, late(1200), { times: 1 });
    await tab.goto(url, { waitUntil: 'domcontentloaded' });
    await until(() => accepted(exchanges(), '/v1/enrich')[0], 'the server answered');
    await refreshAs(tab, login);
    await tab.waitForFunction(() => datafly.profile.amperity?.Persona);
    assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: ALICE });
    assert.deepEqual([old.met, wasm.met], [1, 1]);
    await assertNeverVera(tab);
  });
}

for (const form of FORMS) {
  scenario(`${form}: a log-in in one tab is one in the other, whose slow answer from before counts no more`, async (visitor) => {
    const url = shopPage({ form, key: REQUIRED, script: init(REQUIRED) });
    const tab = await becomeKnown(visitor, url, 'vera');
    const login = await visitor.logIn(tab, 'alice');
    const other = await visitor.tab(url);
    await other.waitForFunction(() => datafly.profile.amperity?.Persona == 'Value Hunter');
    await other.evaluate(() => (seen.swaps.length = 0));
    const exchanges = gate.watch();
    // What either tab asks after the log-in arrives after it.
    gate.fault(ENRICH, slowToArrive(500));
    gate.fault(ENRICH, late(SLOW_MS), { times: 1 });
    await other.evaluate(() => void watch('other', 'refreshProfile'));
    const old = await until(() => accepted(exchanges(), '/v1/enrich')[0], 'the server answered');
    assert.match(old.answer, /Value Hunter/);

    await refreshAs(tab, login);
    await other.waitForFunction(() => seen.settled.length == 2);
    const { settled, swaps } = await other.evaluate(() => seen);
    const alice = { reason: 'network', epoch: 1, profile: { amperity: ALICE } };
    assert.deepEqual(settled.map(({ reason, epoch, profile }) => ({ reason, epoch, profile })), [alice, alice]);
    assert.deepEqual(swaps, [{ epoch: 1, profile: { amperity: ALICE } }]);
    assert(old.cutByBrowser, 'nobody waits for the old answer');
  });
}

nothingLeaked();
