// What events say by themselves of the page, the browser and the visit, and what of it can be left out.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { idsIn } from '../../crates/browser/js/context.js';
import { endVisit, visitAt } from '../../crates/browser/js/visits.js';
import { accepted, event } from './harness/exchanges.js';
import { LOADER, loaderWith } from './harness/fakes.js';
import { OFF } from './harness/site.js';
import { gate, nothingLeaked, scenario } from './harness/world.js';
import { FORMS, init, shopPage } from './pages/shop.js';

const LANDING =
  '?utm_id=7&utm_source=news&utm_medium=email&utm_campaign=spring&utm_term=boots&utm_content=top' +
  '&gclid=G1&fbclid=F1&ttclid=T1&epik=E1&ScCid=S1&li_fat_id=L1&utm_other=x';
const CAMPAIGN = { id: '7', source: 'news', medium: 'email', name: 'spring', term: 'boots', content: 'top' };
const CLICKS = { gclid: 'G1', fbclid: 'F1', ttclid: 'T1', epik: 'E1', sc_click_id: 'S1', li_fat_id: 'L1' };
const COOKIES = ['_ga=GA1.2.11.22', '_ga_ABC=GS2.1.s1700000001$o3$g1', '_ttp=t-1', '_pin_unauth=p', '_scid=s', '_gat=1', 'plain'];
const IDS = { ga: 'GA1.2.11.22', ga_session_id: '1700000001', ttp: 't-1', pin_unauth: 'p', scid: 's' };

const page = (form = 'stub') =>
  shopPage({
    form,
    key: OFF,
    early: `${JSON.stringify(COOKIES)}.map((cookie) => (document.cookie = cookie))`,
    script: init(OFF),
  });
/** The context of an event that the tab says now. */
const contextIn = async (tab) => {
  const exchanges = gate.watch();
  await tab.evaluate(() => (datafly.track('Seen'), datafly.flush()));
  return event(accepted(exchanges(), '/v1/t')[0]).context;
};

for (const form of FORMS) {
  scenario(`${form}: an event says where it came from, and by which click`, async (visitor) => {
    const from = page(form);
    const tab = await visitor.tab(from);
    const url = page(form) + LANDING;
    await tab.evaluate((url) => (location.href = url), url);
    await tab.waitForURL(url);
    const context = await contextIn(tab);
    const { page: where, campaign, vendor_ids: ids, session, viewport, screen, locale, timezone, ...others } = context;
    assert.deepEqual(where, { url, path: new URL(url).pathname, search: LANDING, title: 'Shop', referrer: from });
    assert.deepEqual(campaign, CAMPAIGN);
    const { fbc, ...rest } = ids;
    assert.deepEqual(rest, { ...CLICKS, ...IDS });
    assert.match(fbc, /^fb\.1\.\d{13}\.F1$/);
    assert.deepEqual(viewport, { width: 900, height: 560 });
    assert.deepEqual(Object.keys(screen), ['width', 'height', 'density']);
    assert.deepEqual(await tab.evaluate(() => [navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone]), [locale, timezone]);
    assert.deepEqual([session.number, typeof session.id], [1, 'string']);
    assert.deepEqual(others, {});
    const jar = await tab.evaluate(() => document.cookie);
    assert(!/_fbc|_fbp|fb\.1/.test(jar), 'no cookie of a vendor is made');
  });
}

scenario('where there is nothing to say, nothing is said', async (visitor) => {
  const tab = await visitor.tab(shopPage({ form: 'stub', key: OFF }));
  const { campaign, vendor_ids: ids } = await contextIn(tab);
  assert.deepEqual([campaign, ids], [undefined, undefined]);
});

scenario('an owner leaves out each part', async (visitor) => {
  const parts = {
    campaign: ['campaign'],
    locale: ['locale'],
    timezone: ['timezone'],
    viewport: ['viewport', 'screen'],
    session: ['session'],
  };
  for (const [part, members] of Object.entries(parts)) {
    gate.fault(LOADER, loaderWith({ browser: { omit: [part] } }));
    const context = await contextIn(await visitor.tab(page() + LANDING));
    const expected = ['page', ...Object.values(parts).flat(), 'vendor_ids'].filter((name) => !members.includes(name));
    assert.deepEqual(Object.keys(context).sort(), expected.sort(), part);
  }
  gate.fault(LOADER, loaderWith({ browser: { omit: ['page', 'vendor_ids'] } }));
  const { page: where, vendor_ids: clicks } = await contextIn(await visitor.tab(page() + LANDING));
  assert.deepEqual([Object.keys(where), clicks], [['referrer'], CLICKS]);
  gate.fault(LOADER, loaderWith({ browser: { omit: ['referrer', 'click_ids'] } }));
  const { page: other, vendor_ids: ids } = await contextIn(await visitor.tab(page() + LANDING));
  assert.deepEqual([Object.keys(other), ids.gclid, ids.ga], [['url', 'path', 'search', 'title'], undefined, IDS.ga]);
});

scenario('module: init leaves parts out, too', async (visitor) => {
  const script = init(OFF).replace('enrich:', "omit: ['locale', 'session'], enrich:");
  const context = await contextIn(await visitor.tab(shopPage({ form: 'module', key: OFF, script })));
  assert.deepEqual([context.locale, context.session], [undefined, undefined]);
});

scenario('where nothing may be stored, no cookie is read and a visit is known to its page only', async (visitor) => {
  gate.fault(LOADER, loaderWith({ browser: { storage: 'never' } }));
  const tab = await visitor.tab(page() + LANDING);
  const first = await contextIn(tab);
  assert.deepEqual(first.vendor_ids, CLICKS);
  assert.deepEqual((await contextIn(tab)).session, first.session);
  await tab.evaluate(() => (datafly.identify('alice'), datafly.consent({ marketing: true }), datafly.flush()));
  assert.deepEqual(await tab.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0]);
  const other = await contextIn(await visitor.tab(page()));
  assert.notEqual(other.session.id, first.session.id);
});

scenario('tabs share a visit, and whoever comes after a log-out begins another', async (visitor) => {
  const [tab, other] = [await visitor.tab(page()), await visitor.tab(page())];
  const { session } = await contextIn(tab);
  assert.deepEqual((await contextIn(other)).session, session);
  await tab.evaluate(() => datafly.reset());
  const next = (await contextIn(other)).session;
  assert.notEqual(next.id, session.id);
  assert.equal(next.number, 1, 'nor is it counted on');
});

const HOUR = 36e5;

test('a visit ends with a pause of 30 minutes', () => {
  const config = { pipelineKey: OFF, browser: {} };
  const at = (minutes) => visitAt(config, 2e12 + minutes * 6e4, 0.5);
  const first = at(0);
  assert.deepEqual(first, { id: (2e12).toString(36) + 'i', number: 1 });
  assert.deepEqual([at(29), at(58), at(50), at(87)], Array(4).fill(first), 'it is as long as it goes on');
  assert.deepEqual(at(117.1), { id: (2e12 + 117.1 * 6e4).toString(36) + 'i', number: 2 });
  endVisit(config);
  assert.equal(visitAt(config, 2e12 + 2 * HOUR).number, 1);
  config.visit = 'x:y:z';
  assert.equal(visitAt(config, 2e12).number, 1, 'what is stored may be anything');
});

test('cookies may say anything', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(idsIn('', undefined, 5))), {});
  const read = (cookies) => JSON.parse(JSON.stringify(idsIn(cookies, 'F', 5)));
  assert.deepEqual(read('_ga_X=GS1.1.1699999999.4.1; __proto__=x; _ga; =; _fbc=fb.1.2.old'), {
    ga_session_id: '1699999999',
    fbc: 'fb.1.2.old',
  });
  assert.deepEqual(read('_ga_X=nonsense; _ga_Y=GS2.1.s12$o'), { ga_session_id: '12', fbc: 'fb.1.5.F' });
  assert.deepEqual(read('_ttp=a=b'), { ttp: 'a=b', fbc: 'fb.1.5.F' });
});

nothingLeaked();
