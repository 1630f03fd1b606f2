// Everything one test file runs in. Vendor, shop, internet and browser are started once for the file, the
// server anew for each scenario: what it remembers of a person would decide what the next test counts.
import { after, test } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertSecret } from './canary.js';
import { certificates } from './certificates.js';
import { Gate } from './gate.js';
import { startSandbox, startServer } from './processes.js';
import { Vendor } from './vendor.js';
import { Visitor } from './visitor.js';

/** `chromium` or `firefox`. */
const BROWSER = process.env.DATAFLY_BROWSER ?? 'chromium';

const folder = mkdtempSync(join(tmpdir(), 'datafly-browser-'));
const certificate = certificates(folder);
const sandbox = await startSandbox(folder);
export const gate = await Gate.open(certificate, { shop: sandbox.facts.shop });
export const vendor = new Vendor(sandbox.facts.vendor);
/** Programs that are no browser: where they find datafly, and whose certificates they must trust for it. */
export const outside = { host: `https://localhost:${gate.port}`, ca: certificate.caFile };
const { launch } = await import(`./${BROWSER}.js`);
const browser = await launch(gate.port, certificate.spki);

/** The next scenario's server, which starts while this one's is at work: half of a short scenario is that. */
let next;
const startNext = () => {
  next = startServer(folder, certificate, sandbox.facts);
  // Said by the scenario that waits for it.
  next.catch(() => {});
};
startNext();

after(async () => {
  await next.then((server) => server.stop(), () => {});
  await browser.close();
  await gate.close();
  await sandbox.stop();
  rmSync(folder, { recursive: true });
});

/** All that the scenarios' servers wrote. */
let log = '';

/** A test with a browser and a server of its own, before a vendor that has heard of nobody. */
export const scenario = (name, body) => BROWSER == 'chromium' && inBrowser(name, body);

/** The same, which stands for its subject in every browser that the tests are run in. */
scenario.everywhere = (name, body) => inBrowser(name, body);

const inBrowser = (name, body) =>
  test(name, { timeout: 40e3 }, async (t) => {
    gate.clear();
    await vendor.reset();
    const server = await next;
    startNext();
    gate.toDatafly(server.facts.address);
    const visitor = await Visitor.arrive(browser);
    try {
      await body(visitor);
      visitor.assertQuiet();
    } catch (error) {
      visitor.complaints().forEach((complaint) => t.diagnostic(complaint));
      throw error;
    } finally {
      gate.clear();
      await visitor.close();
      await server.stop();
      log += server.log();
    }
  });

/** The last test of each file. */
export const nothingLeaked = () =>
  test('no secret, no attribute that is not allowed and no other person was seen by browser or log', () =>
    assertSecret(gate, sandbox.facts, log));
