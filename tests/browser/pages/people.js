// Who visits, what their browsers may know of them, and the things they do on every site.
import { strict as assert } from 'node:assert';
import { accepted } from '../harness/exchanges.js';
import { until } from '../harness/until.js';
import { gate, vendor } from '../harness/world.js';

export const VERA = { Persona: 'Value Hunter', FavoriteBrand: 'Halden', LifetimeTier: 'Gold' };
export const ALICE = { Persona: 'Style Seeker', FavoriteBrand: 'Maison Lune', LifetimeTier: 'Platinum' };

/**
 * Sends a page event; from its answer on there is a visitor on record. The page has read that answer when
 * this returns: if it left before, it would rightly send the event once more.
 */
export const pageEvent = async (tab) => {
  const exchanges = gate.watch();
  let read = 0;
  const note = (request) => (read += /\/v1\/[pb]\?/.test(request.url()));
  tab.on('requestfinished', note);
  await tab.evaluate(() => void datafly.page('Home'));
  await until(() => accepted(exchanges(), '/v1/p')[0]?.over, 'the page event is accepted');
  await until(() => read >= accepted(exchanges(), '/v1/p').length, 'the browser has its answer');
  tab.off('requestfinished', note);
  // One turn of the page's own loop, for the SDK.
  await tab.evaluate(() => new Promise((resume) => setTimeout(resume)));
};

/** The page was told of exactly these errors. It hears of an answer after the wire has carried it. */
export const assertTold = async (tab, codes) => {
  await until(() => tab.evaluate((count) => seen.errors.length >= count, codes.length), 'the page is told');
  assert.deepEqual(await tab.evaluate(() => seen.errors), codes);
};

/** A first visit, after which the vendor knows the browser as that customer's. */
export const becomeKnown = async (visitor, url, customer) => {
  const tab = await visitor.tab(url);
  await pageEvent(tab);
  await vendor.reset();
  await vendor.link(await visitor.id(), customer);
  return tab;
};

/** Logs in at the shop, which proves to datafly who this is, and waits for that person's profile. */
export const logIn = async (visitor, tab, user) => {
  const login = await visitor.logIn(tab, user);
  return tab.evaluate(({ userId, traits, token }) => {
    datafly.identify(userId, traits, { token });
    return datafly.refreshProfile();
  }, login);
};
