// RudderStack's client, in the build that fetches no parts of itself from RudderStack.
import { RudderAnalytics } from '@rudderstack/analytics-js/bundled';
import { COLLECT, REQUIRED } from '../harness/site.js';

window.client = new RudderAnalytics();
client.load(REQUIRED, COLLECT, { configUrl: COLLECT });
