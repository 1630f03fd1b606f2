// What the tabs of a browser share, as stored: `epoch:left:heard:denied:obeyed` (src/epoch.rs), then the
// consent said last: `:handle:state` (consent.js).
import { mayStore } from './allow.js';

/** Of something that came as JSON. */
export const isMap = (value) => value instanceof Object && !Array.isArray(value);

/** What the tabs share; where storage is denied, or not allowed, what this page knows of it. */
export const recall = (config) => {
  try {
    return config.stored ?? localStorage['datafly.' + config.pipelineKey] ?? '';
  } catch {
    return '';
  }
};

/** What comes after the counters. */
export const tailOf = (text) => text.split(':').slice(5);

/** What is no counter counts as nothing stored. */
export const counters = (text) =>
  [0, 1, 2, 3, 4].map((i) => +/^\d{0,9}$/.exec(text.split(':')[i] ?? ''));

/** The counters as they are now. */
export const countersIn = (config) => counters(recall(config));

/** Keeps that where it is allowed, which may be what it says itself; else in this page alone. */
export const keep = (config, text) => {
  const key = 'datafly.' + config.pipelineKey;
  config.stored = text;
  try {
    if (mayStore(config)) {
      localStorage[key] = text;
      config.stored = void 0;
    } else delete localStorage[key];
  } catch {}
};

/** Shares either part; the other one stays. */
export const remember = (config, counters = countersIn(config), tail = tailOf(recall(config))) => {
  const text = [...counters, ...tail].join(':');
  keep(config, text);
  config.share?.(text);
};
