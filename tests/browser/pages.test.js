// Page views that are said by themselves.
import { strict as assert } from 'node:assert';
import { accepted, event, pathsOf, to } from './harness/exchanges.js';
import { LOADER, loaderWith } from './harness/fakes.js';
import { CONTEXT, OFF, SITE } from './harness/site.js';
import { until } from './harness/until.js';
import { gate, nothingLeaked, scenario } from './harness/world.js';
import { ELSEWHERE, init, shopPage } from './pages/shop.js';

const on = (members = {}) => gate.fault(LOADER, loaderWith({ browser: { page: true }, ...members }));
const views = (exchanges) => accepted(exchanges, '/v1/p').map(event);
const addresses = (exchanges) => views(exchanges).map(({ context }) => context.page.path + context.page.search);
const flushed = (tab) => tab.evaluate(() => datafly.flush());
/** Once the engine has the calls, and past all that a task of the page has queued. */
const rest = async (tab) => {
  await tab.waitForFunction(() => !datafly._q.map);
  await tab.evaluate(() => new Promise((resume) => setTimeout(resume)));
  await flushed(tab);
};
const asModule = (options = '') => init(OFF).replace('enrich:', `${options} enrich:`);
const path = (url) => new URL(url).pathname;

for (const form of ['stub', 'blocking']) {
  scenario(`${form}: a page that is loaded is seen once`, async (visitor) => {
    on();
    const exchanges = gate.watch();
    const url = shopPage({ form, key: OFF });
    const tab = await visitor.tab(url);
    await rest(tab);
    assert.deepEqual(addresses(exchanges()), [path(url)]);
    await tab.reload();
    await rest(tab);
    assert.deepEqual(addresses(exchanges()), [path(url), path(url)]);
    const [{ messageId: first }, { messageId: second }] = views(exchanges());
    assert.notEqual(first, second);
  });
}

scenario('a view that the page said before the loader came is the only one', async (visitor) => {
  on();
  const exchanges = gate.watch();
  const tab = await visitor.tab(shopPage({ form: 'stub', key: OFF, early: "datafly.page('Home')" }));
  await rest(tab);
  assert.deepEqual(views(exchanges()).map(({ name }) => name), ['Home']);
});

scenario('it is not said where the owner does not want it', async (visitor) => {
  on({ browser: { page: false } });
  const exchanges = gate.watch();
  const tab = await visitor.tab(shopPage({ form: 'stub', key: OFF }));
  await tab.evaluate(() => history.pushState(null, '', '?next'));
  await rest(tab);
  assert.deepEqual(views(exchanges()), []);
});

scenario('module: it is said where init asks for it, unless the page says it in the same breath', async (visitor) => {
  for (const [script, names] of [
    [asModule(), []],
    [asModule('page: true,'), [undefined]],
    [asModule('page: true,') + "datafly.page('Home')", ['Home']],
  ]) {
    const exchanges = gate.watch();
    const tab = await visitor.tab(shopPage({ form: 'module', key: OFF, script }));
    await rest(tab);
    assert.deepEqual(views(exchanges()).map(({ name }) => name), names);
  }
});

for (const [what, prepare] of [
  ['with the navigation API', () => {}],
  ['without it', () => Object.defineProperty(window, 'navigation', { value: undefined })],
]) {
  scenario(`${what}, each address the page goes to is seen, and no other change`, async (visitor) => {
    on();
    const exchanges = gate.watch();
    const tab = await visitor.tab();
    await tab.addInitScript(prepare);
    const url = shopPage({ form: 'stub', key: OFF });
    await tab.goto(url);
    await rest(tab);
    const go = async (how) => {
      await tab.evaluate(how);
      await rest(tab);
    };
    await go(() => history.pushState(null, '', '/shoes'));
    await go(() => history.pushState(null, '', '/shoes#sizes'));
    await go(() => history.replaceState({ a: 1 }, ''));
    await go(() => history.pushState(null, '', '/shoes?colour=red'));
    await go(() => {
      history.pushState(null, '', '/hats');
      document.title = 'Hats';
    });
    await go(() => {
      history.pushState(null, '', '/coats');
      datafly.page('Coats');
    });
    await tab.goBack();
    await until(() => views(exchanges()).length >= 6, 'going back is seen');
    await rest(tab);
    assert.deepEqual(addresses(exchanges()), [path(url), '/shoes', '/shoes?colour=red', '/hats', '/coats', '/hats']);
    const [, , , hats, coats] = views(exchanges());
    assert.equal(hats.context.page.title, 'Hats', 'a title that is written right after belongs to it');
    assert.equal(coats.name, 'Coats', 'what the page says itself is said once');
  });
}

scenario('a page that comes back from the back/forward cache is seen again', async (visitor) => {
  on();
  const elsewhere = gate.put(SITE, ELSEWHERE);
  const url = shopPage({ form: 'stub', key: OFF, cacheable: true });
  const tab = await visitor.tab(url);
  await rest(tab);
  await tab.evaluate(() => addEventListener('pageshow', ({ persisted }) => (window.restored = persisted)));
  await tab.goto(elsewhere);
  const exchanges = gate.watch();
  await tab.goBack({ waitUntil: 'commit' });
  assert.equal(await tab.evaluate(() => window.restored), true, 'it was restored, not loaded');
  await rest(tab);
  assert.deepEqual(addresses(exchanges()), [path(url)]);
});

scenario('a page that is rendered before anybody looks at it is seen when somebody does', async (visitor) => {
  on();
  const exchanges = gate.watch();
  const tab = await visitor.tab();
  await tab.addInitScript(() => Object.defineProperty(document, 'prerendering', { value: true }));
  await tab.goto(shopPage({ form: 'stub', key: OFF }));
  await rest(tab);
  assert.deepEqual(views(exchanges()), []);
  await tab.evaluate(() => document.dispatchEvent(new Event('prerenderingchange')));
  await rest(tab);
  assert.equal(views(exchanges()).length, 1);
});

scenario('where profiles depend on the page, it is what asks for them', async (visitor) => {
  on({ context: true });
  const exchanges = gate.watch();
  const tab = await visitor.tab(shopPage({ form: 'stub', key: CONTEXT }));
  await tab.evaluate(() => datafly.onProfileReady());
  await rest(tab);
  const paths = pathsOf(to(exchanges(), '/v1/')).filter((path) => !path.startsWith('/v1/assets'));
  assert.deepEqual(paths, ['/v1/loader.js', '/v1/p']);
  assert.match(to(exchanges(), '/v1/p')[0].path, /enrich=amperity/);
});

nothingLeaked();
