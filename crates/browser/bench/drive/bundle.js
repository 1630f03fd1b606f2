// What a page fetches of each SDK: esbuild's minified bundle of the smallest page that initialises it, identifies,
// tracks and waits until it is ready (`perf/browser/entries`), in raw bytes, gzip -9 and brotli -11.
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { BUNDLED } from './pages.js';
import { API, KEY } from './site.js';

const HERE = import.meta.dirname ?? new URL('.', import.meta.url).pathname;

/** As `perf/browser/bundle.mjs` has it. */
const OPTIONS = {
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2020',
  legalComments: 'none',
  logLevel: 'error',
  nodePaths: [join(HERE, 'node_modules')],
  define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
  write: false,
};

/** What comes of a script, the first file first. */
export const bundled = async (contents, more = {}) => {
  const stdin = { contents, resolveDir: HERE, sourcefile: 'page.js' };
  const { outputFiles } = await build({ ...OPTIONS, ...more, stdin });
  return outputFiles;
};

const sizeOf = (files) => {
  const sum = (size) => files.reduce((bytes, file) => bytes + size(Buffer.from(file)), 0);
  const brotli = (bytes) =>
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length;
  const gzip = (bytes) => gzipSync(bytes, { level: 9 }).length;
  return { raw: sum(({ length }) => length), gzip: sum(gzip), brotli: sum(brotli) };
};

/** Our package in a page's bundle: the built module, and the wasm, which it looks for beside the bundle. */
export const installOurs = (www, folder) => {
  const { module, wasm } = JSON.parse(readFileSync(join(www, 'pkg/manifest.json'), 'utf8'));
  copyFileSync(join(www, 'pkg', wasm), join(folder, wasm));
  return { alias: { '@datafly/browser': join(www, 'pkg', module) } };
};

/** Ours by the build's manifest: what a default page fetches, and what is fetched when it is needed. */
const ours = (www) => {
  const read = (name) => readFileSync(join(www, 'pkg', name));
  const { stub, loader, module, engine = module, wasm, chunks = {} } = JSON.parse(read('manifest.json'));
  const lazy = sizeOf(Object.values(chunks).map(read)).brotli;
  return [
    { name: 'datafly, loader', ...sizeOf([stub, read(loader), read(engine), read(wasm)]), lazy },
    { name: 'datafly, ES module', ...sizeOf([read(module), read(wasm)]), lazy },
  ];
};

/** Somebody else's. Loaded first is the entry with what it imports statically; the rest is lazy. */
const peer = async (name, source) => {
  const files = await bundled(source, { splitting: true, outdir: '/out', chunkNames: '[hash]' });
  const byName = new Map(files.map(({ path, text }) => [basename(path), text]));
  const first = new Set();
  const walk = (file) => {
    if (first.has(file) || !byName.has(file)) return;
    first.add(file);
    const imports = byName.get(file).matchAll(/(?:import|export)[^"'();]*?["']\.\/([^"']+)["']/g);
    for (const [, imported] of imports) walk(imported);
  };
  walk('stdin.js');
  const part = (keep) => sizeOf([...byName].filter(([file]) => keep == first.has(file)).map(([, text]) => text));
  return { name, ...part(true), lazy: part(false).brotli };
};

/** The peers' entries by name, as their authors wrote them down. */
const entries = (perf) => {
  const folder = join(perf, 'browser/entries');
  const names = readdirSync(folder).filter((file) => file.endsWith('.js') && file != 'floor-js.js');
  return names.map((file) => [file.slice(0, -3), readFileSync(join(folder, file), 'utf8')]);
};

/** The names of their pages. */
export const peersOf = (perf) => entries(perf).map(([name]) => name);

/** Where an entry calls the host of its page, it calls ours. */
const elsewhere = (source) =>
  source
    .replaceAll('location.origin', JSON.stringify(API))
    .replaceAll('location.host', JSON.stringify(new URL(API).host))
    .replaceAll("protocol: 'http'", "protocol: 'https'")
    .replaceAll('edge.example.com', new URL(API).host);

const floor = () => readFileSync(join(HERE, 'floor.js'), 'utf8').replaceAll('KEY', KEY).replaceAll('API', API);

/** Each SDK's bytes, and the floor's. */
export const sizes = async ({ perf, www }) => [
  ...ours(www),
  await peer('floor', floor()),
  ...(await Promise.all(entries(perf).map(([name, source]) => peer(name, source)))),
];

/** Writes the scripts of the pages that are timed: one file each, which is the friendliest case for a peer. */
export const writePages = async ({ perf, out, www }) => {
  const folder = join(out, 'one');
  mkdirSync(folder, { recursive: true });
  const write = async (name, source, more) => {
    const [{ contents }] = await bundled(source, more);
    writeFileSync(join(folder, name + '.js'), contents);
  };
  await Promise.all(entries(perf).map(([name, source]) => write(name, elsewhere(source))));
  await write('floor', floor());
  await write('datafly', BUNDLED, installOurs(www, folder));
};
