// The anti-flicker helper: what would change before one's eyes is hidden until it has, and never for longer than its
// limit; and nothing moves.
import { strict as assert } from 'node:assert';
import { LOADER, bareLoader, loaderWith, says } from './harness/fakes.js';
import { down, hang, late } from './harness/faults.js';
import { COLLECT, ID, REQUIRED, SITE, SLACK_MS } from './harness/site.js';
import { gate, scenario } from './harness/world.js';
import { VERA } from './pages/people.js';
import { manifest, shopPage } from './pages/shop.js';

const ENRICH = /^\/v1\/enrich/;
const CHUNK = /declare-/;
/** Of the helper, and one that no test reaches that is not about it. */
const LIMIT_MS = 1000;
const FAR_MS = 9000;
const INLINED = { credentialed: true, profiles: { amperity: VERA } };

/** Writes down when the page was shown, and what there was to see. */
const WATCH = `<script>
  window.lifted = new Promise((resolve) => new MutationObserver(() => {
    if (document.documentElement.classList.contains('datafly-wait')) return;
    const promo = document.querySelector('#promo');
    resolve({ ms: performance.now() - window.began, variant: hero.dataset.variant, promo: promo && !promo.hidden });
  }).observe(document.documentElement, { attributes: true }));
  window.began = performance.now();
</script>`;
const helper = (attributes = `data-ms="${FAR_MS}"`) => `<style>.datafly-wait #hero, .datafly-wait #promo { visibility: hidden }</style>
  ${WATCH}<script ${attributes}>${manifest.antiflicker}</script>`;

/** The seed's own lines. */
const SCRIPT = `
  datafly.onProfileReady().then(() => {
    if (datafly.profile.amperity?.Persona == 'Value Hunter') document.querySelector('#hero').dataset.variant = 'promo';
  });`;
const PROMO = `<p id="promo" data-datafly-if="amperity.Persona == 'Value Hunter'" hidden>Up to 40 % off.</p>`;

const shop = (more = {}) => shopPage({ form: 'stub', key: REQUIRED, top: helper(), script: SCRIPT, ...more });
const lifted = async (tab) => {
  await tab.waitForFunction(() => window.lifted);
  return tab.evaluate(() => window.lifted);
};

for (const form of ['stub', 'blocking']) {
  scenario(`${form}: the page is shown once its own script has changed it`, async (visitor) => {
    gate.fault(LOADER, bareLoader());
    gate.fault(ENRICH, says({ provider: 'amperity', attributes: VERA }));
    const tab = await visitor.tab(shop({ form }), { waitUntil: 'commit' });
    const { ms, variant } = await lifted(tab);
    assert.equal(variant, 'promo');
    assert(ms < FAR_MS, `${ms} ms`);
  });

  scenario(`${form}: a profile that is there at once is not shown before the script has run`, async (visitor) => {
    gate.fault(LOADER, loaderWith(INLINED));
    const tab = await visitor.tab(shop({ form }), { waitUntil: 'commit' });
    assert.equal((await lifted(tab)).variant, 'promo');
  });
}

scenario('declarative elements are shown once they are rendered', async (visitor) => {
  gate.fault(LOADER, loaderWith(INLINED));
  // Later than the profile.
  gate.fault(CHUNK, late(300));
  const tab = await visitor.tab(shop({ html: PROMO }), { waitUntil: 'commit' });
  const { ms, promo } = await lifted(tab);
  assert.equal(promo, true);
  assert(ms < FAR_MS, `${ms} ms`);
});

for (const [what, pattern, fault] of [
  ['the loader does not answer', LOADER, hang()],
  ['the profile does not come', ENRICH, hang()],
  ['what renders does not come', CHUNK, hang()],
]) {
  scenario(`it lasts no longer than its limit: ${what}`, async (visitor) => {
    visitor.expectConsole(/ENRICH_FAILED/, /Failed to load resource/);
    if (pattern != LOADER) gate.fault(LOADER, pattern == CHUNK ? loaderWith(INLINED) : bareLoader());
    gate.fault(pattern, fault);
    const tab = await visitor.tab(shop({ top: helper(''), html: PROMO }), { waitUntil: 'commit' });
    const { ms } = await lifted(tab);
    assert(ms > LIMIT_MS - 100 && ms < LIMIT_MS + SLACK_MS, `${ms} ms`);
  });
}

scenario('the limit is the tag\'s', async (visitor) => {
  gate.fault(LOADER, hang());
  const tab = await visitor.tab(shop({ top: helper('data-ms="200"') }), { waitUntil: 'commit' });
  const { ms } = await lifted(tab);
  assert(ms > 150 && ms < LIMIT_MS, `${ms} ms`);
});

for (const [what, fault] of [
  ['there is no profile', says({ provider: 'amperity', attributes: {} })],
  ['the server cannot be reached', down()],
]) {
  scenario(`nothing is waited for that will not come: ${what}`, async (visitor) => {
    visitor.expectConsole(/ENRICH_FAILED/, /Failed to load resource/);
    gate.fault(LOADER, bareLoader());
    gate.fault(ENRICH, fault);
    const tab = await visitor.tab(shop({ html: PROMO }), { waitUntil: 'commit' });
    const { ms, variant, promo } = await lifted(tab);
    assert.deepEqual([variant, promo], [undefined, false]);
    assert(ms < FAR_MS, `${ms} ms`);
  });
}

scenario('a page without the SDK is shown once it is parsed', async (visitor) => {
  const body = `<!doctype html><title>Shop</title><link rel="icon" href="data:,">
    ${helper()}<section id="hero">Made for long light.</section>`;
  const tab = await visitor.tab(gate.put(SITE, body), { waitUntil: 'commit' });
  assert((await lifted(tab)).ms < FAR_MS);
});

scenario('a strict policy allows it by its hash', async (visitor) => {
  gate.fault(LOADER, loaderWith(INLINED));
  const csp = `script-src 'self' ${ID} ${COLLECT} '${manifest.stub_csp}' '${manifest.antiflicker_csp}' 'wasm-unsafe-eval'`;
  const top = `<script>${manifest.antiflicker}</script>`;
  const tab = await visitor.tab(shop({ top, csp }), { waitUntil: 'commit' });
  await tab.waitForSelector('#hero[data-variant=promo]');
  await tab.waitForFunction(() => !document.documentElement.classList.contains('datafly-wait'));
});

/** A hero whose height depends on the visitor, and something below it. */
const BANNER = `
  <p id="promo" data-datafly-if="amperity.Persona == 'Value Hunter'" hidden style="height:120px">Up to 40 % off.</p>
  <main style="height:300px;background:#ccc">Everything else</main>`;
const SHIFTS = `
  window.shift = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => (shift += entry.value)))
    .observe({ type: 'layout-shift', buffered: true });`;

/** How far things had moved once all was rendered and painted. */
const shift = async (tab) => {
  await tab.waitForFunction(() => !document.querySelector('#promo').hidden);
  return tab.evaluate(async () => {
    for (let frames = 0; frames < 5; frames++) await new Promise(requestAnimationFrame);
    // The observer is told in a task of its own.
    await new Promise((resume) => setTimeout(resume, 100));
    return shift;
  });
};

scenario('nothing moves where the helper hides what waits', async (visitor) => {
  gate.fault(LOADER, bareLoader());
  const answer = says({ provider: 'amperity', attributes: VERA });
  gate.fault(ENRICH, async (...args) => {
    await new Promise((resume) => setTimeout(resume, 300));
    answer(...args);
  });
  const page = (top) => shop({ top, html: BANNER, early: SHIFTS });
  const bare = await shift(await visitor.tab(page('')));
  assert(bare > 0, 'without it things move, and that is seen');
  const hides = helper().replace('#hero,', 'body,');
  assert.equal(await shift(await visitor.tab(page(hides))), 0);
});

scenario('nothing moves where the profile comes with the page', async (visitor) => {
  gate.fault(LOADER, bareLoader());
  const written = JSON.stringify({ profiles: { amperity: VERA } });
  // Behind the helper as well: the part that renders is fetched.
  const hides = helper().replace('#hero,', 'body,');
  const tab = await visitor.tab(shop({ top: hides, html: BANNER, early: SHIFTS, written }));
  assert.equal(await shift(tab), 0);
});
