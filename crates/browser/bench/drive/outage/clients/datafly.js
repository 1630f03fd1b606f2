// Ours as a bundler's user installs it.
import datafly from '@datafly/browser';
import { API, KEY } from '../../site.js';

datafly.init({ pipelineKey: KEY, endpoint: API, enrich: { providers: ['amperity'] } });
export default datafly;
