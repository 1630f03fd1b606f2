// One SDK works on a page, however often and in whatever order it comes there, under whatever name, beside
// whatever else has that name; and it leaves nothing else behind.
import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { accepted, event, pathsOf } from './harness/exchanges.js';
import { COLLECT, ID, OFF } from './harness/site.js';
import { until } from './harness/until.js';
import { gate, nothingLeaked, scenario } from './harness/world.js';
import { loader, module, pageOf, script, stub } from './pages/parts.js';
import { manifest } from './pages/shop.js';

/** Errors are said where they happen. */
const names = (exchanges) => accepted(exchanges, '/v1/t').map((exchange) => event(exchange).event);

const ORDERS = {
  'stub, loader, loader': [stub(), loader(), loader()],
  'stub, loader, stub': [stub(), loader(), stub()],
  'loader, stub': [loader(), stub()],
  'loader, loader': [loader(), loader()],
  'stub, loader, module': [stub(), loader(), module()],
  'stub, module, loader': [stub(), module(), loader('defer')],
  'module, loader': [module(), loader('defer')],
  'module, module': [module(), module()],
  'module that takes up a stub': [stub(), module("global: 'datafly',")],
};

for (const [order, parts] of Object.entries(ORDERS)) {
  scenario(`once: ${order}`, async (visitor) => {
    const exchanges = gate.watch();
    const early = parts[0] == stub() ? [script("window.kept = datafly.track; datafly.track('Early')")] : [];
    const tab = await visitor.tab(pageOf([parts[0], ...early, ...parts.slice(1)]));
    const called = await tab.evaluate(async () => {
      const all = { window: window.datafly, module: window.sdk };
      const called = [];
      for (const [name, sdk] of Object.entries(all)) {
        if (!sdk) continue;
        sdk.track(name);
        called.push(name);
        await sdk.flush();
      }
      if (window.kept) kept('Kept');
      await (window.datafly ?? sdk).flush();
      return called;
    });
    const expected = [...called, ...(early.length ? ['Early', 'Kept'] : [])].sort();
    await until(() => names(exchanges()).length >= expected.length, 'all events are taken');
    assert.deepEqual(names(exchanges()).sort(), expected, 'each once');
    assert.equal(pathsOf(exchanges()).filter((path) => path.endsWith('.wasm')).length, 1, 'one engine');
    const same = await tab.evaluate(() => !window.sdk || !window.datafly || sdk.profile === datafly.profile);
    assert(same, 'one profile');
  });
}

scenario('a loader of another pipeline is refused, and changes nothing', async (visitor) => {
  visitor.expectConsole(/datafly ALREADY_INITIALISED/);
  const other = loader().replace(OFF, 'dk_test_shop');
  const exchanges = gate.watch();
  const tab = await visitor.tab(pageOf([stub(), loader(), other]));
  await tab.evaluate(() => (datafly.track('Seen'), datafly.flush()));
  assert.deepEqual(names(exchanges()), ['Seen']);
  assert(visitor.complained(/ALREADY_INITIALISED/));
});

for (const [what, element] of [
  ['an element', '<a id="datafly"></a>'],
  ['a form with its own _q', '<form id="datafly"><input name="_q"></form>'],
  ['two elements', '<a id="datafly"></a><a id="datafly" name="_q"></a>'],
]) {
  scenario(`${what} of the same name is in nobody's way`, async (visitor) => {
    for (const parts of [[stub(), loader()], [loader()]]) {
      const exchanges = gate.watch();
      const tab = await visitor.tab(pageOf([element, ...parts]));
      await tab.evaluate(() => (datafly.track('Seen'), datafly.flush()));
      assert.deepEqual(names(exchanges()), ['Seen']);
    }
  });
}

scenario('under the name that the tags give, and no other', async (visitor) => {
  const exchanges = gate.watch();
  for (const parts of [
    [stub('data-global="_df"'), loader('data-global="_df"')],
    [loader('data-global="_df"')],
    [module("global: '_df',")],
  ]) {
    const tab = await visitor.tab(pageOf(parts));
    await tab.waitForFunction(() => window._df?.version);
    await tab.evaluate(() => (_df.track('Seen'), _df.flush()));
    assert.equal(await tab.evaluate(() => typeof datafly), 'undefined');
  }
  assert.deepEqual(names(exchanges()), ['Seen', 'Seen', 'Seen']);
});

scenario('nothing else becomes global', async (visitor) => {
  const note = script('window.before = Object.getOwnPropertyNames(window)');
  for (const [parts, added] of [
    [[stub(), loader()], ['datafly']],
    [[loader()], ['datafly']],
    // The page's own.
    [[module()], ['sdk']],
  ]) {
    const tab = await visitor.tab(pageOf([note, ...parts]));
    const names = await tab.evaluate(async () => {
      const sdk = window.datafly ?? window.sdk;
      sdk.debug(false);
      sdk.track('Seen');
      await sdk.flush();
      return Object.getOwnPropertyNames(window).filter((name) => !before.includes(name) && name != 'before');
    });
    assert.deepEqual(names, added);
  }
});

const NONCE = 'nonce="bm9uY2U"';

for (const [what, policy] of [
  ['nonces and strict-dynamic', `script-src 'nonce-bm9uY2U' 'strict-dynamic' 'wasm-unsafe-eval'; connect-src ${ID} ${COLLECT}; default-src 'self' data:`],
  ['nonces alone, and our hosts', `script-src 'nonce-bm9uY2U' ${COLLECT} 'wasm-unsafe-eval'; connect-src ${ID} ${COLLECT}; default-src 'self' data:`],
  ['Trusted Types', "require-trusted-types-for 'script'; trusted-types 'none'"],
]) {
  scenario(`a page with ${what}`, async (visitor) => {
    visitor.expectConsole(/console debug/);
    const said = () => visitor.complaints().filter((text) => /^console debug: datafly \d/.test(text)).length;
    const forms = [
      [stub(NONCE), loader(NONCE)],
      [module('', NONCE)],
    ];
    for (const [i, parts] of forms.entries()) {
      const exchanges = gate.watch();
      const tab = await visitor.tab(pageOf(parts, { 'content-security-policy': policy }));
      await tab.evaluate(async () => {
        const sdk = window.datafly ?? window.sdk;
        sdk.debug();
        sdk.track('Seen');
        await sdk.flush();
      });
      assert.deepEqual(names(exchanges()), ['Seen']);
      await until(() => said() == i + 1, 'chunks come, too');
    }
  });
}

scenario('the hashes that are printed are those of the files', async (visitor) => {
  const tab = await visitor.tab(pageOf([]));
  for (const { name, integrity } of manifest.files) {
    if (name == 'loader.js') continue;
    const url = `${COLLECT}/v1/assets/${name}`;
    const taken = await tab.evaluate(([url, integrity]) => fetch(url, { integrity }).then(({ status }) => status), [url, integrity]);
    assert.equal(taken, 200, name);
  }
  visitor.expectConsole(/integrity/);
  const wrong = 'sha384-' + createHash('sha384').update('other').digest('base64');
  const url = `${COLLECT}/v1/assets/${manifest.module}`;
  const refused = await tab.evaluate(([url, integrity]) => fetch(url, { integrity }).catch(() => 'refused'), [url, wrong]);
  assert.equal(refused, 'refused');
});

nothingLeaked();
