// What is between Chromium and the servers, in a thread of its own, so that who drives the browser does not slow it:
// a line for pages, a line for the API host, and at the end of the one, and for peers of the other, the stub of
// `perf/browser`, which answers every vendor's requests at once.
import { createSecureServer } from 'node:http2';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { Line } from './line.js';

const { perf, out, certificate, documents, server } = workerData;
const { start } = await import(pathToFileURL(join(perf, 'browser/server.mjs')).href);
const stub = await start({ dirs: [out] });
for (const [path, html] of documents) stub.pages.set(path, html);

// As our own server, it speaks the version of HTTP that browsers prefer.
const tls = createSecureServer({ ...certificate, allowHTTP1: true }, (request, response) =>
  stub.server.emit('request', request, response),
);
await new Promise((resume) => tls.listen(0, '127.0.0.1', resume));
const stubPort = tls.address().port;

const [pages, api] = [await Line.open(), await Line.open()];
pages.to = stubPort;

parentPort.on('message', ({ rtt, ours }) => {
  pages.rtt = api.rtt = rtt;
  api.to = ours ? server : stubPort;
  parentPort.postMessage('set');
});
parentPort.postMessage({ pages: pages.port, api: api.port });
