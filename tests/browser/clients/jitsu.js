// Jitsu's client. It takes no key without a colon in it; what follows the colon is nothing to datafly.
import { jitsuAnalytics } from '@jitsu/js';
import { COLLECT, REQUIRED } from '../harness/site.js';

window.client = jitsuAnalytics({ host: COLLECT, writeKey: REQUIRED + ':-' });
