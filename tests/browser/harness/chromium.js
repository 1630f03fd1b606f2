// A real Chromium with a profile of its own, for which the gate is the internet.
import { chromium } from 'playwright-core';

const EXECUTABLE = process.env.DATAFLY_CHROMIUM ?? '/usr/bin/chromium';

/** Playwright makes and removes the user-data-dir. */
export const launch = (gatePort, spki) =>
  chromium.launch({
    executablePath: EXECUTABLE,
    // A page that was left must be able to come back as browsers let it.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      `--host-resolver-rules=${rules(gatePort)}`,
      `--ignore-certificate-errors-spki-list=${spki}`,
    ],
  });

/** Nothing else resolves, so a test that would leave the machine fails. */
const rules = (port) =>
  ['*.shop.test', 'evil.test']
    .map((host) => `MAP ${host}:443 127.0.0.1:${port}`)
    .concat('MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1')
    .join(', ');
