// The adapters for React, Vue and Svelte: `useProfile` shows the profile, follows it, and lets go; and what a server has
// rendered with a profile is taken over as it is.
import { strict as assert } from 'node:assert';
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { script } from './adapters/build.js';
import { to } from './harness/exchanges.js';
import { LOADER, bareLoader, says, saysLater } from './harness/fakes.js';
import { REQUIRED, SITE } from './harness/site.js';
import { gate, scenario } from './harness/world.js';
import { ALICE, VERA } from './pages/people.js';
import { shopPage } from './pages/shop.js';

const ENRICH = /^\/v1\/enrich/;
const HINTS = [/React DevTools/, /development build of Vue/];
const WRITTEN = { profiles: { amperity: VERA } };

/** How many follow the profile; and when the SDK has come, which does so itself. */
const COUNT = `
  window.taken = new Promise((resolve) => addEventListener('datafly:ready', resolve));
  window.following = 0;
  for (const [name, by] of [['addEventListener', 1], ['removeEventListener', -1]]) {
    const real = window[name];
    window[name] = (type, ...more) => {
      if (type == 'datafly:profile') following += by;
      return real.call(window, type, ...more);
    };
  }`;

const folder = mkdtempSync(join(tmpdir(), 'datafly-adapters-'));
after(() => rmSync(folder, { recursive: true }));
const require = createRequire(import.meta.url);

/** What a server renders with these profiles. */
const rendered = async (name, extension, profiles) => {
  const file = join(folder, name + '.cjs');
  writeFileSync(file, await script(`${name}/server.${extension}`, 'node'));
  return require(file).render(profiles);
};

/** @param before what is waited for before the framework starts */
const page = async (name, extension, { html = '', written, before = '' } = {}) => {
  const client = gate.put(SITE, await script(`${name}/client.${extension}`, 'browser'), { type: 'text/javascript' });
  return shopPage({
    form: 'stub',
    key: REQUIRED,
    written: written && JSON.stringify(written),
    early: COUNT,
    script: `
      import '${client}';
      const app = document.createElement('main');
      app.innerHTML = ${JSON.stringify(html)};
      document.body.append(app);
      ${before}
      window.app = app;
      window.before = [...app.querySelectorAll('p')];
      const others = following;
      window.remove = ${html ? 'hydrate' : 'mount'}(app);
      window.atOnce = app.textContent;
      window.own = () => following - others;`,
  });
};

const shows = (tab, text) =>
  tab.waitForFunction(
    (text) => window.app && [...app.querySelectorAll('p')].map((p) => p.textContent).join() == `${text},${text}`,
    text,
  );

for (const [name, extension] of [['react', 'jsx'], ['vue', 'js'], ['svelte', 'js']]) {
  scenario(`${name}: shows the profile, follows it, and lets go`, async (visitor) => {
    visitor.expectConsole(...HINTS);
    gate.fault(LOADER, bareLoader());
    const vera = saysLater({ provider: 'amperity', attributes: VERA });
    gate.fault(ENRICH, vera.fault);
    const tab = await visitor.tab(await page(name, extension, { before: 'await taken;' }));
    await shows(tab, 'waiting');
    vera.release();
    await shows(tab, VERA.Persona);

    gate.fault(ENRICH, says({ provider: 'amperity', attributes: ALICE }));
    await tab.evaluate(() => void datafly.refreshProfile());
    await shows(tab, ALICE.Persona);

    await tab.evaluate(() => datafly.reset());
    await shows(tab, 'nobody known');

    assert((await tab.evaluate(() => own())) > 0);
    await tab.evaluate(() => remove());
    assert.equal(await tab.evaluate(() => app.textContent), '');
    assert.equal(await tab.evaluate(() => own()), 0, 'nothing is left behind');
  });

  scenario(`${name}: what waits for nothing says so`, async (visitor) => {
    visitor.expectConsole(...HINTS);
    gate.fault(LOADER, bareLoader());
    gate.fault(ENRICH, says({ provider: 'amperity', attributes: {} }));
    const tab = await visitor.tab(await page(name, extension));
    await shows(tab, 'nobody known');
  });

  scenario(`${name}: what a server has rendered is taken over, with no request and no mismatch`, async (visitor) => {
    visitor.expectConsole(...HINTS);
    gate.fault(LOADER, bareLoader());
    const exchanges = gate.watch();
    const html = await rendered(name, extension, WRITTEN.profiles);
    assert.match(html, /Value Hunter/);
    const tab = await visitor.tab(await page(name, extension, { html, written: WRITTEN }));
    await shows(tab, VERA.Persona);
    await tab.evaluate(() => datafly.onProfileReady());
    await shows(tab, VERA.Persona);
    assert(await tab.evaluate(() => before.length == 2 && before.every((p) => p.isConnected)), 'the same elements');
    assert.deepEqual(to(exchanges(), '/v1/enrich'), []);

    gate.fault(ENRICH, says({ provider: 'amperity', attributes: ALICE }));
    await tab.evaluate(() => void datafly.refreshProfile());
    await shows(tab, ALICE.Persona);
  });

  scenario(`${name}: what was rendered without a profile is taken over before the profile shows`, async (visitor) => {
    visitor.expectConsole(...HINTS);
    gate.fault(LOADER, bareLoader());
    gate.fault(ENRICH, says({ provider: 'amperity', attributes: VERA }));
    const html = await rendered(name, extension);
    assert.match(html, /waiting/);
    const tab = await visitor.tab(await page(name, extension, { html, before: 'await datafly.onProfileReady();' }));
    await shows(tab, VERA.Persona);
    // Svelte would mend a mismatch in silence.
    assert.equal(await tab.evaluate(() => atOnce.replace(' ', '')), 'waitingwaiting');
    assert(await tab.evaluate(() => before.every((p) => p.isConnected)), 'the same elements');
  });
}
