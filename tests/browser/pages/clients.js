// Somebody else's client on the shop's pages.
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { SITE } from '../harness/site.js';
import { gate } from '../harness/world.js';

/** Bundles a client of `clients/`, as any shop's build would, and puts it on the shop's site; returns its URL. */
export const clientScript = (name) => {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL(`../clients/${name}.js`, import.meta.url))],
    bundle: true,
    format: 'iife',
    target: 'es2020',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
    write: false,
  });
  return gate.put(SITE, outputFiles[0].text, { type: 'text/javascript; charset=utf-8' });
};

/** Puts a page with that client, and nothing of ours, on the shop's site; returns its URL. */
export const clientPage = (name) =>
  gate.put(
    SITE,
    `<!doctype html>
    <html lang="en"><head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">
    <script src="${clientScript(name)}"></script></head><body>Fell &amp; Fjord</body></html>`,
  );
