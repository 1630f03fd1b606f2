// What consent platforms say is followed: until they say yes nothing is stored and no event leaves, a late yes lets
// out what was called, at the time of its call, and a no forgets it. Each platform is a page that has its real
// cookies, objects and events (pages/cmp).
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { accepted, event, events as eventsOf, pathsOf, to } from './harness/exchanges.js';
import { LOADER, loaderWith } from './harness/fakes.js';
import { down } from './harness/faults.js';
import { COLLECT, FOLLOWING, ID, READY_MS, REQUIRED, SITE } from './harness/site.js';
import { until } from './harness/until.js';
import { gate, nothingLeaked, scenario } from './harness/world.js';
import { settled } from './pages/notes.js';
import { ELSEWHERE, init, manifest, shopPage } from './pages/shop.js';

/** The category that this file's owner asks for, of what each platform has; and what they had to say for it. */
const PLATFORMS = {
  cookiebot: { category: 'analytics' },
  cookieyes: { category: 'analytics' },
  google: { category: 'analytics' },
  gpp: { category: 'marketing' },
  onetrust: { category: 'analytics', mapping: { C0003: 'personalization' } },
  tcf: { category: 'analytics' },
  trustarc: { category: 'functional' },
};

/** Whose cookie is read before their script has come. */
const BY_COOKIE = ['cookiebot', 'cookieyes', 'onetrust', 'trustarc'];

const owner = (name, more) => {
  const { category, mapping } = PLATFORMS[name];
  return { storage: category, collect: category, sources: [name], mapping, page: false, session: false, ...more };
};

/** A page with this platform on it, whose script has not come yet. */
const page = (name, { form = 'stub', key = REQUIRED, early = '', script = init(key), ...more } = {}) => {
  const platform = readFileSync(new URL(`pages/cmp/${name}.js`, import.meta.url), 'utf8');
  return shopPage({ form, key, early: `${platform}; cmp.begin?.(); ${early}`, script, ...more });
};

const EARLY = `
  window.called = Date.now();
  datafly.page('Early');
  datafly.track('Early');
  watch('ready');`;

/** Everything of ours that this browser holds. */
const stored = (tab) =>
  tab.evaluate(() => [localStorage, sessionStorage].flatMap(Object.keys).filter((name) => name.startsWith('datafly')));

const events = (exchanges) => [...accepted(exchanges, '/v1/p'), ...accepted(exchanges, '/v1/t')].map((it) => event(it).name ?? event(it).event);
const said = (exchanges) => accepted(exchanges, '/v1/consent').map(({ body }) => JSON.parse(body));

/** Whatever was to leave has left, and so has this. */
const passed = async (tab) => {
  await tab.evaluate(() => datafly.refreshProfile());
};

for (const [name, { category }] of Object.entries(PLATFORMS)) {
  scenario(`${name}: before a yes nothing is stored and nothing leaves; then all does, at the time of its call`, async (visitor) => {
    gate.fault(LOADER, loaderWith({ browser: owner(name) }));
    const exchanges = gate.watch();
    const tab = await visitor.tab(page(name, { early: EARLY }));
    await settled(tab);
    await tab.evaluate(() => cmp.load());
    // Longer than any of them waits by itself.
    await tab.waitForTimeout(700);
    await passed(tab);
    assert.deepEqual([events(exchanges()), said(exchanges())], [[], []]);
    assert.deepEqual(await stored(tab), []);

    await tab.evaluate(() => cmp.accept());
    await until(() => events(exchanges()).length == 2, 'what was called leaves');
    const sent = exchanges().filter(({ method, path }) => method == 'POST' && !/enrich/.test(path));
    assert.deepEqual(pathsOf(sent), ['/v1/consent', '/v1/p', '/v1/t']);
    assert.equal(JSON.parse(sent[0].body)[category], true);
    const called = await tab.evaluate(() => called);
    for (const { timestamp } of eventsOf(sent)) {
      assert(Math.abs(Date.parse(timestamp) - called) < 500, `${timestamp} is when it was called`);
    }
    assert((await stored(tab)).includes('datafly.' + REQUIRED));
  });

  scenario(`${name}: a no forgets what waits, and is followed when it becomes a yes and a no again`, async (visitor) => {
    gate.fault(LOADER, loaderWith({ browser: owner(name) }));
    const exchanges = gate.watch();
    const tab = await visitor.tab(page(name, { early: EARLY }));
    await tab.evaluate(() => cmp.load());
    await tab.evaluate(() => cmp.reject());
    await until(() => said(exchanges())[0]?.[category] === false, 'the server is told');
    await tab.evaluate(() => datafly.track('Refused'));
    await passed(tab);
    assert.deepEqual(await stored(tab), []);

    await tab.evaluate(() => cmp.accept());
    await until(() => said(exchanges())[1]?.[category] === true, 'of the yes too');
    await tab.evaluate(() => datafly.track('Allowed'));
    await until(() => events(exchanges()).length, 'an event leaves');
    assert.deepEqual(events(exchanges()), ['Allowed']);
    assert((await stored(tab)).includes('datafly.' + REQUIRED));

    await tab.evaluate(() => cmp.reject());
    await until(() => said(exchanges())[2]?.[category] === false, 'and of the next no');
    await tab.evaluate(() => datafly.track('Refused again'));
    await passed(tab);
    assert.deepEqual(events(exchanges()), ['Allowed']);
    assert.deepEqual(await stored(tab), []);
  });

  scenario(`${name}: who comes back is not asked again${BY_COOKIE.includes(name) ? ', nor is the platform waited for' : ''}`, async (visitor) => {
    gate.fault(LOADER, loaderWith({ browser: owner(name) }));
    const first = gate.watch();
    const tab = await visitor.tab(page(name));
    await tab.evaluate(() => (cmp.load(), cmp.accept()));
    await until(() => accepted(first(), '/v1/consent')[0]?.over, 'the yes is said');
    await passed(tab);
    assert((await stored(tab)).includes('datafly.' + REQUIRED));
    // As if this browser knew nothing of it but what the platform has kept.
    await tab.goto('about:blank');
    const exchanges = gate.watch();
    await tab.goto(page(name, { early: 'localStorage.clear();' + EARLY }));
    if (!BY_COOKIE.includes(name)) await tab.evaluate(() => cmp.load());
    await until(() => events(exchanges()).length == 2, 'nothing waits');
    assert.equal(said(exchanges())[0][category], true);
    await tab.goto(page(name, { early: EARLY }));
    await until(() => events(exchanges()).length == 4, 'nor on the next page');
    await tab.evaluate(() => cmp.load());
    await passed(tab);
    assert.equal(said(exchanges()).length, 1, 'it is said once');
  });
}

scenario('tcf: a banner that is opened once more decides nothing', async (visitor) => {
  gate.fault(LOADER, loaderWith({ browser: owner('tcf') }));
  const exchanges = gate.watch();
  const tab = await visitor.tab(page('tcf', { early: EARLY }));
  await tab.evaluate(() => (cmp.load(), cmp.accept()));
  await until(() => events(exchanges()).length == 2, 'events leave');
  await tab.evaluate(() => (cmp.reopen(), datafly.track('Meanwhile')));
  await until(() => events(exchanges()).length == 3, 'so does this');
  assert.equal(said(exchanges()).length, 1);
});

scenario('of two platforms both are waited for, and the browser’s own signal refuses for them', async (visitor) => {
  const signal = "Object.defineProperty(navigator, 'globalPrivacyControl', { value: true });";
  gate.fault(LOADER, loaderWith({ browser: owner('cookiebot', { sources: ['cookiebot', 'gpc'] }) }));
  const exchanges = gate.watch();
  const tab = await visitor.tab(page('cookiebot', { early: signal + EARLY }));
  await settled(tab);
  assert.deepEqual(said(exchanges()), []);
  await tab.evaluate(() => (cmp.load(), cmp.accept()));
  await until(() => events(exchanges()).length == 2, 'what is measured was allowed');
  const categories = { gpc: false, marketing: true, necessary: true, preferences: true, statistics: true };
  assert.deepEqual(said(exchanges()), [{ analytics: true, categories, functional: true, marketing: false }]);
});

scenario('without a platform the page’s own word counts the same', async (visitor) => {
  gate.fault(LOADER, loaderWith({ browser: owner('cookiebot', { sources: undefined }) }));
  const exchanges = gate.watch();
  const tab = await visitor.tab(page('cookiebot', { early: EARLY }));
  await settled(tab);
  assert.deepEqual([events(exchanges()), await stored(tab)], [[], []]);
  await tab.evaluate(() => datafly.consent({ marketing: true }));
  await until(() => said(exchanges()).length, 'that is said');
  await passed(tab);
  assert.deepEqual([events(exchanges()), await stored(tab)], [[], []], 'and answers another question');
  await tab.evaluate(() => datafly.consent({ analytics: true }));
  await until(() => events(exchanges()).length == 2, 'now they leave');
});

scenario('who logs out takes what they held along, and the platform speaks for the next one', async (visitor) => {
  gate.fault(LOADER, loaderWith({ browser: owner('onetrust') }));
  const exchanges = gate.watch();
  const tab = await visitor.tab(page('onetrust', { early: EARLY }));
  await settled(tab);
  await tab.evaluate(() => {
    datafly.reset();
    datafly.track('Next');
    cmp.load();
    cmp.accept();
  });
  await until(() => events(exchanges()).length, 'the next one’s leaves');
  await tab.evaluate(() => {
    datafly.reset();
    datafly.track('Last');
  });
  await until(() => events(exchanges()).length == 2, 'without being asked again');
  assert.deepEqual(events(exchanges()), ['Next', 'Last']);
  assert.equal(said(exchanges()).length, 2);
});

scenario('where the part that follows platforms does not come nothing is stored and nothing leaves', async (visitor) => {
  visitor.expectConsole(/CHUNK_UNAVAILABLE/, /Failed to load/);
  gate.fault(LOADER, loaderWith({ browser: owner('cookiebot') }));
  gate.fault(/^\/v1\/assets\/consent-/, down());
  const exchanges = gate.watch();
  const tab = await visitor.tab(page('cookiebot', { early: EARLY }));
  await tab.waitForFunction(() => seen.errors.includes('CHUNK_UNAVAILABLE'));
  await tab.evaluate(() => (cmp.load(), cmp.accept()));
  await passed(tab);
  assert.deepEqual([events(exchanges()), await stored(tab)], [[], []]);
  await tab.evaluate(() => datafly.consent({ analytics: true }));
  await until(() => events(exchanges()).length == 2, 'the page can still say it');
});

scenario('what the owner’s file says is what a page does', async (visitor) => {
  const exchanges = gate.watch();
  const tab = await visitor.tab(page('onetrust', { key: FOLLOWING, early: EARLY }));
  await settled(tab);
  await tab.evaluate(() => cmp.load());
  assert.deepEqual([events(exchanges()), await stored(tab)], [[], []]);
  await tab.evaluate(() => cmp.choose(['C0001', 'C0003']));
  await until(() => events(exchanges()).length == 2, 'what C0003 stands for here');
  assert.deepEqual(await stored(tab), []);
  await tab.evaluate(() => cmp.choose(['C0001', 'C0002']));
  await until(() => said(exchanges()).length == 2, 'the change is said');
  await tab.evaluate(() => datafly.track('Refused'));
  await passed(tab);
  assert.equal(events(exchanges()).length, 2);
  assert((await stored(tab)).includes('datafly.' + FOLLOWING));
});

scenario('module: `init` takes the same', async (visitor) => {
  const script = `datafly.init({
    pipelineKey: '${REQUIRED}',
    endpoint: '${COLLECT}',
    enrich: { endpoint: '${ID}', providers: ['amperity'], timeoutMs: ${READY_MS} },
    session: false,
    storage: 'functional',
    collect: 'analytics',
    sources: ['cookiebot'],
    mapping: { preferences: 'analytics', statistics: 'functional' },
  });`;
  const exchanges = gate.watch();
  const tab = await visitor.tab(page('cookiebot', { form: 'module', early: EARLY, script }));
  await settled(tab);
  assert.deepEqual([events(exchanges()), await stored(tab)], [[], []]);
  await tab.evaluate(() => (cmp.load(), cmp.accept()));
  await until(() => events(exchanges()).length == 2, 'all leaves');
  assert((await stored(tab)).includes('datafly.' + REQUIRED));
});

scenario('a page view that waits is said all the same, and not once more by itself', async (visitor) => {
  gate.fault(LOADER, loaderWith({ browser: owner('cookiebot', { page: true }) }));
  const exchanges = gate.watch();
  const tab = await visitor.tab(page('cookiebot'));
  await passed(tab);
  await tab.evaluate(() => {
    history.pushState(null, '', '?next');
    datafly.page('Next');
  });
  await passed(tab);
  await tab.evaluate(() => (cmp.load(), cmp.accept(), datafly.track('Last')));
  await until(() => events(exchanges()).includes('Last'), 'all leaves');
  assert.deepEqual(events(exchanges()), [undefined, 'Next', 'Last']);
});

scenario('a strict policy that allows the SDK allows this part of it', async (visitor) => {
  gate.fault(LOADER, loaderWith({ browser: owner('cookiebot') }));
  const csp = `script-src 'self' ${ID} '${manifest.stub_csp}' ${COLLECT} 'wasm-unsafe-eval'; connect-src 'self' ${ID} ${COLLECT}; default-src 'self' data:; require-trusted-types-for 'script'`;
  const exchanges = gate.watch();
  const tab = await visitor.tab(page('cookiebot', { early: EARLY, csp }));
  await tab.evaluate(() => (cmp.load(), cmp.accept()));
  await until(() => events(exchanges()).length == 2, 'all leaves');
});

scenario('who leaves without a word leaves nothing behind', async (visitor) => {
  gate.fault(LOADER, loaderWith({ browser: owner('cookiebot') }));
  const exchanges = gate.watch();
  const tab = await visitor.tab(page('cookiebot', { early: EARLY }));
  await settled(tab);
  await tab.evaluate(() => datafly.track('Late'));
  await tab.goto(gate.put(SITE, ELSEWHERE));
  await tab.goto(page('cookiebot'));
  await passed(tab);
  assert.deepEqual([events(exchanges()), to(exchanges(), '/v1/b'), await stored(tab)], [[], [], []]);
});

scenario('a consent that is taken back takes along what other parts have stored, and nothing of another pipeline', async (visitor) => {
  gate.fault(LOADER, loaderWith({ browser: owner('cookiebot') }));
  const exchanges = gate.watch();
  const tab = await visitor.tab(page('cookiebot'));
  await tab.evaluate(() => (cmp.load(), cmp.accept()));
  await until(() => said(exchanges())[0], 'the yes is said');
  const others = ['datafly.q.dk_test_other.1', 'shop'];
  await tab.evaluate(
    ([key, others]) => {
      for (const name of [`datafly.q.${key}.1`, `datafly.s.${key}`, ...others]) localStorage[name] = sessionStorage[name] = 1;
    },
    [REQUIRED, others],
  );
  await tab.evaluate(() => cmp.reject());
  await until(() => said(exchanges())[1], 'the no is said');
  assert.deepEqual(await tab.evaluate(() => [localStorage, sessionStorage].map((area) => Object.keys(area).sort())), [others, others]);
});

scenario('what was stored before the owner asked for consent is not kept', async (visitor) => {
  gate.fault(LOADER, loaderWith({ browser: owner('cookiebot') }));
  const tab = await visitor.tab(page('cookiebot', { early: `localStorage['datafly.${REQUIRED}'] = '7:1:1:0:0'; ${EARLY}` }));
  await tab.waitForFunction(() => !Object.keys(localStorage).some((name) => /^datafly/.test(name)));
  const { epoch } = await tab.evaluate(() => datafly.onProfileReady());
  assert.equal(epoch, 7, 'though the page still counts on');
});

scenario('without the engine a late yes lets out what waits as well', async (visitor) => {
  visitor.expectConsole(/datafly WASM_UNAVAILABLE/, /Failed to load resource/, /wasm/i);
  gate.fault(LOADER, loaderWith({ credentialed: true, browser: owner('onetrust') }));
  gate.fault(/\.wasm$/, down());
  const exchanges = gate.watch();
  const tab = await visitor.tab(page('onetrust', { early: EARLY }));
  await tab.waitForFunction(() => seen.errors.includes('WASM_UNAVAILABLE'));
  assert.deepEqual([events(exchanges()), await stored(tab)], [[], []]);
  await tab.evaluate(() => (cmp.load(), cmp.accept()));
  await until(() => events(exchanges()).length == 2, 'both leave');
  assert.equal(said(exchanges())[0].analytics, true);
  await tab.evaluate(() => (cmp.reject(), datafly.track('Refused')));
  await until(() => said(exchanges())[1]?.analytics === false, 'the no is said');
  assert.equal(events(exchanges()).length, 2);
});

scenario('where the page brings the profile, nobody waits for an event that may not leave', async (visitor) => {
  gate.fault(LOADER, loaderWith({ context: true, credentialed: true, browser: owner('cookiebot') }));
  const tab = await visitor.tab(page('cookiebot', { early: EARLY }));
  await settled(tab);
  const reasons = await tab.evaluate(() => seen.settled.map(({ reason }) => reason));
  assert(!reasons.includes('timeout'), reasons.join());
});

scenario('a page whose tabs tell each other still comes back from the back/forward cache', async (visitor) => {
  gate.fault(LOADER, loaderWith({ browser: owner('cookiebot', { storage: 'never' }) }));
  const tab = await visitor.tab(page('cookiebot', { cacheable: true }));
  await passed(tab);
  await tab.evaluate(() => addEventListener('pageshow', ({ persisted }) => (window.restored = persisted)));
  await tab.goto(gate.put(SITE, ELSEWHERE));
  await tab.goBack({ waitUntil: 'commit' });
  await tab.waitForFunction(() => window.restored);
});

scenario('tabs that may store nothing tell each other', async (visitor) => {
  gate.fault(LOADER, loaderWith({ browser: owner('cookiebot', { sources: undefined, storage: 'never' }) }));
  const exchanges = gate.watch();
  const [one, other] = [await visitor.tab(page('cookiebot', { early: EARLY })), await visitor.tab(page('cookiebot', { early: EARLY }))];
  await settled(one);
  await settled(other);
  await one.evaluate(() => datafly.consent({ analytics: true }));
  await until(() => events(exchanges()).length == 4, 'a yes in one tab is a yes in both');
  await other.evaluate(() => datafly.reset());
  await one.waitForFunction(() => datafly.onProfileReady().then(({ epoch }) => epoch == 2));
  await other.evaluate(() => datafly.consent({ analytics: false }));
  await until(() => said(exchanges()).length == 2, 'a no is told');
  await one.evaluate(() => datafly.track('Refused'));
  const late = await visitor.tab(page('cookiebot'));
  await late.waitForFunction(() => datafly.onProfileReady().then(({ epoch }) => epoch == 3));
  await late.evaluate(() => datafly.track('Refused too'));
  for (const tab of [one, other, late]) {
    await passed(tab);
    assert.deepEqual(await stored(tab), []);
  }
  assert.equal(events(exchanges()).length, 4);
});

nothingLeaked();
