// Builds the small pages as a shop's own build would: with the framework's packages, and the adapters under the names
// that the npm package gives them.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { compile } from 'svelte/compiler';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const adapter = (name) => here(`../../../crates/browser/npm/${name}.js`);

/** The script of an entry, for a `browser` or for `node`. */
export const script = async (entry, platform) => {
  const { outputFiles } = await build({
    entryPoints: [here(entry)],
    bundle: true,
    write: false,
    platform,
    format: platform == 'node' ? 'cjs' : 'esm',
    target: 'es2022',
    jsx: 'automatic',
    logLevel: 'error',
    // Frameworks tell of mismatches while one develops.
    define: {
      'process.env.NODE_ENV': '"development"',
      __VUE_OPTIONS_API__: 'false',
      __VUE_PROD_DEVTOOLS__: 'false',
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'true',
    },
    alias: Object.fromEntries(['react', 'vue', 'svelte'].map((name) => [`@datafly/browser/${name}`, adapter(name)])),
    // The adapters lie outside, where none of these packages are.
    conditions: ['svelte', 'development'],
    nodePaths: [here('node_modules')],
    plugins: [svelte(platform)],
  });
  return outputFiles[0].text;
};

const svelte = (platform) => ({
  name: 'svelte',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.svelte$/ }, ({ path }) => {
      const generate = platform == 'node' ? 'server' : 'client';
      const { js } = compile(readFileSync(path, 'utf8'), { filename: path, generate, dev: true });
      return { contents: js.code };
    }),
});
