// Events are found in every form in which an SDK of the outage table sends them, and nowhere else.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { eventsIn } from './events.js';

const bytes = (value) => Buffer.from(JSON.stringify(value));
const ONE = [{ id: '1', name: 'first' }];

for (const [form, body] of [
  ['alone', bytes({ type: 'track', event: 'first', messageId: '1' })],
  ['in a batch', bytes({ writeKey: 'k', batch: [{ event: 'first', messageId: '1' }] })],
  ['in an array', bytes([{ event: 'first', uuid: '1' }])],
  ['in Snowplow’s payload', bytes({ schema: 's', data: [{ e: 'se', se_ac: 'first', eid: '1' }] })],
  ['packed', gzipSync(bytes({ event: 'first', uuid: '1' }))],
  ['in a form', Buffer.from('data=' + encodeURIComponent(bytes({ event: 'first', uuid: '1' }).toString('base64')))],
]) {
  test(`an event ${form}`, () => assert.deepEqual(eventsIn(body), ONE));
}

test('several keep their order', () => {
  const batch = [{ type: 'page', messageId: '0' }, { event: 'first', messageId: '1' }];
  assert.deepEqual(eventsIn(bytes({ batch })), [{ id: '0', name: undefined }, ...ONE]);
});

test('what is no event is none', () => {
  for (const body of ['', 'null', '{}', '[]', 'hello', '{"token":"k","distinct_id":"d"}', '7']) {
    assert.deepEqual(eventsIn(Buffer.from(body)), [], body);
  }
});
