// The example of a site that renders on its server (crates/browser/examples/ssr), built and run as it is.
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { script } from './adapters/build.js';
import { SERVER_KEY } from './harness/config.js';
import { to } from './harness/exchanges.js';
import { LOADER, bareLoader, says } from './harness/fakes.js';
import { status } from './harness/faults.js';
import { WWW } from './harness/processes.js';
import { ID, REQUIRED, SITE } from './harness/site.js';
import { gate, nothingLeaked, outside, scenario } from './harness/world.js';
import { ALICE, VERA, becomeKnown } from './pages/people.js';
import { shopPage } from './pages/shop.js';

const EXAMPLE = '../../../crates/browser/examples/ssr';
const ENRICH = /^\/v1\/enrich/;
const URL = SITE + '/rendered';

const folder = mkdtempSync(join(tmpdir(), 'datafly-ssr-'));
writeFileSync(join(folder, 'client.js'), await script(`${EXAMPLE}/client.jsx`, 'browser'));
writeFileSync(join(folder, 'server.cjs'), await script(`${EXAMPLE}/server.jsx`, 'node'));
const server = spawn(process.execPath, [join(folder, 'server.cjs')], {
  env: {
    DATAFLY_URL: ID,
    DATAFLY_INTERNAL_URL: outside.host,
    PIPELINE_KEY: REQUIRED,
    SERVER_KEY,
    DATAFLY_MANIFEST: join(WWW, 'pkg/manifest.json'),
    PORT: '0',
    NODE_EXTRA_CA_CERTS: outside.ca,
  },
  stdio: ['ignore', 'pipe', 'ignore'],
});
const address = await new Promise((resolve, reject) => {
  server.stdout.once('data', (line) => resolve(String(line).trim().replace('http://', '')));
  server.once('exit', () => reject(new Error('the example has ended')));
});
gate.toServer(address, '/rendered', '/client.js');
after(() => {
  server.kill();
  rmSync(folder, { recursive: true });
});

/** Once React has taken the page over. */
const hydrated = (tab) =>
  tab.waitForFunction(() => Object.keys(document.querySelector('h1') ?? {}).some((key) => key.startsWith('__reactFiber')));

const arrive = async (visitor, tab) => {
  visitor.expectConsole(/React DevTools/);
  gate.fault(LOADER, bareLoader());
  const exchanges = gate.watch();
  const from = gate.exchanges.length;
  await tab.goto(URL);
  const html = gate.exchanges.slice(from).find(({ path }) => path == '/rendered').answer;
  await hydrated(tab);
  return { exchanges, html };
};

scenario('the page comes with the profile in it, and hydrates with no request and no mismatch', async (visitor) => {
  const tab = await becomeKnown(visitor, shopPage({ form: 'stub', key: REQUIRED }), 'vera');
  const { exchanges, html } = await arrive(visitor, tab);
  assert.match(html, /<h1>Up to 40 % off\.<\/h1>/);
  assert.match(html, /cache-control: private, no-store/);
  const { reason, profile } = await tab.evaluate(() => datafly.onProfileReady());
  assert.deepEqual([reason, profile], ['inline', { amperity: VERA }]);
  assert.equal(await tab.textContent('h1'), 'Up to 40 % off.');
  assert.equal(await tab.textContent('p'), 'New from Halden');
  assert.equal(to(exchanges(), '/v1/bootstrap').length, 1, 'the server asked');
  assert.deepEqual(to(exchanges(), '/v1/enrich'), [], 'the browser did not');

  gate.fault(ENRICH, says({ provider: 'amperity', attributes: ALICE }));
  await tab.evaluate(() => void datafly.refreshProfile());
  await tab.waitForFunction(() => document.querySelector('h1').textContent == 'Made for long light.');
});

scenario('who is new gets the page as it is for everybody', async (visitor) => {
  gate.fault(ENRICH, says({ provider: 'amperity', attributes: VERA }));
  const { exchanges, html } = await arrive(visitor, await visitor.tab());
  assert.match(html, /<h1>Made for long light\.<\/h1>/);
  assert.doesNotMatch(html, /id="datafly-profile"/);
  assert.deepEqual(to(exchanges(), '/v1/bootstrap'), []);
});

scenario('where there is no answer the page comes all the same, and hydrates by itself', async (visitor) => {
  const tab = await becomeKnown(visitor, shopPage({ form: 'stub', key: REQUIRED }), 'vera');
  const refused = gate.fault(/^\/v1\/bootstrap/, status(503));
  const { html } = await arrive(visitor, tab);
  assert.equal(refused.met, 1);
  assert.match(html, /<h1>Made for long light\.<\/h1>/);
  await tab.waitForFunction(() => document.querySelector('h1').textContent == 'Up to 40 % off.');
});

nothingLeaked();
