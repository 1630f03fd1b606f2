// Segment's with its settings in the page, so that it asks for none.
import { AnalyticsBrowser } from '@segment/analytics-next';
import { API } from '../../site.js';

const settings = { apiKey: 'k', apiHost: new URL(API).host + '/v1', protocol: 'https' };
export default AnalyticsBrowser.load(
  { writeKey: 'k', cdnURL: API, cdnSettings: { integrations: { 'Segment.io': settings }, plan: { track: {} } } },
  { integrations: { 'Segment.io': { protocol: 'https' } } },
);
