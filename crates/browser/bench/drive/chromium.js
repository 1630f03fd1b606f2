// Chromium as the project's browser tests start it, for which `hosts` are all there is.
import { chromium } from 'playwright-core';

/** @param hosts pairs of a pattern and the port on 127.0.0.1 where it is; the first that matches counts */
export const launch = (executablePath, hosts, spki) =>
  chromium.launch({
    executablePath,
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      `--host-resolver-rules=${rules(hosts)}`,
      `--ignore-certificate-errors-spki-list=${spki}`,
    ],
  });

const rules = (hosts) =>
  hosts
    .map(([host, port]) => `MAP ${host}:443 127.0.0.1:${port}`)
    .concat('MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1')
    .join(', ');
