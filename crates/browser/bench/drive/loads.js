// Loading a page and measuring it: a browser context of its own, so that nothing is connected, cached or known but the
// cookies that it starts with.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { peersOf, writePages } from './bundle.js';
import { launch } from './chromium.js';
import { pagesOf } from './pages.js';
import { API, SITE } from './site.js';

/** A page that is not ready by then is not going to be. */
const GIVE_UP_MS = 15e3;
/** After that, until it is idle; as in `perf/browser/run.mjs`. */
const SETTLE_MS = 800;
/** Loads of one browser, before there is a new one. */
const LOADS = 60;
/** The sandbox's customer who becomes the known visitor. */
const CUSTOMER = 'vera';

export class Loads {
  #options;
  #pages;
  #worker;
  #hosts;
  #browser;
  #loads = 0;
  #known;

  /** Everything up; the known visitor is known. */
  static async start(options) {
    const loads = new Loads();
    loads.#options = options;
    await writePages(options);
    loads.#pages = pagesOf({ www: options.www, peers: peersOf(options.perf) });
    const documents = [...loads.#pages].map(([name, { html }]) => ['/p/' + name, html]);
    const { perf, out, certificate, server } = options;
    const workerData = { perf, out, certificate, documents, server };
    loads.#worker = new Worker(new URL('internet.js', import.meta.url), { workerData });
    const [ports] = await once(loads.#worker, 'message');
    loads.#hosts = [[new URL(API).host, ports.api], ['*.shop.test', ports.pages]];
    await loads.#meet();
    return loads;
  }

  async close() {
    await this.#browser?.close();
    await this.#worker?.terminate();
  }

  /** The measures of one load, or of the one after; `known` is whether the visitor has been there before. */
  async load({ page: name, rtt, known, again }) {
    const { ours } = this.#pages.get(name);
    await this.#lead({ rtt, ours });
    const context = await this.#context(known);
    try {
      return await measure(context, name, again);
    } finally {
      await context.close();
    }
  }

  async #lead(how) {
    this.#worker.postMessage(how);
    await once(this.#worker, 'message');
  }

  async #context(known) {
    if (this.#loads++ % LOADS == 0) {
      await this.#browser?.close();
      this.#browser = await launch(this.#options.chromium, this.#hosts, this.#options.spki);
      // A browser's first page pays for much that is no page's.
      const first = await this.#browser.newContext();
      await measure(first, 'blank');
      await first.close();
    }
    return this.#browser.newContext({ storageState: known ? this.#known : undefined });
  }

  /** A first visit makes a visitor; the vendor is told whose it is, and by the next visits the server knows. */
  async #meet() {
    const control = (route, body) =>
      fetch(`http://${this.#options.vendor}/_control/${route}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    await this.#lead({ rtt: 0, ours: true });
    const context = await this.#context(false);
    await measure(context, 'module');
    const credential = (await context.cookies(API)).find(({ name }) => name == '__Host-dfk');
    await control('reset');
    await control('link', { cookie: credential.value.split('.')[2], customer: CUSTOMER });
    for (let tries = 0; (await measure(context, 'loader')).what != 'inline'; tries++) {
      if (tries == 20) throw new Error('the server does not come to know its visitor');
    }
    const { cookies } = await context.storageState();
    this.#known = { cookies, origins: [] };
    await context.close();
  }
}

/** With `again`, what is measured is the same tab's second view of the page. */
const measure = async (context, name, again) => {
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Performance.enable');
  await page.goto('about:blank');
  if (again) await visit(page, name);
  const before = await scriptMs(devtools);
  const measured = await visit(page, name);
  const script = (await scriptMs(devtools)) - before;
  await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  return { ...measured, script, heap: usedSize, wasm: await wasmBytes(devtools) };
};

/** When the page was ready and what it says then, as soon as it is idle. */
const visit = async (page, name) => {
  const complaints = [];
  const note = (complaint) => complaints.push(String(complaint));
  let heard;
  const ready = new Promise((resolve, reject) => {
    heard = (message) => {
      const [, ms, what] = /^READY (\S+) (.*)/.exec(message.text()) ?? [];
      if (ms) resolve({ ready: Number(ms), what });
      else if (message.type() == 'error') note(message.text());
    };
    const late = () => reject(new Error(`${name} is not ready in ${GIVE_UP_MS} ms: ${complaints.join(' | ')}`));
    setTimeout(late, GIVE_UP_MS).unref();
  });
  page.on('console', heard);
  page.on('pageerror', note);
  page.goto(`${SITE}/p/${name}`).catch(note);
  const measured = await ready;
  page.off('console', heard);
  page.off('pageerror', note);
  await new Promise((resume) => setTimeout(resume, SETTLE_MS));
  return measured;
};

const scriptMs = async (devtools) => {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return metrics.find(({ name }) => name == 'ScriptDuration').value * 1e3;
};

/** Memory of wasm is outside the heap. */
const wasmBytes = async (devtools) => {
  const { result } = await devtools.send('Runtime.evaluate', { expression: 'WebAssembly.Memory.prototype' });
  const { objects } = await devtools.send('Runtime.queryObjects', { prototypeObjectId: result.objectId });
  const sum = 'function () { return this.reduce((bytes, { buffer }) => bytes + buffer.byteLength, 0); }';
  const how = { objectId: objects.objectId, functionDeclaration: sum, returnByValue: true };
  return (await devtools.send('Runtime.callFunctionOn', how)).result.value;
};
