// A page's `getToken` proves who the visitor is when the identify is sent, and is asked again when a token has expired.
import { strict as assert } from 'node:assert';
import { accepted, event, pathsOf, to } from './harness/exchanges.js';
import { says, saysLater } from './harness/fakes.js';
import { REQUIRED } from './harness/site.js';
import { until } from './harness/until.js';
import { gate, scenario } from './harness/world.js';
import { assertTold, pageEvent } from './pages/people.js';
import { FORMS, init, shopPage } from './pages/shop.js';

const IDENTIFY = /^\/v1\/i/;
const SUCCESS = { success: true };
const EXPIRED = { error: { code: 'IDENTITY_TOKEN_EXPIRED', message: 'the token has expired' } };

const tokens = (exchanges) => to(exchanges(), '/v1/i').map((exchange) => event(exchange).token);
const kinds = (exchanges) => pathsOf(exchanges().filter(({ method }) => method == 'POST'));

/** A page with a visitor, whose next identifies are answered so. */
const arrive = async (visitor, form = 'stub', ...answers) => {
  const tab = await visitor.tab(shopPage({ form, key: REQUIRED, script: init(REQUIRED) }));
  await pageEvent(tab);
  gate.fault(IDENTIFY, says(SUCCESS));
  for (const answer of answers.reverse()) gate.fault(IDENTIFY, answer, { times: 1 });
  return tab;
};

for (const form of FORMS) {
  scenario(`${form}: the token is asked for when it is sent, of the call's own function or else of init's`, async (visitor) => {
    const tab = await arrive(visitor, form);
    const exchanges = gate.watch();
    await tab.evaluate((key) => {
      datafly.init({ pipelineKey: key, endpoint: '', getToken: async () => 'of init' });
      datafly.identify('1', null, { getToken: () => 'of the call' });
      datafly.identify('2');
      datafly.identify('3', {}, { token: 'given' });
    }, REQUIRED);
    await until(() => accepted(exchanges(), '/v1/i').length == 3, 'all are taken');
    assert.deepEqual(tokens(exchanges), ['of the call', 'of init', 'given']);
  });
}

scenario('an expired token is replaced once', async (visitor) => {
  visitor.expectConsole(/status of 401/);
  const tab = await arrive(visitor, 'stub', says(EXPIRED, 401));
  const exchanges = gate.watch();
  const outcome = await tab.evaluate(() => {
    let asked = 0;
    datafly.identify('1', null, { getToken: () => 'token ' + ++asked });
    return datafly.refreshProfile();
  });
  assert.equal(outcome.reason, 'empty');
  assert.deepEqual(tokens(exchanges), ['token 1', 'token 2']);
  const [first, second] = to(exchanges(), '/v1/i').map(event);
  assert.equal(first.messageId, second.messageId);
  assert.deepEqual(await tab.evaluate(() => seen.errors), []);
});

scenario('one that has expired again is reported, and the identify dropped', async (visitor) => {
  visitor.expectConsole(/status of 401/, /datafly IDENTITY_TOKEN_EXPIRED/);
  const tab = await arrive(visitor, 'stub', says(EXPIRED, 401), says(EXPIRED, 401));
  const exchanges = gate.watch();
  await tab.evaluate(() => {
    datafly.identify('1', null, { getToken: () => 'old' });
    datafly.track('After');
  });
  await until(() => accepted(exchanges(), '/v1/t')[0], 'the next event is taken');
  assert.deepEqual(kinds(exchanges), ['/v1/i', '/v1/i', '/v1/t']);
  await assertTold(tab, ['IDENTITY_TOKEN_EXPIRED']);
});

for (const [what, getToken] of [
  ['throws', "() => { throw Symbol('no') }"],
  ['rejects', '() => Promise.reject(null)'],
  ['gives no text', '() => ({})'],
  ['takes too long', '() => new Promise(() => {})'],
]) {
  scenario(`where getToken ${what} the identify is sent without a token`, async (visitor) => {
    visitor.expectConsole(/datafly TOKEN_UNAVAILABLE/);
    const tab = await arrive(visitor);
    const exchanges = gate.watch();
    await tab.evaluate((source) => {
      datafly.identify('1', null, { getToken: (0, eval)(source) });
      datafly.track('After');
    }, getToken);
    await until(() => accepted(exchanges(), '/v1/t')[0], 'both are taken', 15e3);
    assert.deepEqual(kinds(exchanges), ['/v1/i', '/v1/t']);
    assert.deepEqual(tokens(exchanges), [undefined]);
    await assertTold(tab, ['TOKEN_UNAVAILABLE']);
  });
}

scenario('nothing overtakes an identify that waits for its token', async (visitor) => {
  const tab = await arrive(visitor);
  const exchanges = gate.watch();
  await tab.evaluate(() => {
    const token = new Promise((resume) => (window.give = resume));
    window.asked = new Promise((resume) => {
      datafly.identify('1', null, { getToken: () => (resume(), token) });
    });
    datafly.track('After');
    void watch('fresh', 'refreshProfile');
    return window.asked;
  });
  await tab.evaluate(() => fetch(location.href));
  assert.deepEqual(to(exchanges(), '/v1/'), []);
  await tab.evaluate(() => give('late'));
  await tab.waitForFunction(() => seen.settled.length == 2);
  assert.deepEqual(tokens(exchanges), ['late']);
  assert.deepEqual(pathsOf(to(exchanges(), '/v1/')), ['/v1/i', '/v1/t', '/v1/enrich']);
});

scenario('a log-out drops the identify that waits for its token, at once', async (visitor) => {
  const tab = await arrive(visitor);
  const exchanges = gate.watch();
  await tab.evaluate(() => {
    const token = new Promise((resume) => (window.give = resume));
    return new Promise((resume) => datafly.identify('1', null, { getToken: () => (resume(), token) }));
  });
  await tab.evaluate(() => datafly.reset());
  await until(() => accepted(exchanges(), '/v1/reset')[0], 'the log-out does not wait');
  await tab.evaluate(() => {
    give('late');
    datafly.track('After');
  });
  await until(() => accepted(exchanges(), '/v1/t')[0], 'the next event is taken');
  assert.deepEqual(kinds(exchanges), ['/v1/reset', '/v1/t']);
});

scenario('a log-out while the token is on its way to the server lets no new one be asked for', async (visitor) => {
  visitor.expectConsole(/status of 401/);
  const { fault, release } = saysLater(EXPIRED, 401);
  const tab = await arrive(visitor, 'stub', fault);
  const exchanges = gate.watch();
  await tab.evaluate(() => {
    window.asked = 0;
    datafly.identify('1', null, { getToken: () => 'token ' + ++window.asked });
  });
  await until(() => to(exchanges(), '/v1/i')[0], 'it is sent');
  await tab.evaluate(() => datafly.reset());
  release();
  await until(() => accepted(exchanges(), '/v1/reset')[0], 'the log-out follows');
  assert.deepEqual(tokens(exchanges), ['token 1']);
  assert.equal(await tab.evaluate(() => window.asked), 1);
});
