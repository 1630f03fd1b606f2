// PostHog's. It would say nothing to a browser that is driven by a program.
import posthog from 'posthog-js';
import { API } from '../../site.js';

posthog.init('phc_test', { api_host: API, ui_host: API, disable_surveys: true, opt_out_useragent_filter: true });
export default {
  page: () => posthog.capture('$pageview'),
  identify: (id, traits) => posthog.identify(id, traits),
  track: (name, properties) => posthog.capture(name, properties),
};
