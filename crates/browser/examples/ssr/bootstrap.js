// Asks datafly for a visitor's profiles, in the name of the site's own server. Node 18 or newer, no packages.
import { createHmac } from 'node:crypto';

/** A page is not kept waiting for longer: it hydrates by itself then. */
const PATIENCE_MS = 500;

/**
 * The answer as text, which may be written into HTML as it is; nothing if there is none in time.
 *
 * @param {object} datafly
 * @param {string} datafly.url of the server
 * @param {string} datafly.pipelineKey
 * @param {string} datafly.serverKey one of the pipeline's `server_keys`
 * @param {object} visitor who it is, as the site knows it: `canonicalId`, `userId`, `email` or `phone`. It counts as
 *   proven: name a person only who has logged in to this session.
 */
export const bootstrap = async ({ url, pipelineKey, serverKey }, visitor) => {
  const body = JSON.stringify(visitor);
  const timestamp = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', serverKey)
    .update(`${timestamp}\nPOST\n/v1/bootstrap\n${pipelineKey}\n${body}`)
    .digest('hex');
  try {
    const response = await fetch(`${url}/v1/bootstrap?key=${pipelineKey}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-timestamp': String(timestamp),
        'x-signature': `sha256=${signature}`,
      },
      body,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (response.ok) return await response.text();
    console.error('datafly: no bootstrap:', response.status);
  } catch (error) {
    console.error('datafly: no bootstrap:', error.message);
  }
};
