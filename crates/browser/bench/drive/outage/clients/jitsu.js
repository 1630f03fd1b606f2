import { jitsuAnalytics } from '@jitsu/js';
import { API } from '../../site.js';

export default jitsuAnalytics({ host: API, writeKey: 'k:s' });
