import { RudderAnalytics } from '@rudderstack/analytics-js/bundled';
import { API, RUDDERSTACK_KEY } from '../../site.js';

const client = new RudderAnalytics();
client.load(RUDDERSTACK_KEY, API, {
  configUrl: API,
  lockIntegrationsVersion: true,
  useBeacon: true,
  // Its default is ten minutes, which is longer than anybody watches.
  beaconQueueOptions: { flushQueueInterval: 1000 },
});
export default client;
