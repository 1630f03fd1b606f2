// The packed package, as plain script, as ES module, with Vite and with webpack.
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from 'vite';
import webpack from 'webpack';
import { accepted, event } from '../browser/harness/exchanges.js';
import { ID, OFF, SITE } from '../browser/harness/site.js';
import { until } from '../browser/harness/until.js';
import { gate, nothingLeaked, scenario, vendor } from '../browser/harness/world.js';
import { VERA } from '../browser/pages/people.js';
import { init } from '../browser/pages/shop.js';
import { app, deploy, installed, packed, write } from './app.js';

const HEAD = '<!doctype html><html lang="en"><meta charset="utf-8"><title>App</title><link rel="icon" href="data:,">';
const MAIN = `import datafly, { track } from '@datafly/browser';
${init(OFF)}
track('Imported');
window.sdk = datafly;
`;

/** The page works, with an engine that came from `wasmHost`. */
const works = async (visitor, url, { events = ['Imported'], wasmHost = SITE } = {}) => {
  visitor.expectConsole(/console debug/);
  const wasm = [];
  const tab = await visitor.tab();
  tab.on('response', (it) => {
    if (/wasm/.test(it.headers()['content-type'])) wasm.push(new URL(it.url()).origin);
  });
  await tab.goto(url);
  await tab.waitForFunction(() => window.sdk);
  await tab.evaluate(() => sdk.flush());
  assert.deepEqual(wasm, [wasmHost]);

  await vendor.link(await visitor.id(), 'vera');
  const exchanges = gate.watch();
  await tab.reload();
  await tab.waitForFunction(() => window.sdk);
  const profile = await tab.evaluate(() => sdk.onProfileReady().then(({ profile }) => profile));
  assert.deepEqual(profile, { amperity: VERA });
  await tab.evaluate(() => (sdk.track('Later'), sdk.flush()));
  const names = accepted(exchanges(), '/v1/t').map((exchange) => event(exchange).event);
  assert.deepEqual(names, [...events, 'Later']);
  await tab.evaluate(() => sdk.debug());
  await until(() => visitor.complained(/console debug: datafly \d/), 'a chunk comes, too');
};

test('the package holds what it names, and nothing else', () => {
  const files = packed.files.map(({ path }) => path);
  const adapters = ['profile', 'react', 'svelte', 'vue'].flatMap((name) => [`${name}.js`, `${name}.d.ts`]);
  const sdk = ['datafly.js', 'datafly.min.js', 'datafly.wasm', 'datafly.d.ts', 'README.md', 'chunks/debug.js'];
  for (const file of [...sdk, ...adapters]) {
    assert(files.includes(file), file);
  }
  assert(files.every((file) => !/^\.|inputs|node_modules/.test(file)), files.join());
  assert.match(packed.version, /^(?!0\.0\.0)\d+\.\d+\.\d+$/);
});

test('it is found by its name, with its types, and may be imported where there is no page', () => {
  const node = (code) => execFileSync('node', ['--input-type=module', '-e', code], { cwd: app, encoding: 'utf8' });
  const code = `const sdk = await import('@datafly/browser');
    console.log(typeof sdk.init, sdk.version == sdk.default.version, import.meta.resolve('@datafly/browser/debug'),
      import.meta.resolve('@datafly/browser/datafly.wasm'), import.meta.resolve('@datafly/browser/script'))`;
  assert.match(node(code), /^function true \S+chunks\/debug\.js \S+datafly\.wasm \S+datafly\.min\.js\n$/);
  for (const name of ['react', 'svelte', 'vue']) {
    const resolved = node(`console.log(import.meta.resolve('@datafly/browser/${name}'))`);
    assert(resolved.endsWith(`@datafly/browser/${name}.js\n`), resolved);
  }

  write('typed.ts', "import datafly, { init, type Outcome } from '@datafly/browser';\n" +
    "init({ pipelineKey: 'k', endpoint: 'e' });\nexport const ready: Promise<Outcome> = datafly.onProfileReady();\n" +
    '// @ts-expect-error there is no such function\ndatafly.nothing();\n');
  const tsc = join(import.meta.dirname, 'node_modules/.bin/tsc');
  for (const [module, resolution] of [['nodenext', 'nodenext'], ['esnext', 'bundler']]) {
    const options = ['--noEmit', '--strict', '--types', '', '--module', module, '--moduleResolution', resolution, 'typed.ts'];
    execFileSync(tsc, options, { cwd: app, encoding: 'utf8' });
  }
});

scenario('as plain script', async (visitor) => {
  deploy(installed, '/plain');
  const page = `${HEAD}<script src="/plain/datafly.min.js"></script>
    <script>${init(OFF)} datafly.track('Imported'); window.sdk = datafly;</script>`;
  await works(visitor, gate.put(SITE, page));
});

scenario('as plain script behind a stub that has taken calls already', async (visitor) => {
  const { stub } = await import('../browser/pages/parts.js');
  deploy(installed, '/plain');
  const page = `${HEAD}${stub('data-global="_df"')}
    <script>_df.track('Early'); ${init(OFF).replace('datafly.', '_df.')} _df.track('Imported'); window.sdk = _df;</script>
    <script async data-global="_df" src="/plain/datafly.min.js"></script>`;
  await works(visitor, gate.put(SITE, page), { events: ['Early', 'Imported'] });
});

scenario('as ES module', async (visitor) => {
  deploy(installed, '/esm');
  const page = `${HEAD}<script type="importmap">{ "imports": { "@datafly/browser": "/esm/datafly.js" } }</script>
    <script type="module">${MAIN}</script>`;
  await works(visitor, gate.put(SITE, page));
});

/** Builds with Vite for a path of the site; returns the folder. */
const withVite = async (path) => {
  write('vite/index.html', `${HEAD}<script type="module" src="./main.js"></script>`);
  write('vite/main.js', MAIN);
  const root = join(app, 'vite');
  const outDir = join(root, 'dist' + path);
  await build({ root, base: path + '/', logLevel: 'error', configFile: false, build: { outDir } });
  return outDir;
};

scenario('with Vite', async (visitor) => {
  deploy(await withVite('/vite'), '/vite');
  await works(visitor, SITE + '/vite/index.html');
});

scenario('where a build leaves the wasm behind it comes from the server', async (visitor) => {
  visitor.expectConsole(/Failed to load resource/);
  deploy(await withVite('/without'), '/without', (name) => name.endsWith('.wasm'));
  await works(visitor, SITE + '/without/index.html', { wasmHost: ID });
});

scenario('the wasm lies where init says', async (visitor) => {
  deploy(installed, '/moved', (name) => name.endsWith('.wasm'));
  deploy(installed, '/elsewhere', (name) => !name.endsWith('.wasm'));
  const main = MAIN.replace('enrich:', "wasm: '/elsewhere/datafly.wasm', enrich:").replace('@datafly/browser', '/moved/datafly.js');
  await works(visitor, gate.put(SITE, `${HEAD}<script type="module">${main}</script>`));
});

scenario('with webpack', async (visitor) => {
  write('webpack/main.js', MAIN);
  const context = join(app, 'webpack');
  const stats = await new Promise((resolve, reject) => {
    const output = { path: join(context, 'dist'), publicPath: '/webpack/' };
    webpack({ mode: 'production', context, entry: './main.js', output }, (error, stats) => (error ? reject(error) : resolve(stats)));
  });
  assert.equal(stats.toString({ all: false, errors: true, warnings: true }), '', 'neither error nor warning');
  deploy(join(context, 'dist'), '/webpack');
  await works(visitor, gate.put(SITE, `${HEAD}<script src="/webpack/main.js"></script>`));
});

nothingLeaked();
