// Personalisation that is written in attributes.
import { strict as assert } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { to } from './harness/exchanges.js';
import { LOADER, bareLoader, loaderWith, says, saysLater } from './harness/fakes.js';
import { down } from './harness/faults.js';
import { COLLECT, ID, REQUIRED } from './harness/site.js';
import { until } from './harness/until.js';
import { gate, scenario } from './harness/world.js';
import { settled } from './pages/notes.js';
import { ALICE, VERA } from './pages/people.js';
import { FORMS, init, manifest, shopPage } from './pages/shop.js';

const ENRICH = /^\/v1\/enrich/;
const CHUNK = /declare-/;
const WAIT = "window.ready = watch('ready');";

const HTML = `
  <p id="promo" data-datafly-if="amperity.Persona == 'Value Hunter'" hidden>Up to 40 % off.</p>
  <p id="usual" data-datafly-if="amperity.Persona != 'Value Hunter'">Made for long light.</p>
  <p id="brand">New from <b data-datafly-text="amperity.FavoriteBrand"><i>our makers</i></b></p>
  <a id="link" href="/all" data-variant="plain"
    data-datafly-attr="href: amperity.Persona == 'Value Hunter' && '/sale'; data-variant: amperity.LifetimeTier">Shop</a>`;

const shop = (html, more = {}) =>
  shopPage({ form: 'stub', key: REQUIRED, early: WAIT, html, ...more });

/** What a person would see of `HTML`. */
const seen = (tab) =>
  tab.evaluate(() => ({
    promo: !document.querySelector('#promo').hidden,
    usual: !document.querySelector('#usual').hidden,
    brand: document.querySelector('#brand').innerHTML.replace(/ data-datafly.*?".*?"/, ''),
    link: link.getAttribute('href') + ' ' + link.dataset.variant,
  }));
const FALLBACK = { promo: false, usual: true, brand: 'New from <b><i>our makers</i></b>', link: '/all plain' };
const FOR_VERA = { promo: true, usual: false, brand: 'New from <b>Halden</b>', link: '/sale Gold' };
const FOR_ALICE = { promo: false, usual: true, brand: 'New from <b>Maison Lune</b>', link: '/all Platinum' };

const becomes = async (tab, expected) => {
  let shown;
  const isThere = async () => isDeepStrictEqual((shown = await seen(tab)), expected);
  await until(isThere, 'the page shows it').catch(() => assert.deepEqual(shown, expected));
};

for (const form of FORMS) {
  scenario(`${form}: elements show what their attributes say, and follow the profile`, async (visitor) => {
    gate.fault(LOADER, bareLoader());
    const vera = saysLater({ provider: 'amperity', attributes: VERA });
    gate.fault(ENRICH, vera.fault);
    const tab = await visitor.tab(shop(HTML, { form, script: init(REQUIRED) }));
    assert.deepEqual(await seen(tab), FALLBACK, 'as it was written, until something is known');
    vera.release();
    await becomes(tab, FOR_VERA);

    gate.fault(ENRICH, says({ provider: 'amperity', attributes: ALICE }));
    await tab.evaluate(() => void datafly.refreshProfile());
    await becomes(tab, FOR_ALICE);

    await tab.evaluate(() => datafly.reset());
    await becomes(tab, FALLBACK);
  });
}

scenario('an inlined profile is shown without a request', async (visitor) => {
  gate.fault(LOADER, loaderWith({ credentialed: true, profiles: { amperity: VERA } }));
  const exchanges = gate.watch();
  const tab = await visitor.tab(shop(HTML));
  await becomes(tab, FOR_VERA);
  assert.deepEqual(to(exchanges(), '/v1/enrich'), []);
  assert.equal(exchanges().filter(({ path }) => CHUNK.test(path)).length, 1, 'the part is loaded once');
});

scenario('a page without such attributes does not load it', async (visitor) => {
  gate.fault(LOADER, loaderWith({ credentialed: true, profiles: { amperity: VERA } }));
  const exchanges = gate.watch();
  const tab = await visitor.tab(shop(''));
  await settled(tab);
  await tab.evaluate(() => datafly.flush());
  assert.deepEqual(exchanges().filter(({ path }) => CHUNK.test(path)), []);
});

scenario('its owner may have it loaded for what comes later', async (visitor) => {
  gate.fault(LOADER, loaderWith({ credentialed: true, profiles: { amperity: VERA }, browser: { declare: true } }));
  const tab = await visitor.tab(shop('<main></main>'));
  await tab.waitForFunction(() => document[Symbol.for('datafly.declare')]);
  await tab.evaluate((html) => (document.querySelector('main').innerHTML = html), HTML);
  await becomes(tab, FOR_VERA);
});

scenario('what is added, and attributes that change, are rendered before they are painted', async (visitor) => {
  gate.fault(LOADER, loaderWith({ credentialed: true, profiles: { amperity: VERA } }));
  const tab = await visitor.tab(shop(HTML));
  await becomes(tab, FOR_VERA);
  const [added, changed, inside] = await tab.evaluate(async () => {
    const element = document.createElement('p');
    element.dataset.dataflyText = 'amperity.Persona';
    document.body.append(element);
    // A microtask's time.
    await 0;
    const added = element.textContent;
    element.dataset.dataflyText = 'amperity.LifetimeTier';
    await 0;
    const changed = element.textContent;
    element.insertAdjacentHTML('afterend', '<div><div><p id="inside" data-datafly-text="amperity.FavoriteBrand"></p></div></div>');
    await 0;
    return [added, changed, document.querySelector('#inside').textContent];
  });
  assert.deepEqual([added, changed, inside], [VERA.Persona, VERA.LifetimeTier, VERA.FavoriteBrand]);
});

scenario('where nobody is known the page says what it says to nobody', async (visitor) => {
  visitor.expectConsole(/Failed to load resource/, /ENRICH_FAILED/);
  gate.fault(LOADER, bareLoader());
  gate.fault(ENRICH, down());
  const tab = await visitor.tab(shop("<p id='p' data-datafly-if='!amperity.Persona' hidden>Hello, you.</p>"));
  await tab.waitForFunction(() => !document.querySelector('#p').hidden);
});

scenario('a mistake is said once, changes nothing and stops nobody', async (visitor) => {
  visitor.expectConsole(/INVALID_BINDING/);
  gate.fault(LOADER, loaderWith({ credentialed: true, profiles: { amperity: VERA } }));
  const broken = `
    <p class="broken" data-datafly-if="amperity.Persona = 'x'">kept</p>
    <p class="broken" data-datafly-if="amperity.Persona = 'x'">kept</p>
    <p class="broken" data-datafly-text="alert(1)">kept</p>
    <p class="broken" data-datafly-attr="title">kept</p>
    <p class="broken" data-datafly-attr="onclick: 'alert(1)'; ONCLICK: 'alert(1)'; style: 'color:red'; srcdoc: '<p>'; id: 'x'; data-datafly-if: 'x'; data-DATAFLY-if: 'x'">kept</p>
    <!-- No element's own name for a function of it makes it throw. -->
    <form data-datafly-if="amperity.Persona"><input name="getAttribute"><input name="toggleAttribute"></form>`;
  const tab = await visitor.tab(shop(broken + HTML));
  await becomes(tab, FOR_VERA);
  // Through it once more.
  await tab.evaluate(() => dispatchEvent(new CustomEvent('datafly:profile', { detail: { profile: datafly.profile } })));
  const kept = await tab.evaluate(() =>
    [...document.querySelectorAll('.broken')].map((p) => [p.textContent, p.hidden, p.attributes.length]),
  );
  assert.deepEqual(kept, Array(5).fill(['kept', false, 2]));
  const said = visitor.complaints().filter((complaint) => /INVALID_BINDING/.test(complaint));
  assert.equal(said.length, new Set(said).size, 'once each');
  for (const name of ['onclick', 'ONCLICK', 'style', 'srcdoc', 'id', 'data-datafly-if', 'data-DATAFLY-if']) {
    assert(said.some((complaint) => complaint.includes(`${name} may not be set`)), name);
  }
  assert.equal(said.length, 13, said.join('\n'));
});

const HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1<\/script>';
const ADDRESSES = ['javascript:window.hacked=1', ' java\tscript:window.hacked=1', 'data:text/html,<script>1</script>', 'blob:https://www.shop.test/1', 'vbscript:1', 'https://['];

scenario('a value is text, whatever it holds', async (visitor) => {
  visitor.expectConsole(/INVALID_BINDING/);
  const attributes = { Html: HOSTILE, ...Object.fromEntries(ADDRESSES.map((address, i) => ['Url' + i, address])) };
  gate.fault(LOADER, loaderWith({ credentialed: true, profiles: { amperity: attributes } }));
  const refused = ['script', 'style', 'iframe', 'object', 'template', 'noscript', 'xmp'];
  const csp = `require-trusted-types-for 'script'; trusted-types 'none'; script-src 'self' ${ID} ${COLLECT} '${manifest.stub_csp}' 'wasm-unsafe-eval'`;
  const tab = await visitor.tab(
    shop(
      `<p id="text" data-datafly-text="amperity.Html"></p>
       <p id="title" data-datafly-attr="title: amperity.Html; data-x: amperity.Html; class: amperity.Html"></p>
       ${ADDRESSES.map((_, i) => `<a class="address" href="/safe" data-datafly-attr="href: amperity.Url${i}">go</a>`).join('')}
       <a id="mail" data-datafly-attr="href: 'mailto:a@shop.test'">mail</a>
       <a id="relative" data-datafly-attr="href: '../sale?a=1#b'">sale</a>
       <svg><style class="refused" data-datafly-text="amperity.Html"></style></svg>
       ${refused.map((name) => `<${name} class="refused" data-datafly-text="amperity.Html" data-datafly-attr="src: '/x'; title: 'x'"></${name}>`).join('')}`,
      { csp },
    ),
  );
  await tab.waitForFunction(() => document.querySelector('#text').textContent);
  assert.equal(await tab.evaluate(() => document.querySelector('#text').textContent), HOSTILE);
  assert.equal(await tab.evaluate(() => document.querySelector('#text').children.length), 0);
  assert.deepEqual(
    await tab.evaluate(() => ['title', 'data-x', 'class'].map((name) => title.getAttribute(name))),
    Array(3).fill(HOSTILE),
  );
  assert.deepEqual(
    await tab.evaluate(() => [...document.querySelectorAll('.address')].map((a) => a.getAttribute('href'))),
    ADDRESSES.map(() => '/safe'),
  );
  assert.deepEqual(await tab.evaluate(() => [mail.href, relative.getAttribute('href')]), ['mailto:a@shop.test', '../sale?a=1#b']);
  const kept = await tab.evaluate(() =>
    [...document.querySelectorAll('.refused')].map((it) => it.textContent + it.getAttribute('src') + it.getAttribute('title')),
  );
  assert.deepEqual(kept, Array(8).fill('nullnull'));
  assert.equal(await tab.evaluate(() => window.hacked), undefined);
});

scenario('what the parser has not finished is left until it has', async (visitor) => {
  gate.fault(LOADER, loaderWith({ credentialed: true, profiles: { amperity: VERA } }));
  // The parser stops inside an element, at a script that is late.
  const late = `<p id="late" data-datafly-text="amperity.Persona"><i>you</i><script src="${ID}/v1/assets/none.js"></script> there</p>`;
  const script = saysLater({}, 404);
  gate.fault(/none\.js/, script.fault);
  visitor.expectConsole(/none\.js/, /404/, /MIME|ERR_/);
  const tab = await visitor.tab(shop(HTML + late), { waitUntil: 'commit' });
  await tab.waitForSelector('#late', { state: 'attached' });
  await becomes(tab, FOR_VERA);
  assert.equal(await tab.evaluate(() => late.firstChild.textContent), 'you');
  script.release();
  await tab.waitForFunction(() => late.textContent == 'Value Hunter');
  gate.fault(ENRICH, says({ provider: 'amperity', attributes: {} }));
  await tab.evaluate(() => void datafly.refreshProfile());
  await tab.waitForFunction(() => late.textContent == 'you there');
});
