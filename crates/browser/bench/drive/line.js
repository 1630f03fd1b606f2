// A line of a certain length between a browser and a server, both on this machine: what goes in at one end comes out at
// the other half a round trip later, and a connection takes the round trip of TCP's handshake before anything goes in.
//
// Chromium's own emulation holds requests back, and knows nothing of the handshakes of TCP and TLS, which are most of
// what a first visit to a host costs.
import { connect, createServer } from 'node:net';

export class Line {
  /** Milliseconds there and back, of connections made from now on. */
  rtt = 0;
  /** The port on 127.0.0.1 at its other end, of connections made from now on. */
  to;
  #listener;

  static async open() {
    const line = new Line();
    line.#listener = createServer({ allowHalfOpen: true, noDelay: true }, (near) => line.#take(near));
    await new Promise((resume) => line.#listener.listen(0, '127.0.0.1', resume));
    return line;
  }

  get port() {
    return this.#listener.address().port;
  }

  close() {
    this.#listener.close();
  }

  #take(near) {
    const far = connect({ port: this.to, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    // The near end was told at once that it is connected.
    carry(near, far, this.rtt / 2, performance.now() + this.rtt);
    carry(far, near, this.rtt / 2, 0);
  }
}

/** Nothing is sent before `connected`, and everything arrives `delay` after it was sent, in order. */
const carry = (from, to, delay, connected) => {
  const waiting = [];
  const arrive = () => {
    while (waiting.length) {
      const wait = waiting[0].due - performance.now();
      if (wait > 0) return setTimeout(arrive, wait);
      waiting.shift().act();
    }
  };
  const send = (act) => {
    waiting.push({ due: Math.max(performance.now(), connected) + delay, act });
    if (waiting.length == 1) arrive();
  };
  from.on('data', (bytes) => send(() => to.write(bytes)));
  from.on('end', () => send(() => to.end()));
  from.on('error', () => {});
  from.on('close', () => send(() => to.destroySoon()));
};
