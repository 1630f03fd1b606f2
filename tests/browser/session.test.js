// What was known on the tab's last page is shown at once on the next one.
import { strict as assert } from 'node:assert';
import { accepted, to } from './harness/exchanges.js';
import { LOADER, loaderWith, says, saysLater } from './harness/fakes.js';
import { down, hang, status } from './harness/faults.js';
import { REQUIRED } from './harness/site.js';
import { until } from './harness/until.js';
import { gate, scenario } from './harness/world.js';
import { outcomes, settled } from './pages/notes.js';
import { ALICE, VERA } from './pages/people.js';
import { FORMS, init, shopPage } from './pages/shop.js';

const ENRICH = /^\/v1\/enrich/;
const WAIT = "window.ready = watch('ready');";
const KEY = `datafly.${REQUIRED}`;

const shop = (form, { early = '', written } = {}) =>
  shopPage({ form, key: REQUIRED, written, early: early + WAIT, script: init(REQUIRED, { session: true }) });
const switchedOn = (more = {}) => loaderWith({ browser: { page: false, session: true }, ...more });
const answers = (attributes) => gate.fault(ENRICH, says({ provider: 'amperity', attributes }));
const as = (reason, profile) => Array(2).fill({ reason, profile });

/** The first page, on which the profile is fetched. */
const fetched = async (visitor, form = 'stub', more) => {
  gate.fault(LOADER, switchedOn());
  answers(VERA);
  const tab = await visitor.tab(shop(form, more));
  await settled(tab);
  assert.deepEqual(await outcomes(tab), as('network', VERA));
  return tab;
};

/** The same, once it is kept. */
const known = async (...args) => {
  const tab = await fetched(...args);
  await tab.waitForFunction((key) => sessionStorage[key], KEY);
  return tab;
};

/** As if that had been so long ago. */
const age = (tab, seconds) =>
  tab.evaluate(
    ([key, seconds]) => {
      const now = Date.now();
      const text = sessionStorage[key].replace(/\b1\d{12}\b/g, (time) => {
        if (Math.abs(time - now) > 1e6) throw new Error('no time: ' + time);
        return time - seconds * 1e3;
      });
      if (text == sessionStorage[key]) throw new Error('there is no time in ' + text);
      sessionStorage[key] = text;
    },
    [KEY, seconds],
  );

const next = async (tab, form = 'stub', more) => {
  const exchanges = gate.watch();
  await tab.goto(shop(form, more));
  await settled(tab);
  return { exchanges, shown: await tab.evaluate(() => seen.swaps.map(({ profile }) => profile.amperity)) };
};

/** What the engine has done by itself it has done by then. */
const engineIsThere = async (tab, exchanges) => {
  await tab.evaluate(() => datafly.track('Seen'));
  await until(() => accepted(exchanges(), '/v1/t')[0]?.over, 'the engine is there');
};

for (const form of FORMS) {
  scenario(`${form}: it is shown at once, whoever waits is answered, and it is asked for behind`, async (visitor) => {
    const tab = await known(visitor, form);
    const alice = saysLater({ provider: 'amperity', attributes: ALICE });
    gate.fault(ENRICH, alice.fault);
    const { exchanges, shown } = await next(tab, form);
    assert.deepEqual(await outcomes(tab), as('session', VERA));
    assert.deepEqual(shown, [VERA]);
    await until(() => to(exchanges(), '/v1/enrich').length, 'it is asked for');
    alice.release();
    await tab.waitForFunction(() => datafly.profile.amperity.Persona == 'Style Seeker');
    assert.deepEqual(await tab.evaluate(() => seen.swaps.at(-1).profile.amperity), ALICE, 'and the page is told');
    await engineIsThere(tab, exchanges);
    assert.deepEqual(await tab.evaluate(() => datafly.profile.amperity), ALICE);
    assert.equal(to(exchanges(), '/v1/enrich').length, 1);
    await next(tab, form);
    assert.deepEqual(await outcomes(tab), as('session', ALICE), 'the next page knows the newer one');
  });
}

scenario('five minutes count from when it was fetched, however many pages show it', async (visitor) => {
  visitor.expectConsole(/ENRICH_FAILED/);
  const tab = await known(visitor, 'module');
  await age(tab, 200);
  gate.fault(ENRICH, hang());
  await next(tab, 'module');
  assert.deepEqual(await outcomes(tab), as('session', VERA));
  // Also where the engine has told the page of it by then.
  await engineIsThere(tab, gate.watch());
  await age(tab, 200);
  answers(ALICE);
  const { shown } = await next(tab, 'module');
  assert.deepEqual(shown, [ALICE]);
});

scenario('five minutes later nothing of it is shown', async (visitor) => {
  const tab = await known(visitor);
  await age(tab, 301);
  answers(ALICE);
  const { shown } = await next(tab);
  assert.deepEqual(await outcomes(tab), as('network', ALICE));
  assert.deepEqual(shown, [ALICE]);
});

scenario('what is shown stays where the server is not well', async (visitor) => {
  visitor.expectConsole(/ENRICH_FAILED/, /Failed to load resource/);
  const tab = await known(visitor);
  gate.fault(ENRICH, down());
  await next(tab);
  await tab.waitForFunction(() => seen.errors.includes('ENRICH_FAILED'));
  assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: VERA });
});

scenario('nobody has to wait for what is asked behind', async (visitor) => {
  visitor.expectConsole(/ENRICH_FAILED/, /Failed to load resource/);
  const tab = await known(visitor);
  const hangs = gate.fault(ENRICH, hang());
  await next(tab);
  assert.deepEqual(await outcomes(tab), as('session', VERA));
  assert((await tab.evaluate(() => seen.settled)).every(({ ms }) => ms < 1000));
  assert.equal(hangs.met, 1);
});

scenario('whom the server refuses by now is shown nothing more', async (visitor) => {
  visitor.expectConsole(/ENRICH_DENIED/, /Failed to load resource/);
  const tab = await known(visitor);
  gate.fault(ENRICH, status(403));
  await next(tab);
  await tab.waitForFunction(() => seen.errors.includes('ENRICH_DENIED'));
  await tab.waitForFunction(() => !Object.keys(datafly.profile).length);
});

for (const [what, change] of [
  ['a log-out', () => datafly.reset()],
  ['a log-in', () => datafly.identify('user-123')],
  ['a consent', () => datafly.consent({ marketing: false })],
  ['a log-out in another tab', () => (localStorage['datafly.dk_test_shop'] = '7:1:1:0:0')],
]) {
  scenario(`after ${what} nothing of it is shown`, async (visitor) => {
    const tab = await known(visitor);
    answers(ALICE);
    await tab.evaluate(change);
    const { shown } = await next(tab);
    assert(shown.every((attributes) => attributes?.Persona != 'Value Hunter'), JSON.stringify(shown));
  });
}

scenario('a log-out leaves nothing of it in the storage', async (visitor) => {
  const tab = await known(visitor);
  assert.match(await tab.evaluate((key) => sessionStorage[key], KEY), /Value Hunter/);
  gate.fault(ENRICH, hang());
  await tab.evaluate(() => datafly.reset());
  await tab.waitForFunction((key) => !sessionStorage[key]?.includes('Value Hunter'), KEY);
});

scenario('nor does a consent that is taken back', async (visitor) => {
  gate.fault(LOADER, switchedOn({ credentialed: true, consent: ['personalization'], profiles: { amperity: VERA } }));
  const tab = await visitor.tab(shop('stub'));
  await settled(tab);
  await tab.waitForFunction((key) => sessionStorage[key]?.includes('Value Hunter'), KEY);
  await tab.evaluate(() => datafly.consent({ personalization: false }));
  await tab.waitForFunction((key) => !sessionStorage[key]?.includes('Value Hunter'), KEY);
});

scenario('what was known of another visitor is not shown', async (visitor) => {
  gate.fault(LOADER, switchedOn({ credentialed: true, handle: 'vera', profiles: { amperity: VERA } }));
  const tab = await visitor.tab(shop('stub'));
  await settled(tab);
  await tab.waitForFunction((key) => sessionStorage[key]?.includes('Value Hunter'), KEY);
  gate.fault(LOADER, switchedOn({ credentialed: true, handle: 'alice' }));
  answers(ALICE);
  const { shown } = await next(tab);
  assert.deepEqual(shown, [ALICE]);
});

for (const [what, loader, written] of [
  ['the loader', switchedOn({ credentialed: true, profiles: { amperity: ALICE } })],
  ['the page', switchedOn(), JSON.stringify({ profiles: { amperity: ALICE } })],
]) {
  scenario(`what ${what} brings counts before it`, async (visitor) => {
    const tab = await known(visitor);
    gate.fault(LOADER, loader);
    const { shown } = await next(tab, 'stub', { written });
    assert.deepEqual(await outcomes(tab), as('inline', ALICE));
    assert.deepEqual(shown, [ALICE]);
  });
}

for (const [what, browser] of [
  ['by its owner', { session: false }],
  ['where nothing may be stored', { session: true, storage: 'never' }],
]) {
  scenario(`it is switched off ${what}`, async (visitor) => {
    gate.fault(LOADER, switchedOn({ browser }));
    answers(VERA);
    const exchanges = gate.watch();
    const tab = await visitor.tab(shop('stub'));
    await settled(tab);
    await engineIsThere(tab, exchanges);
    assert.equal(await tab.evaluate(() => sessionStorage.length), 0);
    await next(tab);
    assert.deepEqual(await outcomes(tab), as('network', VERA));
  });
}

for (const [what, early] of [
  ['what is stored is none of ours', `sessionStorage['${KEY}'] = '[0,"",{"amperity":7}]';`],
  ['what is stored is no JSON', `sessionStorage['${KEY}'] = '{';`],
  ['storage is denied', "Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('denied'); } });"],
]) {
  scenario(`the profile comes as ever where ${what}`, (visitor) => fetched(visitor, 'stub', { early }));
}
