// All of the tests' internet: one TLS listener for every host.
//
// id and collect go to datafly, and so does localhost, to which programs come that are no browser; www to the shop,
// and whatever a test has put somewhere is served from there. Each request and each answer byte towards the browser
// is recorded, and a request can meet a fault on its way.
import http from 'node:http';
import https from 'node:https';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

const DATAFLY = ['id.shop.test', 'collect.shop.test', 'localhost'];

export class Gate {
  /** Oldest first; see `#take`. */
  exchanges = [];
  #shop;
  /** Other servers of the shop's, by path. */
  #servers = new Map();
  #ca;
  #listener;
  #faults = [];
  #pages = new Map();
  #pageCount = 0;
  #release = new Set();
  #datafly;
  #connections;

  /** @param shop its address */
  static async open(certificates, { shop }) {
    const gate = new Gate();
    gate.#shop = shop;
    gate.#ca = certificates.ca;
    gate.#listener = https.createServer(certificates.listener, (request, response) =>
      gate.#take(request, response).catch((error) => {
        console.error('gate:', error);
        response.destroy();
      }),
    );
    await new Promise((resume) => gate.#listener.listen(0, '127.0.0.1', resume));
    return gate;
  }

  get port() {
    return this.#listener.address().port;
  }

  async close() {
    this.clear();
    this.#connections?.destroy();
    this.#listener.closeAllConnections();
    await new Promise((resume) => this.#listener.close(resume));
  }

  /** From here on datafly is at this address. */
  toDatafly(address) {
    this.#connections?.destroy();
    this.#connections = new https.Agent({ keepAlive: true, ca: this.#ca });
    this.#datafly = address;
  }

  /** From here on another server of the shop's answers these paths of it. */
  toServer(address, ...paths) {
    paths.forEach((path) => this.#servers.set(path, address));
  }

  /** Puts a document somewhere; returns its URL. */
  put(origin, body, { type = 'text/html; charset=utf-8', headers = {}, path } = {}) {
    const url = origin + (path ?? `/t/${++this.#pageCount}`);
    this.#pages.set(url, { body, headers: { 'content-type': type, 'cache-control': 'no-store', ...headers } });
    return url;
  }

  /**
   * What happens to the next `times` requests whose path matches, on datafly's hosts. The newest counts; a
   * preflight is not what is meant.
   * `met` of what is returned is how many there were: a fault that nothing met proves nothing.
   */
  fault(pattern, fault, { times = Infinity } = {}) {
    const entry = { pattern, fault, times, met: 0 };
    this.#faults.unshift(entry);
    return entry;
  }

  /** Ends all faults, and what they hold back. */
  clear() {
    this.#faults = [];
    this.#release.forEach((release) => release());
    this.#release.clear();
  }

  /** What has gone through to datafly since this call, as a live list. */
  watch() {
    const from = this.exchanges.length;
    return () => this.exchanges.slice(from).filter(({ host }) => DATAFLY.includes(host));
  }

  async #take(request, response) {
    const host = request.headers.host.split(':')[0];
    const exchange = {
      host,
      method: request.method,
      path: request.url,
      headers: request.headers,
      body: '',
      /** Of the answer as soon as it is made, whether or not the browser ever gets it. */
      status: undefined,
      setCookies: [],
      answer: '',
      /** The browser got it, or went away, or was cut off. */
      over: false,
      cutByBrowser: false,
    };
    this.exchanges.push(exchange);
    const body = await read(request);
    exchange.body = decoded(body, request.headers['content-encoding']).toString();
    response.on('close', () => {
      exchange.over = true;
      exchange.cutByBrowser = !response.writableFinished;
    });

    const ways = {
      forward: async () => {
        const reply = await this.#forward(host, request, body);
        record(exchange, reply);
        return reply;
      },
      answer: (reply) => {
        record(exchange, reply);
        if (response.destroyed) return;
        response.sendDate = false;
        response.writeHead(reply.status, reply.headers);
        response.end(reply.bytes);
      },
      cut: () => request.socket.destroy(),
      /** Until faults end. */
      hold: () => new Promise((resume) => this.#release.add(resume)),
    };
    const page = this.#pages.get(`https://${host}${request.url.split('?')[0]}`);
    if (page) {
      const bytes = Buffer.from(page.body);
      ways.answer({ status: 200, headers: Object.entries(page.headers).flat(), bytes });
    } else {
      await this.#faultFor(exchange)(exchange, ways);
    }
  }

  #faultFor({ host, method, path }) {
    const meant = DATAFLY.includes(host) && method != 'OPTIONS';
    const met = meant && this.#faults.find(({ pattern, times }) => times > 0 && pattern.test(path));
    if (!met) return async (_, { forward, answer }) => answer(await forward());
    met.times -= 1;
    met.met += 1;
    return met.fault;
  }

  /** Passes a request on as it came and reads the answer to its end. */
  async #forward(host, { method, url, rawHeaders }, body) {
    if (host.startsWith('evil.')) return { status: 404, headers: [], bytes: Buffer.alloc(0) };
    const [client, address, more] = DATAFLY.includes(host)
      ? [https, this.#datafly, { agent: this.#connections, servername: host }]
      : [http, this.#servers.get(url) ?? this.#shop, {}];
    const [hostname, port] = address.split(':');
    const incoming = await new Promise((resolve, reject) => {
      const options = { hostname, port, method, path: url, headers: rawHeaders, ...more };
      client.request(options, resolve).on('error', reject).end(body);
    });
    return { status: incoming.statusCode, headers: incoming.rawHeaders, bytes: await read(incoming) };
  }
}

const record = (exchange, { status, headers, bytes }) => {
  const lines = [];
  const cookies = [];
  let encoding;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i].toLowerCase();
    if (name == 'set-cookie') cookies.push(headers[i + 1]);
    if (name == 'content-encoding') encoding = headers[i + 1];
    lines.push(`${name}: ${headers[i + 1]}\n`);
  }
  exchange.status = status;
  exchange.setCookies = cookies;
  exchange.answer = lines.join('') + '\n' + decoded(bytes, encoding).toString('latin1');
};

const decoded = (bytes, encoding) => ({ br: brotliDecompressSync, gzip: gunzipSync })[encoding]?.(bytes) ?? bytes;

const read = async (stream) => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};
