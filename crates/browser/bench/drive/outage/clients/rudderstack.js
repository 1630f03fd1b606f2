import { RudderAnalytics } from '@rudderstack/analytics-js/bundled';
import { API, RUDDERSTACK_KEY } from '../../site.js';

const client = new RudderAnalytics();
client.load(RUDDERSTACK_KEY, API, { configUrl: API, lockIntegrationsVersion: true });
export default client;
