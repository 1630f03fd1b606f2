// The vendor's own example for site owners, verbatim but for key and hosts.
import { COLLECT, ID } from '../harness/site.js';

/** From the install to the swapped hero. */
export const snippet = (key) => `
datafly.init({
  pipelineKey: '${key}',
  endpoint: '${COLLECT}',
  // Baked in by the Collector tab when Amperity personalisation is enabled:
  enrich: {
    endpoint: '${ID}',
    providers: ['amperity'],
  },
});

await datafly.onProfileReady();
const persona = datafly.profile.amperity?.Persona;
if (persona === 'Value Hunter') {
  document.querySelector('#hero').dataset.variant = 'promo';
}
`;

/** The rest of the example. */
export const AFTER_LOG_IN = `
// After a user logs in / identifies, you can refresh to pick up richer attributes:
datafly.identify('user-123', { email: 'alice@example.com' });
await datafly.refreshProfile();
`;
