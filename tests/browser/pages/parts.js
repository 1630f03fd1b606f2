// Pages put together from tags, for what depends on which of them a page has, and in which order.
import { COLLECT, ID, OFF, SITE } from '../harness/site.js';
import { gate } from '../harness/world.js';
import { init, manifest } from './shop.js';

export const stub = (attributes = '') => `<script ${attributes}>${manifest.stub}</script>`;

/** Not `async`, so that tags run in the order in which they stand. */
export const loader = (attributes = '') =>
  `<script ${attributes} crossorigin="use-credentials" src="${ID}/v1/loader.js?key=${OFF}"></script>`;

/** Gives the page `sdk`, and calls `init`. */
export const module = (options = '', attributes = '') => `<script type="module" ${attributes}>
  import datafly from '${COLLECT}/v1/assets/${manifest.module}';
  window.sdk = datafly;
  ${init(OFF).replace('enrich:', `${options} enrich:`)}
</script>`;

export const script = (body, attributes = '') => `<script ${attributes}>${body}</script>`;

/** A page of these; returns its URL. */
export const pageOf = (parts, headers = {}) =>
  gate.put(
    SITE,
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Parts</title>
    <link rel="icon" href="data:,"></head><body>${parts.join('\n')}</body></html>`,
    { headers },
  );
