// The lines that `cargo xtask bundle` prints for a page's top: what they fetch is what the SDK takes.
import { strict as assert } from 'node:assert';
import { says } from './harness/fakes.js';
import { COLLECT, ID, REQUIRED } from './harness/site.js';
import { gate, scenario } from './harness/world.js';
import { outcomes, settled } from './pages/notes.js';
import { VERA } from './pages/people.js';
import { init, manifest, shopPage } from './pages/shop.js';

const ours = (lines) =>
  lines.replaceAll('https://id.example.com', ID).replaceAll('https://collect.example.com', COLLECT);

for (const [form, hints] of [['module', manifest.hints.module], ['stub', manifest.hints.loader]]) {
  scenario(`${form}: what a page says beforehand is used, and nothing comes twice`, async (visitor) => {
    gate.fault(/^\/v1\/enrich/, says({ provider: 'amperity', attributes: VERA }));
    const script = form == 'module' ? init(REQUIRED) : '';
    const early = "window.ready = watch('ready');";
    const tab = await visitor.tab(shopPage({ form, key: REQUIRED, top: ours(hints), early, script }));
    await settled(tab);
    assert.equal((await outcomes(tab)).length, 2);
    // An answer means that the engine is there, and so that all has been loaded.
    await tab.evaluate(() => datafly.refreshProfile());
    const loaded = await tab.evaluate(() =>
      performance.getEntriesByType('resource').map(({ name, initiatorType }) => [name.replace(/.*\//, ''), initiatorType]),
    );
    const files = form == 'module' ? [manifest.module, manifest.wasm] : [manifest.engine, manifest.wasm];
    for (const file of files) {
      const met = loaded.filter(([name]) => name == file);
      assert.equal(met.length, 1, `${file}: ${JSON.stringify(met)}`);
    }
    // Of a module Chromium does not say who began with it.
    if (form == 'module') assert.deepEqual(loaded.find(([name]) => name == manifest.wasm), [manifest.wasm, 'link']);
  });
}
