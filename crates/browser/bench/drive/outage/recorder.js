// All of the outages' internet: pages, and the one API host, where every event is written down before it meets what a
// run has in store for it. What a run lets through goes to our server or, for a peer, to the stub of `perf/browser`.
import http from 'node:http';
import https from 'node:https';
import { API } from '../site.js';
import { eventsIn } from './events.js';

const API_HOST = new URL(API).host;
/** What it takes until the page that a visitor leaves for is there. On this machine alone it would be nothing. */
const NEXT_PAGE_MS = 100;
/** Files of an SDK itself. The servers that these outages are about are others. */
const FILES = /^\/v1\/(loader\.js|assets\/)/;

export class Recorder {
  #runs = new Map();
  #listener;
  #server;
  #stub;

  /** @param stub of `perf/browser`, started; @param server port of ours */
  static async open({ certificate, server, stub }) {
    const recorder = new Recorder();
    recorder.#server = server;
    recorder.#stub = stub;
    recorder.#listener = https.createServer(certificate, (request, response) => {
      if (request.headers.host != API_HOST) return recorder.#page(request, response);
      recorder.#take(request, response).catch(() => response.destroy());
    });
    await new Promise((resume) => recorder.#listener.listen(0, '127.0.0.1', resume));
    return recorder;
  }

  get port() {
    return this.#listener.address().port;
  }

  close() {
    this.#listener.closeAllConnections();
    this.#listener.close();
    this.#stub.server.close();
  }

  /**
   * A new run on the pages of an origin. Its `fault` gets the events of a request, or none for any other request, and
   * returns what to answer: a status with headers, `'nothing'` for never, or `undefined` to let it through.
   */
  run(origin, { ours }) {
    const run = { ours, events: [], asked: 0, fault: () => undefined };
    this.#runs.set(origin, run);
    return run;
  }

  #page(request, response) {
    const serve = () => this.#stub.server.emit('request', request, response);
    if (request.url == '/elsewhere') setTimeout(serve, NEXT_PAGE_MS);
    else serve();
  }

  async #take(request, response) {
    const cors = corsFor(request);
    const answer = (status, headers = {}, bytes = '{"success":true,"status":1}') => {
      response.writeHead(status, { ...headers, ...cors, 'content-type': 'application/json' });
      response.end(bytes);
    };
    if (request.method == 'OPTIONS') return answer(204, {}, '');
    const { origin, referer } = request.headers;
    // A script is asked for without an origin.
    const run = this.#runs.get(origin ?? (referer && new URL(referer).origin));
    const at = performance.now();
    const body = await read(request);
    const events = eventsIn(body).map(({ id, name }) => ({ id, name, at, status: undefined }));
    if (run && FILES.test(request.url)) return this.#forward(run, request, body, response);
    const fault = run?.fault(events);
    if (run && events.length) run.events.push(...events);
    else if (run && !run.events.length) run.asked += 1;
    if (fault == 'nothing') return;
    const note = (status) => events.forEach((event) => (event.status = status));
    if (fault) {
      note(fault.status);
      return answer(fault.status, fault.headers, '{}');
    }
    if (events.length && !run?.ours) {
      note(200);
      return answer(200);
    }
    note(await this.#forward(run, request, body, response));
  }

  /** Passes it on, and the answer back; returns its status. */
  async #forward(run, { method, url, rawHeaders }, body, response) {
    const [client, port] = run?.ours ? [https, this.#server] : [http, this.#stub.port];
    const more = { rejectUnauthorized: false, servername: API_HOST };
    const incoming = await new Promise((resolve, reject) => {
      const options = { hostname: '127.0.0.1', port, method, path: url, headers: rawHeaders, ...more };
      client.request(options, resolve).on('error', reject).end(body);
    });
    response.writeHead(incoming.statusCode, incoming.rawHeaders);
    response.end(await read(incoming));
    return incoming.statusCode;
  }
}

const corsFor = ({ headers }) => ({
  'access-control-allow-origin': headers.origin ?? '*',
  'access-control-allow-credentials': 'true',
  'access-control-allow-methods': 'GET, POST, PUT',
  'access-control-allow-headers': headers['access-control-request-headers'] ?? '*',
  'access-control-expose-headers': 'retry-after',
});

const read = async (stream) => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};
