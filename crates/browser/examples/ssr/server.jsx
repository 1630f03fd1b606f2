// A site's server: renders the page with the visitor's profile. Settings come from the environment:
//
//   DATAFLY_URL, PIPELINE_KEY   the server, as the browser reaches it, and the pipeline
//   DATAFLY_INTERNAL_URL        the server, as this one reaches it, if that differs
//   SERVER_KEY                  one of the pipeline's `server_keys`
//   DATAFLY_MANIFEST            `www/pkg/manifest.json`, for the stub of the install snippet
//   PORT                        where to listen
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { renderToString } from 'react-dom/server';
import { ProfileProvider } from '@datafly/browser/react';
import { App } from './App.jsx';
import { bootstrap } from './bootstrap.js';

const { DATAFLY_URL, DATAFLY_INTERNAL_URL, PIPELINE_KEY, SERVER_KEY, DATAFLY_MANIFEST, PORT } = process.env;
const datafly = { url: DATAFLY_INTERNAL_URL ?? DATAFLY_URL, pipelineKey: PIPELINE_KEY, serverKey: SERVER_KEY };
const { stub } = JSON.parse(readFileSync(DATAFLY_MANIFEST, 'utf8'));
const client = readFileSync(join(__dirname, 'client.js'));

/**
 * Who asks. A shop with log-ins names the customer of its session, too: `{ userId, email }`. Without a log-in the
 * visitor is known by the id that datafly has left for the site's own server; every page of the site's domain can set
 * that cookie, so use it if you trust them all.
 */
const visitorOf = ({ headers }) => {
  const canonicalId = /(?:^|; )_dfid=([^;]+)/.exec(headers.cookie ?? '')?.[1];
  return canonicalId && { canonicalId };
};

const page = (answer) => {
  const profiles = answer && JSON.parse(answer).profiles;
  const html = renderToString(
    <ProfileProvider profiles={profiles}>
      <App />
    </ProfileProvider>,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">
${answer ? `<script type="application/json" id="datafly-profile">${answer}</script>` : ''}
<script>${stub}</script>
<script async crossorigin="use-credentials" src="${DATAFLY_URL}/v1/loader.js?key=${PIPELINE_KEY}"></script>
<script type="module" src="/client.js"></script>
</head><body><div id="root">${html}</div></body></html>`;
};

createServer(async (request, response) => {
  if (request.url === '/client.js') {
    response.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' }).end(client);
    return;
  }
  const visitor = visitorOf(request);
  const answer = visitor && (await bootstrap(datafly, visitor));
  // It is this visitor's alone.
  const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'private, no-store' };
  response.writeHead(200, headers).end(page(answer));
}).listen(Number(PORT), '127.0.0.1', function () {
  console.log(`http://127.0.0.1:${this.address().port}`);
});
