// The demo shop as people see it: a stranger, a known visitor, somebody who logs in and out.
import { strict as assert } from 'node:assert';
import { down } from './harness/faults.js';
import { SITE } from './harness/site.js';
import { shoot } from './harness/visitor.js';
import { gate, nothingLeaked, scenario } from './harness/world.js';
import { ALICE, VERA } from './pages/people.js';

const variant = (tab) => tab.evaluate(() => document.querySelector('#hero').dataset.variant);
const status = (tab) => tab.locator('#demo-status').innerText();
const shows = (tab, persona) =>
  tab.waitForFunction((persona) => datafly.profile.amperity?.Persona == persona, persona, { timeout: 25e3 });

/** Opens the shop, and waits until it knows whether it knows its visitor. */
const enter = async (visitor) => {
  const tab = await visitor.tab();
  await tab.setViewportSize({ width: 1280, height: 900 });
  await tab.goto(SITE + '/');
  await tab.waitForFunction(() => !/Asking/.test(document.querySelector('#demo-status').innerText));
  return tab;
};

scenario('a stranger sees the shop, comes back as Vera, and starts over', async (visitor) => {
  const tab = await enter(visitor);
  assert.match(await status(tab), /Unknown visitor/);
  assert.equal(await variant(tab), undefined);
  await shoot(tab, 'demo-stranger');

  await tab.locator('#come-back').click();
  await shows(tab, VERA.Persona);
  await tab.waitForSelector('#hero[data-variant=promo]');
  await tab.locator('#start-over').waitFor();
  assert.match(await status(tab), /Known visitor.*Value Hunter/);
  assert.deepEqual(await tab.evaluate(() => datafly.profile), { amperity: VERA });
  await shoot(tab, 'demo-vera');
  await tab.reload();
  await tab.waitForSelector('#hero[data-variant=promo]');

  await tab.locator('#start-over').click();
  await shows(tab, undefined);
  await tab.locator('#come-back').waitFor();
  assert.equal(await variant(tab), undefined);
  assert.match(await status(tab), /Unknown visitor/);
  await shoot(tab, 'demo-started-over');
});

scenario('a visitor logs in as Alice and out again, seen from two tabs', async (visitor) => {
  const tab = await enter(visitor);
  await tab.locator('#log-in').click();
  await shoot(tab, 'demo-log-in');
  await tab.locator('.person[value=alice]').click();
  await shows(tab, ALICE.Persona);
  const other = await enter(visitor);
  await shows(other, ALICE.Persona);
  await shoot(other, 'demo-alice');

  await tab.locator('#log-out').click();
  await shows(tab, undefined);
  await shows(other, undefined);
  await tab.locator('#log-in').waitFor();
  await shoot(tab, 'demo-logged-out');
});

scenario('without datafly the shop is a shop', async (visitor) => {
  visitor.expectConsole(/Failed to load resource/);
  const off = gate.fault(/./, down());
  const tab = await enter(visitor);
  assert(off.met > 0);
  assert.doesNotMatch(await status(tab), /nown visitor/);
  assert.equal(await tab.locator('.product:visible').count(), 8);
  await tab.locator('.product .add').first().click();
  assert.equal(await tab.locator('#bag-count').innerText(), '1');
  await shoot(tab, 'demo-without-datafly');
});

nothingLeaked();
