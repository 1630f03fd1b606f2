// The sandbox's own page, as a developer uses it. It is no page of a site's and meets no server of ours.
import { strict as assert } from 'node:assert';
import { shoot } from './harness/visitor.js';
import { scenario, vendor } from './harness/world.js';

const page = `http://${vendor.address}`;

/** The text of a table, row by row. */
const rows = (tab, body) =>
  tab.$$eval(`#${body} tr`, (rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText)));

/** Looks somebody up as a server would, with what the page says. */
const lookUp = async (token, { tenant_id, profile_collection_id }, keys) => {
  const answer = await fetch(`${page}/amperity/prof/lookup/${profile_collection_id}/keychain`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'amperity-tenant': tenant_id, 'content-type': 'application/json' },
    body: JSON.stringify({ keys }),
  });
  return answer.status;
};

scenario('a developer sees accounts, people and requests, and makes a route fail', async (visitor) => {
  const tab = await visitor.tab(page);
  await tab.waitForSelector('#requests tr, #tokens tr');

  const [, , settings] = (await rows(tab, 'tenants')).find(([name]) => name == 'amperity');
  const tenant = Object.fromEntries(settings.split('\n').map((line) => line.split(' ')));
  const [, , , expires, token] = (await rows(tab, 'tokens')).find(([, name]) => name == 'profile');
  assert.equal(expires, 'never');
  assert.equal(await lookUp(token, tenant, { email: 'vera@example.com' }), 200);
  await tab.waitForFunction(() => /amperity\.lookup\.post/.test(document.querySelector('#requests').innerText));
  const [request] = await rows(tab, 'requests');
  assert.deepEqual(request.slice(2, 4).concat(request[6]), ['amperity.lookup.post', 'POST', '200']);

  await tab.fill('#search', 'hostile@');
  await tab.waitForFunction(() => document.querySelector('#profiles').rows.length == 1);
  assert.match((await rows(tab, 'profiles'))[0][1], /customer_id user-hostile/);

  const fails = tab.locator('select[aria-label="fault of amperity.lookup.post"]');
  await fails.selectOption('503');
  await tab.waitForSelector('#routes tr.on');
  assert.equal(await lookUp(token, tenant, { email: 'vera@example.com' }), 503);
  await tab.waitForFunction(() => document.querySelector('#requests .bad')?.innerText == '503');
  await shoot(tab, 'sandbox');
  await fails.selectOption('none');
  await tab.waitForFunction(() => !document.querySelector('#routes tr.on'));
  assert.equal(await lookUp(token, tenant, { email: 'vera@example.com' }), 200);

  // Faults that a program has set are shown too, and ended with all others.
  await vendor.fail('amperity.events', { status: 418 });
  await tab.waitForFunction(() => /by a program: .*418/.test(document.querySelector('#routes').innerText));
  await tab.click('#clear');
  await tab.waitForFunction(() => !document.querySelector('#routes tr.on'));
});
