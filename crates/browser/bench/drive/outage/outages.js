// Plays all outages with all clients, several side by side: what is counted here is not time.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundled, installOurs } from '../bundle.js';
import { launch } from '../chromium.js';
import { API, KEY } from '../site.js';
import { Recorder } from './recorder.js';
import { SCENARIOS } from './scenarios.js';

const HERE = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
/** As many as the server's configuration has origins for. */
const LANES = 6;

const LAST_WORDS_MS = 500;

/** The client by its script tag; it is no module. */
const TAG = 'datafly-tag';
const CLIENTS = [TAG, ...readdirSync(join(HERE, 'clients')).map((file) => file.slice(0, -3))];
const isOurs = (client) => client.startsWith('datafly');

/** What came of each scenario of each of the clients, so many times: a list of columns, by client. */
export const outages = async (options, { peers, runs }) => {
  const clients = CLIENTS.filter((client) => isOurs(client) || !peers || peers.includes(client));
  const documents = await write(options, clients);
  const { start } = await import(pathToFileURL(join(options.perf, 'browser/server.mjs')).href);
  const stub = await start({ dirs: [join(options.out, 'outage')] });
  for (const [path, html] of documents) stub.pages.set(path, html);
  const recorder = await Recorder.open({ certificate: options.certificate, server: options.server, stub });
  const browser = await launch(options.chromium, [['*.shop.test', recorder.port]], options.spki);

  const due = Array.from({ length: runs }, () =>
    Object.keys(SCENARIOS).flatMap((scenario) => clients.map((client) => ({ client, scenario }))),
  ).flat();
  const results = Object.fromEntries(clients.map((client) => [client, []]));
  const lane = async (number) => {
    const origin = `https://www-${number}.shop.test`;
    for (let next; (next = due.shift()); ) {
      const { client, scenario } = next;
      const columns = await play(browser, recorder, { origin, client, scenario });
      results[client].push(columns);
      console.error(`bench: ${client}: ${scenario}: ${JSON.stringify(columns)}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, (_, at) => lane(at + 1)));
  } finally {
    await browser.close();
    recorder.close();
  }
  return results;
};

const play = async (browser, recorder, { origin, client, scenario }) => {
  const run = recorder.run(origin, { ours: isOurs(client) });
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const visit = async (query, to) => {
      // Where it leaves at once, the visit itself never ends.
      page.goto(`${origin}/o/${client}${query}`).catch(() => {});
      const there = to ? origin + to : (url) => url.pathname == `/o/${client}` && url.search == query;
      // Not its load: that may take an answer which never comes.
      await page.waitForURL(there, { waitUntil: 'commit' });
      await page.waitForFunction((left) => left || window.say, to);
    };
    const say = (name, leaves) => page.evaluate(([name, leaves]) => window.say(name, leaves), [name, leaves]);
    return await SCENARIOS[scenario]({ run, visit, say });
  } finally {
    await context.close();
    // What a page says as it goes belongs to its own run, which is counted by now, and not to the next on this lane.
    await new Promise((resume) => setTimeout(resume, LAST_WORDS_MS));
  }
};

/** Bundles the clients into their pages; returns those by path. */
const write = async ({ out, www }, clients) => {
  const folder = join(out, 'outage');
  mkdirSync(folder, { recursive: true });
  const { stub } = JSON.parse(readFileSync(join(www, 'pkg/manifest.json'), 'utf8'));
  const ours = installOurs(www, folder);
  const documents = clients.map(async (client) => {
    if (client == TAG) {
      const source = `import { act } from './outage/act.js'; act(window.datafly);`;
      const [{ text }] = await bundled(source, { format: 'iife' });
      // The attribute permits the stub to store what is called before there is a loader.
      return page(client, `<script data-store="${KEY}">${stub}</script>
        <script async crossorigin="use-credentials" src="${API}/v1/loader.js?key=${KEY}"></script>
        <script>${text}</script>`);
    }
    const source = `import { act } from './outage/act.js';
      import client from './outage/clients/${client}.js';
      act(client);`;
    const [{ contents }] = await bundled(source, ours);
    writeFileSync(join(folder, client + '.js'), contents);
    return page(client, `<script type="module" src="/${client}.js"></script>`);
  });
  return [...(await Promise.all(documents)), ['/elsewhere', html('')]];
};

const page = (client, head) => ['/o/' + client, html(head)];

const html = (head) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>t</title><link rel="icon" href="data:,">${head}</head>
<body><h1>page</h1></body></html>`;
