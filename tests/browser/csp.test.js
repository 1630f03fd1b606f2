// Pages with a strict Content-Security-Policy, with and without the permission to compile wasm.
import { strict as assert } from 'node:assert';
import { accepted } from './harness/exchanges.js';
import { LOADER, bareLoader } from './harness/fakes.js';
import { COLLECT, ID, READY_MS, REQUIRED, SLACK_MS } from './harness/site.js';
import { until } from './harness/until.js';
import { shoot } from './harness/visitor.js';
import { gate, nothingLeaked, scenario } from './harness/world.js';
import { VERA, becomeKnown } from './pages/people.js';
import { snippet } from './pages/seed.js';
import { FORMS, manifest, shopPage } from './pages/shop.js';

const policy = (wasm) =>
  [
    `script-src 'self' ${ID} ${COLLECT} '${manifest.stub_csp}' ${wasm}`,
    `connect-src https://www.shop.test ${ID} ${COLLECT}`,
    "default-src 'self' data:",
  ].join('; ');

for (const form of FORMS) {
  const page = (wasm) => ({
    form,
    key: REQUIRED,
    csp: policy(wasm),
    early: "window.ready = watch('ready');",
    script: snippet(REQUIRED),
  });

  scenario(`${form}: a strict policy that allows wasm`, async (visitor) => {
    const url = shopPage(page("'wasm-unsafe-eval'"));
    const tab = await becomeKnown(visitor, url, 'vera');
    await tab.goto(url);
    await tab.waitForSelector('#hero[data-variant=promo]');
    assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: VERA });
    assert.deepEqual(await tab.evaluate(() => seen.errors), [], 'with the engine');
    await shoot(tab, `csp-wasm-${form}`);
  });

  scenario(`${form}: a strict policy that forbids wasm`, async (visitor) => {
    visitor.expectConsole(/datafly WASM_UNAVAILABLE/, /wasm|WebAssembly/i);
    const tab = await becomeKnown(visitor, shopPage(page("'wasm-unsafe-eval'")), 'vera');
    gate.fault(LOADER, bareLoader());
    await tab.goto(shopPage(page('')));
    await tab.waitForSelector('#hero[data-variant=promo]');
    const settled = await tab.evaluate(() => seen.settled);
    assert.deepEqual(settled.map(({ how, reason, profile }) => [how, reason, profile.amperity]), [
      ['callback', 'network', VERA],
      ['promise', 'network', VERA],
    ]);
    assert(settled.every(({ ms }) => ms < READY_MS + SLACK_MS));
    await tab.waitForFunction(() => seen.errors.includes('WASM_UNAVAILABLE'));
    assert.equal((await tab.evaluate(() => datafly.onProfileReady())).reason, 'network');
    await shoot(tab, `csp-no-wasm-${form}`);
  });

  scenario(`${form}: where wasm is forbidden events leave all the same`, async (visitor) => {
    visitor.expectConsole(/datafly WASM_UNAVAILABLE/, /wasm|WebAssembly/i);
    const exchanges = gate.watch();
    const tab = await visitor.tab(shopPage(page('')));
    await tab.waitForFunction(() => seen.errors.includes('WASM_UNAVAILABLE'));
    await tab.evaluate(() => datafly.track('Seen'));
    await until(() => accepted(exchanges(), '/v1/t')[0]?.over, 'the event is taken');
    // What the browser has to say of a beacon's answer it has said before it loads something else.
    await tab.evaluate(() => fetch(location.href));
  });
}

nothingLeaked();
