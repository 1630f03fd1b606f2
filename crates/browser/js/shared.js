// What the tabs of a browser share, as stored: `epoch:left:heard:denied:obeyed` (src/epoch.rs), then the
// consent said last: `:handle:state` (consent.js).

import { mayStore } from './allow.js';

/** Of something that came as JSON. */
export const isMap = (value) => value instanceof Object && !Array.isArray(value);

/** Where storage is denied, or not allowed, each page remembers for itself. */
export const recall = (config) => {
  try {
    if (mayStore(config)) return localStorage['datafly.' + config.pipelineKey] || '';
  } catch {}
  return config.stored || '';
};

/** What comes after the counters. */
export const tailOf = (text) => text.split(':').slice(5);

/** What is no counter counts as nothing stored. */
export const counters = (text) =>
  [0, 1, 2, 3, 4].map((i) => +/^\d{0,9}$/.exec(text.split(':')[i] ?? ''));

/** The counters as they are now. */
export const countersIn = (config) => counters(recall(config));

/** Stores either part; the other one stays. */
export const remember = (config, counters = countersIn(config), tail = tailOf(recall(config))) => {
  const text = [...counters, ...tail].join(':');
  try {
    if (mayStore(config)) return (localStorage['datafly.' + config.pipelineKey] = text);
  } catch {}
  config.stored = text;
};
