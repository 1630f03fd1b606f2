// The pages that are timed. Each calls `__ready` with what it was told when its SDK says that it is ready.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { API, KEY } from './site.js';

/** What the smallest page of ours does; the peers' are `perf/browser/entries`. */
const USE = `
datafly.track('viewed', { sku: 'a1' });
datafly.onProfileReady(({ reason, profile }) =>
  __ready(Object.keys(profile.amperity ?? {}).length ? reason : 'empty'));`;

/** The same where there is no loader, which has what `init` is told from the server. */
const INIT_AND_USE = `
datafly.init({ pipelineKey: '${KEY}', endpoint: '${API}', enrich: { providers: ['amperity'] } });
${USE}`;

/** A page's own script with our package in it. */
export const BUNDLED = `import datafly from '@datafly/browser'; ${INIT_AND_USE}`;

/** The pages by name: their document, and whether it is our server that they ask. */
export const pagesOf = ({ www, peers }) => {
  const { stub, module } = JSON.parse(readFileSync(join(www, 'pkg/manifest.json'), 'utf8'));
  const ours = {
    blank: '<script>__ready("blank")</script>',
    floor: '<script type="module" src="/one/floor.js"></script>',
    loader: `<script>${stub}</script>
      <script async crossorigin="use-credentials" src="${API}/v1/loader.js?key=${KEY}"></script>
      <script>${USE}</script>`,
    module: `<script type="module">import datafly from '${API}/v1/assets/${module}'; ${INIT_AND_USE}</script>`,
    datafly: '<script type="module" src="/one/datafly.js"></script>',
  };
  const asked = Object.entries(ours).map(([name, head]) => [name, { html: page(head), ours: true }]);
  const others = peers.map((name) => {
    const html = page(`<script type="module" src="/one/${name}.js"></script>`);
    return [name, { html, ours: false }];
  });
  return new Map([...asked, ...others]);
};

const page = (head) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>t</title><link rel="icon" href="data:,">
<script>
  window.__ready = (what) => {
    if (window.__t) return;
    window.__t = performance.now();
    console.log('READY ' + window.__t + ' ' + what);
  };
</script>
${head}</head><body><h1>page</h1></body></html>`;
