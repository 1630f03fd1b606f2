// The same, as its documentation says to set up a proxy of one's own, and sending several events at once.
import { AnalyticsBrowser } from '@segment/analytics-next';
import { COLLECT, REQUIRED } from '../harness/site.js';

const batching = { strategy: 'batching', config: { size: 10, timeout: 100 } };
const apiHost = new URL(COLLECT).host + '/v1';
window.client = AnalyticsBrowser.load(
  { writeKey: REQUIRED, cdnURL: COLLECT },
  { integrations: { 'Segment.io': { apiHost, protocol: 'https', deliveryStrategy: batching } } },
);
