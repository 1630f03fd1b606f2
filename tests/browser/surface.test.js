// What `datafly` can do beside profiles: groups, flush, listeners, middleware, debug.
import { strict as assert } from 'node:assert';
import { accepted, event, pathsOf } from './harness/exchanges.js';
import { OFF, SITE } from './harness/site.js';
import { hang } from './harness/faults.js';
import { until } from './harness/until.js';
import { gate, nothingLeaked, scenario } from './harness/world.js';
import { stub, pageOf, script } from './pages/parts.js';
import { FORMS, init, manifest, shopPage } from './pages/shop.js';

const shop = (form, early = '') => shopPage({ form, key: OFF, early, script: init(OFF) });
const posted = (exchanges, path) => accepted(exchanges, path).map(event);

for (const form of FORMS) {
  scenario(`${form}: a group is sent as one, and flush waits until the server has it`, async (visitor) => {
    const exchanges = gate.watch();
    const tab = await visitor.tab(shop(form));
    await tab.evaluate(() => {
      datafly.group('acme', { plan: 'gold' });
      datafly.track('Seen');
      return datafly.flush();
    });
    const [{ type, groupId, traits }] = posted(exchanges(), '/v1/g');
    assert.deepEqual([type, groupId, traits], ['group', 'acme', { plan: 'gold' }]);
    assert.equal(posted(exchanges(), '/v1/t').length, 1, 'everything has left');
    assert.equal(await tab.evaluate(() => datafly.flush().then(() => 'at once')), 'at once');
  });

  scenario(`${form}: middleware edits, drops, and does no harm where it throws`, async (visitor) => {
    visitor.expectConsole(/datafly MIDDLEWARE_FAILED/);
    const exchanges = gate.watch();
    const tab = await visitor.tab(
      shop(
        form,
        `datafly.track('Before');
        datafly.use((event) => { if (event.event == 'Dropped') return null; event.properties.by = ['first']; });
        datafly.use((event) => {
          if (event.event == 'Throws') throw new Error('not today');
          if (event.event == 'Promises') return Promise.resolve(event);
          event.properties.by.push('second');
          return { ...event, messageId: 'mine', type: 'identify', timestamp: 'never', token: 'made up', handle: 'other' };
        });`,
      ),
    );
    await tab.evaluate(() => {
      for (const name of ['Edited', 'Dropped', 'Throws', 'Promises']) datafly.track(name, {});
      datafly.identify('alice', {}, { token: 'secret of the page' });
      return datafly.flush();
    });
    const tracks = posted(exchanges(), '/v1/t');
    assert.deepEqual(
      tracks.map(({ type, event, properties }) => [type, event, properties?.by]),
      [
        ['track', 'Before', undefined],
        ['track', 'Edited', ['first', 'second']],
        ['track', 'Throws', ['first']],
        ['track', 'Promises', ['first']],
      ],
    );
    for (const { messageId, timestamp, token } of tracks) {
      assert(messageId != 'mine' && timestamp != 'never' && token == undefined);
    }
    const [identify] = posted(exchanges(), '/v1/i');
    assert.equal(identify.token, 'secret of the page', 'it is neither shown nor lost');
  });

  scenario(`${form}: listeners come and go`, async (visitor) => {
    const tab = await visitor.tab(
      shop(
        form,
        `window.heard = [];
        window.listener = ({ type, detail }) => heard.push([type, detail]);
        for (const name of ['ready', 'event', 'consent', 'profile']) datafly.on(name, listener);
        datafly.onProfileChange((profile) => heard.push(['change', profile]))`,
      ),
    );
    await tab.waitForFunction(() => heard.some(([type]) => type == 'datafly:ready'));
    await tab.evaluate(() => {
      datafly.identify('alice', { email: 'alice@example.com' }, { token: 'secret of the page' });
      datafly.track('Heard');
      datafly.consent({ marketing: true });
      return datafly.refreshProfile();
    });
    await tab.waitForFunction(() => heard.some(([type]) => type == 'datafly:profile'));
    const heard = await tab.evaluate(() => heard);
    const of = (name) => heard.filter(([type]) => type == name).map(([, detail]) => detail);
    assert.deepEqual(of('datafly:event').map(({ type, event }) => event ?? type), ['identify', 'Heard']);
    assert(!JSON.stringify(heard).includes('secret of the page'), 'no token is told');
    assert.deepEqual(of('datafly:consent'), [{ marketing: true }]);
    assert.deepEqual(of('change'), of('datafly:profile').map(({ profile }) => profile));
    assert.equal(of('datafly:ready').length, 1);

    const [more, version] = await tab.evaluate(() => {
      const before = heard.length;
      datafly.off('event', listener);
      const stop = datafly.onProfileChange(() => heard.push(['stopped']));
      stop();
      datafly.track('Unheard');
      dispatchEvent(new CustomEvent('datafly:profile', { detail: { profile: {} } }));
      return [heard.slice(before).map(([type]) => type), datafly.version];
    });
    assert.deepEqual(more, ['datafly:profile', 'change'], 'neither the listener nor the callback is left');
    assert.match(version, /^\d+\.\d+\.\d+$/);
  });

  scenario(`${form}: debug says on the console what happens, and is loaded for that only`, async (visitor) => {
    visitor.expectConsole(/console debug/);
    const exchanges = gate.watch();
    const tab = await visitor.tab(shop(form));
    await tab.evaluate(() => datafly.flush());
    const chunk = `/v1/assets/${manifest.chunks.debug}`;
    assert(!pathsOf(exchanges()).includes(chunk));
    await tab.evaluate(() => datafly.debug());
    await until(() => visitor.complained(/console debug: datafly \d/), 'it says what it is');
    assert(pathsOf(exchanges()).includes(chunk));
    await tab.evaluate(() => datafly.track('Said'));
    await until(() => visitor.complained(/console debug: datafly:event/), 'it says what is sent');
    const events = () => visitor.complaints().filter((text) => /console debug: datafly:event/.test(text)).length;
    const before = events();
    // The chunk is there: it is asked in this very turn.
    await tab.evaluate(() => (datafly.debug(false), new Promise((resume) => setTimeout(resume))));
    await tab.evaluate(() => datafly.track('Silent'));
    await tab.evaluate(() => datafly.flush());
    assert.equal(events(), before);
  });
}

scenario('flush ends where the server does not answer', async (visitor) => {
  const tab = await visitor.tab(shop('stub'));
  await tab.evaluate(() => datafly.flush());
  gate.fault(/^\/v1\/t/, hang());
  const ended = await tab.evaluate(() => {
    datafly.track('Lost');
    return datafly.flush(() => 1).then(() => true);
  });
  assert(ended);
});

scenario('the stub keeps a thousand calls, not more', async (visitor) => {
  const tab = await visitor.tab(pageOf([stub()]));
  const count = await tab.evaluate(() => {
    for (let i = 0; i < 1500; i++) datafly.track('Many', { i });
    return datafly._q.length;
  });
  assert.equal(count, 1000);
});

scenario('the stub stores events and log-outs, and no token, where its tag allows it', async (visitor) => {
  const calls = script(`
    datafly.page('Home');
    datafly.track('First', { a: 1 });
    datafly.identify('alice', { plan: 'gold' }, { token: 'secret of the page' });
    datafly.group('acme');
    datafly.track('Second');
    datafly.reset(); datafly.consent({ marketing: true }); datafly.init({}); datafly.use(() => {});
    window.stored = Object.entries(localStorage).sort(([a], [b]) => (a < b ? -1 : 1));`);
  const tab = await visitor.tab(pageOf([stub(`data-store="${OFF}"`), calls]));
  const stored = await tab.evaluate(() => stored);
  assert.deepEqual(
    stored.map(([, text]) => [JSON.parse(text)[0], JSON.parse(JSON.parse(text)[1])]),
    [
      ['page', ['Home']],
      ['track', ['First', { a: 1 }]],
      ['identify', ['alice', { plan: 'gold' }]],
      ['group', ['acme']],
      ['track', ['Second']],
      ['reset', []],
    ],
    'in the order of the calls',
  );
  for (const [key, text] of stored) {
    assert.match(key, new RegExp(`^datafly\\.q\\.${OFF}\\.[0-9a-z]{8}0\\.[0-9a-z]+$`));
    const [, , time, url, title] = JSON.parse(text);
    assert(time > 1.6e12 && url.startsWith(SITE) && title == 'Parts');
  }
  const without = await visitor.tab(pageOf([stub(), script(`localStorage.clear(); datafly.track('Seen')`)]));
  assert.equal(await without.evaluate(() => localStorage.length), 0);
});

scenario('where the chunk does not come, it is said', async (visitor) => {
  visitor.expectConsole(/datafly CHUNK_UNAVAILABLE/, /Failed to load resource|CORS policy/);
  gate.fault(new RegExp(manifest.chunks.debug), (_, { answer }) => answer({ status: 503, headers: [], bytes: Buffer.alloc(0) }));
  const tab = await visitor.tab(shop('stub'));
  await tab.evaluate(() => datafly.debug());
  await tab.waitForFunction(() => seen.errors.includes('CHUNK_UNAVAILABLE'));
});

nothingLeaked();
