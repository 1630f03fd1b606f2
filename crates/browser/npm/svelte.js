// Svelte 4 and 5: `useProfile()` gives a store of `{ profile, ready }`.
import { getContext, setContext } from 'svelte';
import { readable } from 'svelte/store';
import { sourceOf } from './profile.js';

const KEY = Symbol('datafly');
let ofPage;

const storeOf = (options) => {
  const { first, now, follow } = sourceOf(options);
  return readable(first, (set) => {
    const look = () => set(now());
    const stop = follow(look);
    // What the server has rendered is taken over before anything changes.
    queueMicrotask(look);
    return stop;
  });
};

/** In a component above: only needed on a server, and where the SDK is not `window.datafly`. */
export const provideProfile = (options) => setContext(KEY, storeOf(options));

export const useProfile = () => getContext(KEY) ?? (ofPage ??= storeOf());
