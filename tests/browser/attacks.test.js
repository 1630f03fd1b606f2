// Other sites and sibling subdomains against a visitor who is logged in and has a profile worth stealing:
// they read nothing, change nothing, and cost the vendor nothing.
import { strict as assert } from 'node:assert';
import { pathsOf, to } from './harness/exchanges.js';
import { EVIL, ID, REQUIRED, SIBLING } from './harness/site.js';
import { until } from './harness/until.js';
import { shoot } from './harness/visitor.js';
import { gate, nothingLeaked, scenario, vendor } from './harness/world.js';
import { BLANK, fetches, form, include } from './pages/attacker.js';
import { ALICE, becomeKnown, logIn, pageEvent } from './pages/people.js';
import { init, shopPage } from './pages/shop.js';

const LOADER = `${ID}/v1/loader.js?key=${REQUIRED}`;
const ENRICH = `${ID}/v1/enrich?provider=amperity&key=${REQUIRED}`;
const STOLEN = /Style Seeker|Maison Lune|Platinum/;

const shop = () => shopPage({ form: 'stub', key: REQUIRED, script: init(REQUIRED) });

/** A browser that is bound to Alice by a token, and linked to her at the vendor. */
const victim = async (visitor) => {
  const url = shop();
  const tab = await becomeKnown(visitor, url, 'alice');
  await logIn(visitor, tab, 'alice');
  return { url, tab };
};

/** A victim meets an attack: afterwards its jar, its profile and the vendor's counters are what they were. */
const attack = (name, attempt) =>
  scenario(name, async (visitor) => {
    const { url, tab } = await victim(visitor);
    const [jar, hits] = [await visitor.jar(), await vendor.hits()];
    const exchanges = gate.watch();

    await attempt(visitor, exchanges);

    assert.deepEqual(await vendor.hits(), hits, 'the vendor was not asked');
    assert.deepEqual(to(exchanges(), '/v1/').flatMap(({ setCookies }) => setCookies), [], 'no cookie was set');
    assert.deepEqual(await visitor.jar(), jar);
    const { reason, profile } = await tab.evaluate(() => datafly.refreshProfile());
    assert.deepEqual([reason, profile], ['network', { amperity: ALICE }], 'the victim is who it was');
    await tab.goto(url);
    assert.deepEqual((await tab.evaluate(() => datafly.onProfileReady())).profile, { amperity: ALICE });
    await pageEvent(tab);
    assert.deepEqual(await visitor.jar(), jar);
  });

const open = (visitor, origin, body = BLANK) => visitor.tab(gate.put(origin, body), { hostile: true });

for (const [who, origin] of [['a sibling subdomain', SIBLING], ['another site', EVIL]]) {
  attack(`${who} fetches with credentials`, async (visitor, exchanges) => {
    const tab = await open(visitor, origin);
    const read = await fetches(tab, ID, REQUIRED);
    assert.equal(read.length, 8);
    // An opaque answer has no status and no body: `opaque 0 `.
    for (const line of read) assert.match(line, /: (refused|opaque 0 )$/);
    const met = to(exchanges(), '/v1/');
    assert(met.length >= 8, 'the requests were sent');
    assert(met.every(({ status }) => status == 403), `${met.map(({ path, status }) => path + status)}`);
    const withCookie = met.filter(({ headers }) => headers.cookie?.includes('__Host-dfk')).length;
    assert.equal(withCookie, origin == SIBLING ? met.length : 0, 'SameSite tells sites apart, not subdomains');
    await shoot(tab, `attack-fetch-${new URL(origin).host}`);
  });

  attack(`${who} includes the profile as a script`, async (visitor) => {
    const tab = await open(visitor, origin);
    for (const crossorigin of [undefined, 'anonymous', 'use-credentials']) {
      const { ran, found } = await include(tab, ENRICH, crossorigin);
      assert.equal(ran, false);
      assert.doesNotMatch(found, STOLEN);
    }
  });

  for (const crossorigin of [undefined, 'anonymous', 'use-credentials']) {
    attack(`${who} includes the loader, ${crossorigin ? 'crossorigin=' + crossorigin : 'plainly'}`, async (visitor, exchanges) => {
      const tab = await open(visitor, origin);
      const { ran, reason, found } = await include(tab, LOADER, crossorigin);
      assert.equal(ran, crossorigin == undefined, 'anybody may include it, nobody else may read it');
      if (ran) assert.match(reason, /denied|error/);
      assert.doesNotMatch(found, STOLEN);
      for (const { answer } of to(exchanges(), '/v1/')) assert.doesNotMatch(answer, STOLEN);
      await shoot(tab, `attack-loader-${crossorigin ?? 'plain'}-${new URL(origin).host}`);
    });
  }

  for (const path of ['/v1/i', '/v1/reset', '/v1/p']) {
    attack(`${who} submits a form to ${path}`, async (visitor, exchanges) => {
      const tab = await open(visitor, origin, form(`${ID}${path}?key=${REQUIRED}`));
      const met = await until(() => to(exchanges(), path)[0]?.over && to(exchanges(), path), 'the form has arrived');
      assert.deepEqual(met.map(({ method, status }) => [method, status]), [['POST', 403]]);
      assert.equal(met[0].headers['sec-fetch-mode'], 'navigate');
      await tab.waitForURL(`${ID}${path}**`);
      assert.match(await tab.evaluate(() => document.body.innerText), /NAVIGATION_REFUSED/);
    });
  }

  attack(`${who} frames and opens the profile`, async (visitor, exchanges) => {
    const tab = await open(visitor, origin, `${BLANK}<iframe src="${ENRICH}"></iframe><img src="${ENRICH}">`);
    await until(() => to(exchanges(), '/v1/enrich').filter(({ over }) => over).length == 2, 'both were asked for');
    await tab.evaluate((url) => void (location.href = url), ENRICH);
    await tab.waitForURL(ENRICH);
    const met = to(exchanges(), '/v1/enrich');
    assert.deepEqual(met.map(({ status }) => status), [403, 403, 403]);
  });
}

scenario('a sibling subdomain plants cookies beside the real ones', async (visitor) => {
  const { url, tab } = await victim(visitor);
  const bob = '11111111-1111-4111-8111-111111111111';
  await vendor.link(bob, 'bob');
  const jar = await visitor.jar();
  const asked = await vendor.lookUps();
  assert.deepEqual(asked, ['email_sha256']);
  const attacker = await open(visitor, SIBLING);
  await attacker.evaluate((id) => {
    document.cookie = `_dfid=${id}; domain=shop.test; path=/; secure`;
    document.cookie = `_dfid=${id}; domain=shop.test; path=/v1; secure`;
    document.cookie = `__Host-dfk=1.t.${id}.1.20000.AAAA; domain=shop.test; path=/; secure`;
    document.cookie = `__Host-dfk=1.t.${id}.1.20000.AAAA; path=/v1; secure`;
  }, bob);
  // The browser lets one of them in: it is sent before the real one.
  const withPlanted = [...jar, `.shop.test/v1 _dfid=${bob}`].sort();
  assert.deepEqual(await visitor.jar(), withPlanted);

  const exchanges = gate.watch();
  await tab.goto(url);
  assert.deepEqual((await tab.evaluate(() => datafly.onProfileReady())).profile, { amperity: ALICE });
  await pageEvent(tab);
  const met = exchanges().filter(({ path }) => !path.startsWith('/v1/assets'));
  assert.deepEqual(pathsOf(met), ['/v1/loader.js', '/v1/p']);
  assert(met.every(({ headers }) => headers.cookie.includes(`_dfid=${bob}`)), 'it is sent');
  assert.deepEqual(await vendor.lookUps(), asked, 'who this is was known, and stays so');
  assert.deepEqual(await visitor.jar(), withPlanted);
});

scenario('a cookie planted before the first visit gives nobody else’s profile', async (visitor) => {
  const bob = '22222222-2222-4222-8222-222222222222';
  await vendor.link(bob, 'bob');
  const attacker = await open(visitor, SIBLING);
  await attacker.evaluate((id) => (document.cookie = `_dfid=${id}; domain=shop.test; path=/; secure`), bob);
  const exchanges = gate.watch();
  const tab = await visitor.tab(shop());
  assert.deepEqual((await tab.evaluate(() => datafly.onProfileReady())).profile, { amperity: {} });
  assert(exchanges().some(({ headers }) => headers.cookie?.includes(bob)), 'the planted cookie is sent');
  await pageEvent(tab);
  const { reason, profile } = await tab.evaluate(() => datafly.refreshProfile());
  assert.deepEqual([reason, profile], ['empty', { amperity: {} }]);
  assert.notEqual(await visitor.id(), bob);
  assert.notEqual(await visitor.cookie('_dfid'), bob);
});

const FORGED = '33333333-3333-4333-8333-333333333333';
for (const [what, forge] of [
  ['made up', () => `1.t.${FORGED}.1.20000.${'A'.repeat(43)}`],
  ['with another id under a real signature', (real) => real.replace(/[0-9a-f-]{36}/, FORGED)],
  ['with another version', (real) => real.replace(/^((?:[^.]*\.){3})\d+/, '$1' + '99')],
]) {
  scenario(`a forged credential, ${what}, is nobody`, async (visitor) => {
    const url = shop();
    const tab = await becomeKnown(visitor, url, 'alice');
    await vendor.link(FORGED, 'bob');
    const real = await visitor.cookie('__Host-dfk');
    const value = forge(real);
    assert.notEqual(value, real);
    const before = await visitor.id();
    const attributes = { domain: 'id.shop.test', path: '/', secure: true, httpOnly: true, sameSite: 'Lax' };
    await visitor.plant({ name: '__Host-dfk', value, ...attributes });
    const exchanges = gate.watch();
    await tab.goto(url);
    assert.deepEqual((await tab.evaluate(() => datafly.onProfileReady())).profile, { amperity: {} });
    assert(exchanges().some(({ headers }) => headers.cookie?.includes(value)), 'the forged cookie is sent');
    const after = await visitor.id();
    assert(after != before && after != FORGED, 'a new visitor');
  });
}

nothingLeaked();
