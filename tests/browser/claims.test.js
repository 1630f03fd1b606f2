// What a page claims about its visitor counts under `off`; under `required` only what a token proves.
import { strict as assert } from 'node:assert';
import { OFF, REQUIRED } from './harness/site.js';
import { shoot } from './harness/visitor.js';
import { nothingLeaked, scenario, vendor } from './harness/world.js';
import { ALICE, assertTold, becomeKnown, logIn } from './pages/people.js';
import { AFTER_LOG_IN, snippet } from './pages/seed.js';
import { FORMS, init, shopPage } from './pages/shop.js';

const whole = (form, key) =>
  shopPage({ form, key, script: snippet(key) + AFTER_LOG_IN + 'window.done = true;' });

for (const form of FORMS) {
  scenario(`${form}: under off, the example's identify and refresh give richer attributes`, async (visitor) => {
    const tab = await visitor.tab(whole(form, OFF));
    await tab.waitForFunction(() => window.done);
    assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: ALICE });
    assert.deepEqual(await vendor.lookUps(), ['email_sha256']);
    await shoot(tab, `off-identified-${form}`);
  });

  scenario.everywhere(`${form}: under required, nothing changes before a token proves it`, async (visitor) => {
    const url = whole(form, REQUIRED);
    // A page that asks for nothing twice: whom the vendor did not know is not asked for again so soon.
    const tab = await becomeKnown(visitor, shopPage({ form, key: REQUIRED, script: init(REQUIRED) }), 'bob');
    const bob = { Persona: 'Loyal Regular', FavoriteBrand: 'Brightwater', LifetimeTier: 'Silver' };
    await tab.goto(url);
    await tab.waitForFunction(() => window.done);
    assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: bob });
    assert.deepEqual(await vendor.lookUps(), ['device_cookie']);
    await shoot(tab, `required-claimed-${form}`);

    await vendor.reset();
    const outcome = await logIn(visitor, tab, 'alice');
    assert.deepEqual([outcome.reason, outcome.profile], ['network', { amperity: ALICE }]);
    assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: ALICE });
    assert.deepEqual(await vendor.lookUps(), ['email_sha256']);
    assert.deepEqual(await vendor.hits(), { 'amperity.lookup.post': 1 });
    await shoot(tab, `required-proven-${form}`);
  });
}

scenario('a token for somebody else than the page says is refused, and the page is told', async (visitor) => {
  visitor.expectConsole(/IDENTITY_MISMATCH/, /status of 401/);
  const tab = await visitor.tab(shopPage({ form: 'stub', key: REQUIRED, script: snippet(REQUIRED) }));
  const { token } = await visitor.logIn(tab, 'bob');
  const outcome = await tab.evaluate((token) => {
    datafly.identify('user-123', { email: 'alice@example.com' }, { token });
    return datafly.refreshProfile();
  }, token);
  assert.deepEqual([outcome.reason, outcome.profile], ['empty', { amperity: {} }]);
  await assertTold(tab, ['IDENTITY_MISMATCH']);
  assert.deepEqual(await vendor.lookUps(), ['device_cookie'], 'not by what was claimed');
});

nothingLeaked();
