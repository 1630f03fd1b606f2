// Visits: what a browser does on the site without a pause of 30 minutes. All its tabs share one; where nothing may
// be stored, each page has its own.
import { mayStore } from '#kit';

const PAUSE_MS = 18e5;

const keyOf = (config) => 'datafly.visit.' + config.pipelineKey;

/** The visit at a time: `id`, and `number`, which counts this browser's visits from 1. */
export const visitAt = (config, time, random = Math.random()) => {
  let [id, number, last] = recall(config).split(':');
  // Not in decimals: V8 keeps those of large numbers, and makes 48 KB of room for them.
  const seen = last ? parseInt(last, 36) : 0;
  if (!(time - seen < PAUSE_MS)) {
    id = time.toString(36) + random.toString(36).slice(2);
    // What is no number counts as no visit before.
    number = '' + ((+number || 0) + 1);
  }
  config.visit = [id, number, (seen > time ? seen : time).toString(36)].join(':');
  try {
    if (mayStore(config)) localStorage[keyOf(config)] = config.visit;
  } catch {}
  return { id, number: +number };
};

/** Whoever comes next begins anew. */
export const endVisit = (config) => {
  config.visit = '';
  try {
    localStorage.removeItem(keyOf(config));
  } catch {}
};

const recall = (config) => {
  try {
    if (mayStore(config)) return localStorage[keyOf(config)] || '';
  } catch {}
  return config.visit || '';
};
