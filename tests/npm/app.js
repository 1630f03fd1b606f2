// The package as somebody who installs it has it: packed, installed from that file, and put on the shop's site.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { after } from 'node:test';
import { SITE } from '../browser/harness/site.js';
import { gate } from '../browser/harness/world.js';

const PACKAGE = resolve(import.meta.dirname, '../../target/npm');

export const app = mkdtempSync(join(tmpdir(), 'datafly-npm-'));
after(() => rmSync(app, { recursive: true }));

const npm = (...args) => execFileSync('npm', [...args, '--silent', '--offline'], { cwd: app, encoding: 'utf8' });

/** What `npm pack` took. */
export const [packed] = JSON.parse(npm('pack', PACKAGE, '--json'));
writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }');
npm('install', '--no-audit', '--no-fund', packed.filename);

/** Where it is then. */
export const installed = join(app, 'node_modules/@datafly/browser');

/** Writes a file of the app. */
export const write = (name, text) => {
  const path = join(app, name);
  mkdirSync(resolve(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
};

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** Puts the files of a folder on the shop's site, below a path, but for those that this leaves out. */
export const deploy = (folder, path, isLeftOut = (name) => false) => {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const name = file.slice(folder.length);
    if (!entry.isFile() || isLeftOut(name)) continue;
    gate.put(SITE, readFileSync(file), { path: path + name, type: TYPES[extname(name)] ?? 'text/plain' });
  }
};
