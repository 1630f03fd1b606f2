// Segment's client. Where its events go is in the settings that it finds at the host it is given.
import { AnalyticsBrowser } from '@segment/analytics-next';
import { COLLECT, REQUIRED } from '../harness/site.js';

window.client = AnalyticsBrowser.load({ writeKey: REQUIRED, cdnURL: COLLECT });
