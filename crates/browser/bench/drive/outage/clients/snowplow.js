import { newTracker, setUserId, trackPageView, trackStructEvent } from '@snowplow/browser-tracker';
import { API } from '../../site.js';

newTracker('sp', API, { appId: 'web', eventMethod: 'post', plugins: [] });
export default {
  page: () => trackPageView(),
  identify: (id) => setUserId(id),
  track: (action) => trackStructEvent({ category: 'shop', action }),
};
