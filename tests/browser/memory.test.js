// Memory stays flat however much a page does. The answers are made up: it is the page that is measured.
import { strict as assert } from 'node:assert';
import { LOADER, loaderWith, says } from './harness/fakes.js';
import { OFF, READY_MS } from './harness/site.js';
import { gate, nothingLeaked, scenario } from './harness/world.js';
import { VERA } from './pages/people.js';
import { init, shopPage } from './pages/shop.js';

/** One thing left of each batch, or of each refresh, is more than this. */
const FEW = 150;

/** How many things of the page are alive. What V8 compiles as it goes, and what the browser keeps for its tools, are none. */
const alive = async (devtools) => {
  let text = '';
  const take = ({ chunk }) => (text += chunk);
  devtools.on('HeapProfiler.addHeapSnapshotChunk', take);
  // It collects what is garbage first.
  await devtools.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  devtools.off('HeapProfiler.addHeapSnapshotChunk', take);
  const { snapshot, nodes } = JSON.parse(text);
  const { node_fields: fields, node_types: [types] } = snapshot.meta;
  const kinds = ['object', 'closure', 'array', 'string', 'concatenated string', 'number', 'regexp'];
  const counted = new Set(kinds.map((kind) => types.indexOf(kind)));
  return nodes.filter((value, i) => i % fields.length == fields.indexOf('type') && counted.has(value)).length;
};

/** Sees how much memory the wasm has. */
const watchWasm = () => {
  // What the browser itself writes down of each request.
  performance.setResourceTimingBufferSize(0);
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = async (...args) => {
    const result = await instantiateStreaming.apply(WebAssembly, args);
    const memory = Object.values(result.instance.exports).find((it) => it instanceof WebAssembly.Memory);
    window.wasmBytes = () => memory.buffer.byteLength;
    return result;
  };
};

const work = (tab, events, refreshes) =>
  tab.evaluate(
    async ([events, refreshes]) => {
      for (let i = 0; i < events; i++) {
        datafly.track('Product Viewed', { sku: 'A-' + i, name: 'Chelsea Boot', price: i });
        if (i % 100 == 99) await datafly.flush();
      }
      for (let i = 0; i < refreshes; i++) await datafly.refreshProfile();
    },
    [events, refreshes],
  );

for (const [what, events, refreshes] of [['10,000 events', 10_000, 0], ['1,000 refreshes', 0, 1_000]]) {
  scenario(`${what} leave nothing behind`, async (visitor) => {
    gate.fault(LOADER, loaderWith({}));
    let [posts, enriches] = [0, 0];
    const counted = (count, answer) => (...args) => (count(), answer(...args));
    gate.fault(/^\/v1\/[bt]\?/, counted(() => posts++, says({ success: true, accepted: 1, failures: [] })));
    gate.fault(/^\/v1\/enrich/, counted(() => enriches++, says({ provider: 'amperity', attributes: VERA })));
    const tab = await visitor.tab();
    await tab.addInitScript(watchWasm);
    await tab.goto(shopPage({ form: 'stub', key: OFF, script: init(OFF) }));
    const devtools = await tab.context().newCDPSession(tab);
    const measured = async () => {
      // Until the last deadlines have passed.
      await tab.waitForTimeout(READY_MS + 500);
      // The probe's own notes are the page's.
      await tab.evaluate(() => (seen.swaps = []));
      return { things: await alive(devtools), wasm: await tab.evaluate(() => wasmBytes()) };
    };
    await work(tab, 1_000, 100);
    const before = await measured();
    await work(tab, events, refreshes);
    const after = await measured();
    assert(posts >= events / 50 && enriches >= refreshes, `${posts} batches, ${enriches} enriches`);
    const more = after.things - before.things;
    console.log(`${more} more things of ${before.things} are alive, ${after.wasm} bytes are the wasm's`);
    assert(more < FEW, `${more} things are left`);
    assert.equal(after.wasm, before.wasm, 'the memory of the wasm grew');
    assert.deepEqual(await tab.evaluate(() => Object.keys(localStorage).filter((key) => /^datafly\.q\./.test(key))), []);
  });
}

nothingLeaked();
