// The line is as long as it says, for handshakes too, and keeps what it carries in order.
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { Line } from './line.js';

/** Says hello over a line, to a server that repeats what it hears; returns what came back, and after how long each. */
const call = async (rtt, words) => {
  const server = createServer((socket) => socket.on('data', (data) => socket.write(data)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const line = await Line.open();
  Object.assign(line, { rtt, to: server.address().port });
  const socket = connect(line.port, '127.0.0.1');
  const heard = [];
  for (const word of words) {
    const sent = performance.now();
    socket.write(word);
    const [data] = await once(socket, 'data');
    heard.push({ word: data.toString(), took: performance.now() - sent });
  }
  socket.end(words.join(''));
  let rest = '';
  socket.on('data', (data) => (rest += data));
  await once(socket, 'close');
  line.close();
  server.close();
  return { heard, rest };
};

test('a first word takes two round trips, one of them TCP’s, and each later one takes one', async () => {
  const { heard, rest } = await call(60, ['a', 'b', 'c', 'd']);
  assert.deepEqual(heard.map(({ word }) => word), ['a', 'b', 'c', 'd']);
  // Timers count whole milliseconds, and a busy machine makes some of them late.
  const [first, ...later] = heard.map(({ took }) => took);
  assert(first >= 118, `${first} ms`);
  for (const took of later) assert(took >= 58, `${took} ms`);
  assert(Math.min(...later) < 118, `${later} ms`);
  assert.equal(rest, 'abcd', 'what is on its way when one end closes arrives');
});

test('a line of no length waits for nothing', async () => {
  const { heard } = await call(0, ['a', 'b', 'c', 'd']);
  const least = Math.min(...heard.map(({ took }) => took));
  assert(least < 20, `${least} ms`);
});
