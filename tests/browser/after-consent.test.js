// A server that sets no cookie before it is allowed to: until then the browser holds nothing that names it, and
// the person who has logged in meanwhile is known at once when it is.
import { strict as assert } from 'node:assert';
import { accepted, event, json, pathsOf, to } from './harness/exchanges.js';
import { COOKIELESS } from './harness/site.js';
import { until } from './harness/until.js';
import { shoot } from './harness/visitor.js';
import { gate, nothingLeaked, scenario, vendor } from './harness/world.js';
import { settled } from './pages/notes.js';
import { ALICE, pageEvent } from './pages/people.js';
import { FORMS, init, shopPage } from './pages/shop.js';

const GRANT = { functional: true };
const DENY = { functional: false };
const NOBODY = '-';

const page = (form, { early = '' } = {}) =>
  shopPage({ form, key: COOKIELESS, early: early + "window.ready = watch('ready');", script: init(COOKIELESS) });

const say = (tab, state) => tab.evaluate((state) => datafly.consent(state), state);
const said = (exchanges) => to(exchanges(), '/v1/consent').map(({ body, status }) => [JSON.parse(body), status]);
const identify = async (visitor, tab, user) => {
  const login = await visitor.logIn(tab, user);
  await tab.evaluate(({ userId, traits, token }) => datafly.identify(userId, traits, { token }), login);
};
const persona = (tab, persona) =>
  tab.waitForFunction((persona) => datafly.profile.amperity?.Persona == persona, persona);

const assertNobody = async (visitor, exchanges) => {
  assert.deepEqual((await visitor.jar()).filter((cookie) => /dfk|_dfid/.test(cookie)), []);
  const kept = exchanges().flatMap(({ setCookies }) => setCookies).filter((cookie) => !/Max-Age=0/.test(cookie));
  assert.deepEqual(kept, []);
};

for (const form of FORMS) {
  scenario(`${form}: nothing names the browser before it is allowed, and a log-in of that time is known then`, async (visitor) => {
    const exchanges = gate.watch();
    const tab = await visitor.tab(page(form));
    await settled(tab);
    await pageEvent(tab);
    await identify(visitor, tab, 'alice');
    await until(() => accepted(exchanges(), '/v1/i')[0]?.over, 'the server has heard of the log-in');
    await pageEvent(tab);
    await say(tab, DENY);
    await until(() => said(exchanges)[0]?.[1] == 200, 'and of the denial');
    await pageEvent(tab);
    // `init` alone does not know what the owner asks for.
    if (form != 'module') assert.equal(to(exchanges(), '/v1/i').length, 1, 'who denies is not named once more');
    await assertNobody(visitor, exchanges);
    assert.deepEqual(await vendor.hits(), {});
    assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: {} });
    const stored = await tab.evaluate((key) => localStorage['datafly.' + key], COOKIELESS);
    // What cookies need storage needs too; `init` alone does not know what the owner asks for.
    if (form != 'module') assert.equal(stored, undefined);
    else assert.match(stored, /^\d+:\d+:\d+:\d+:\d+:-:{"functional":false}$/, 'the denial, and no id');
    await shoot(tab, `cookie-denied-${form}`);

    const then = gate.watch();
    await say(tab, GRANT);
    await persona(tab, ALICE.Persona);
    const sent = pathsOf(to(then(), '/v1/')).filter((path) => /consent|\/i$/.test(path));
    assert.deepEqual(sent, ['/v1/consent', '/v1/i']);
    assert(await visitor.id());
    assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: ALICE });
    await shoot(tab, `cookie-allowed-${form}`);
  });

  scenario(`${form}: taken back it leaves neither cookie nor profile, on this page and the next`, async (visitor) => {
    const url = page(form);
    const tab = await visitor.tab(url);
    await say(tab, GRANT);
    await identify(visitor, tab, 'alice');
    await persona(tab, ALICE.Persona);
    await tab.goto(url);
    await persona(tab, ALICE.Persona);
    const hits = await vendor.hits();

    const exchanges = gate.watch();
    const left = await tab.evaluate((state) => (datafly.consent(state), datafly.profile), DENY);
    if (form != 'module') assert.equal(left.amperity, undefined, 'at once');
    await until(() => accepted(exchanges(), '/v1/consent')[0]?.over, 'the server is told');
    await tab.waitForFunction(() => !datafly.profile.amperity?.Persona);
    await pageEvent(tab);
    await tab.goto(page(form, { early: form == 'module' ? '' : `datafly.consent(${JSON.stringify(DENY)});` }));
    await settled(tab);
    await pageEvent(tab);
    assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: {} });
    const once = [DENY, 200];
    assert.deepEqual(said(exchanges), form == 'module' ? [once] : [once, once], 'once, or by each page where it may not be stored');
    await assertNobody(visitor, exchanges);
    assert.deepEqual(await vendor.hits(), hits);
  });
}

scenario('what was called before is nobody’s, also when it arrives after', async (visitor) => {
  const tab = await visitor.tab(page('stub'));
  await settled(tab);
  const exchanges = gate.watch();
  await tab.evaluate((state) => {
    datafly.track('Before');
    datafly.consent(state);
    datafly.track('After');
  }, GRANT);
  await until(() => accepted(exchanges(), '/v1/t')[1]?.over, 'both arrive');
  const handles = to(exchanges(), '/v1/t').map((exchange) => [event(exchange).handle, json(exchange).handle]);
  const [[before, nobody], [after, somebody]] = handles;
  assert.deepEqual([before, nobody, after], [NOBODY, NOBODY, undefined]);
  assert.match(somebody, /^t\./);
});

nothingLeaked();
