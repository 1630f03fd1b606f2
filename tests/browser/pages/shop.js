// The tests' shop: one page, installed in one of three ways.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WWW } from '../harness/processes.js';
import { COLLECT, ID, READY_MS, SITE } from '../harness/site.js';
import { gate } from '../harness/world.js';

/** `stub`: inline stub and async loader. `blocking`: the loader alone. `module`: no loader. */
export const FORMS = ['stub', 'blocking', 'module'];

export const manifest = JSON.parse(readFileSync(join(WWW, 'pkg/manifest.json'), 'utf8'));
const PROBE = gate.put(SITE, readFileSync(new URL('probe.js', import.meta.url)), { type: 'text/javascript' });
const STYLE = gate.put(SITE, readFileSync(new URL('shop.css', import.meta.url)), { type: 'text/css' });

/**
 * Puts a page on the shop's site; returns its URL.
 *
 * @param script the page's own code, a module; `datafly` is there
 * @param early its code before that: in the stub's form before the loader can have come
 * @param csp its Content-Security-Policy; the scripts are then files
 * @param written what the shop's server writes into it of its visitor
 * @param top markup before the install snippet
 * @param html markup of its own
 * @param cacheable whether the back/forward cache may keep it
 */
export const shopPage = ({ form, key, script = '', early = '', csp, written, top = '', html = '', cacheable }) => {
  const src = `${ID}/v1/loader.js?key=${key}`;
  const own = csp ? (body, type) => external(body, type) : inline;
  const head = {
    stub: `<script>${manifest.stub}</script>
           <script async crossorigin="use-credentials" src="${src}"></script>`,
    blocking: `<script crossorigin="use-credentials" src="${src}"></script>`,
    module: '',
  }[form];
  const bound =
    form == 'module'
      ? `import datafly from '${COLLECT}/v1/assets/${manifest.module}';
         window.datafly = datafly;
         ${early}`
      : '';
  const body = `<!doctype html>
    <html lang="en"><head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">
    <link rel="stylesheet" href="${STYLE}">
    <script src="${PROBE}"></script>
    ${written ? `<script type="application/json" id="datafly-profile">${written}</script>` : ''}
    ${top}
    ${head}
    ${form != 'module' && early ? own(early) : ''}
    </head><body>
    <header>Fell &amp; Fjord <small>${form}</small></header>
    <section id="hero"><h1 class="default">Made for long light.</h1><h1 class="promo">Up to 40 % off.</h1></section>
    ${html}
    <p>profile</p><pre id="profile">{}</pre><p>settled</p><pre id="settled"></pre>
    ${own(bound + script, 'module')}
    </body></html>`;
  const headers = {
    ...(csp && { 'content-security-policy': csp }),
    ...(cacheable && { 'cache-control': 'no-cache' }),
  };
  return gate.put(SITE, body, { headers });
};

const inline = (body, type = 'text/javascript') => `<script type="${type}">${body}</script>`;

const external = (body, type = 'text/javascript') =>
  `<script type="${type}" src="${gate.put(SITE, body, { type: 'text/javascript' })}"></script>`;

/** What a page configures; the loader's forms have it from the server. */
export const init = (key, { providers = ['amperity'], timeoutMs = READY_MS, session = false } = {}) => `
datafly.init({
  pipelineKey: '${key}',
  endpoint: '${COLLECT}',
  enrich: { endpoint: '${ID}', providers: ${JSON.stringify(providers)}, timeoutMs: ${timeoutMs} },
  session: ${session},
});
`;

/** Somewhere to go from the shop. */
export const ELSEWHERE = '<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,">Elsewhere.';
