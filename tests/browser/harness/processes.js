// Processes, the product's own and others: started, waited for, stopped by their id.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { secrets, toml } from './config.js';
import { COLLECT, ID, REQUIRED } from './site.js';
import { until } from './until.js';

const ROOT = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../..');
const BINARY = resolve(ROOT, process.env.DATAFLY_BIN ?? 'target/debug/datafly');
/** Where `cargo xtask test` has put Python's packages. */
export const PYTHON_PACKAGES = resolve(ROOT, process.env.DATAFLY_PYTHON_PACKAGES ?? 'target/test-python');
/** The shop's files; the bundle is in `pkg`. */
export const WWW = resolve(ROOT, process.env.DATAFLY_WWW ?? 'www');

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** `datafly sandbox`: the vendor and the shop. `facts` is its ready file. */
export const startSandbox = (folder) =>
  start(folder, 'sandbox', {}, [
    'sandbox', '--vendor', '127.0.0.1:0', '--shop', '127.0.0.1:0', '--www', WWW,
    '--pipeline-key', REQUIRED, '--id-url', ID, '--collect-url', COLLECT,
  ]);

/** Somebody else's program, to its end. What it says is in the failure if that is not a good one. */
export const runToItsEnd = (command, args, environment) =>
  new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH, ...environment };
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running.delete(child);
      if (code == 0) resolve();
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}:\n${said}`));
    });
  });

let servers = 0;

/** `datafly serve` over that sandbox, new and at its most talkative. `facts` is its ready file. */
export const startServer = (parent, certificates, sandbox) => {
  const folder = join(parent, `server-${++servers}`);
  mkdirSync(folder);
  const config = join(folder, 'datafly.toml');
  writeFileSync(config, toml({ folder, bundle: join(WWW, 'pkg'), certificates, sandbox }));
  return start(folder, 'serve', secrets(sandbox), ['serve', '--config', config, '--log', 'trace']);
};

const start = async (folder, name, environment, args) => {
  const readyFile = join(folder, name + '.ready');
  const logFile = join(folder, name + '.log');
  const log = openSync(logFile, 'a');
  const child = spawn(BINARY, [...args, '--ready-file', readyFile], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', log, log],
  });
  running.add(child);
  let ended = false;
  child.on('exit', () => {
    ended = true;
    running.delete(child);
  });
  child.on('error', () => (ended = true));
  const read = () => readFileSync(logFile, 'utf8');
  await until(
    () => {
      if (ended) throw new Error(`${BINARY} ${name} ended:\n${read()}`);
      return existsSync(readyFile);
    },
    `${name} is ready`,
    30e3,
  );
  return {
    facts: JSON.parse(readFileSync(readyFile, 'utf8')),
    log: read,
    stop: async () => {
      child.kill('SIGTERM');
      await until(() => ended, `${name} has stopped`, 15e3);
    },
  };
};
