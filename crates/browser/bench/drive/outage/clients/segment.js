import { AnalyticsBrowser } from '@segment/analytics-next';
import { API } from '../../site.js';

const apiHost = new URL(API).host + '/v1';
export default AnalyticsBrowser.load(
  { writeKey: 'k', cdnURL: API },
  { integrations: { 'Segment.io': { apiHost, protocol: 'https' } } },
);
