// The same by `sendBeacon`, which takes the cookies of the host along: here the one whose cookie names our visitor.
import { RudderAnalytics } from '@rudderstack/analytics-js/bundled';
import { ID, REQUIRED } from '../harness/site.js';

window.client = new RudderAnalytics();
client.load(REQUIRED, ID, {
  configUrl: ID,
  useBeacon: true,
  beaconQueueOptions: { flushQueueInterval: 100 },
});
