// Vue 3: `useProfile()` gives a shallow ref of `{ profile, ready }`.
import { inject, onMounted, onUnmounted, shallowRef } from 'vue';
import { sourceOf } from './profile.js';

const KEY = Symbol('datafly');
let ofPage;

/** `app.use(profilePlugin({ … }))`: only needed on a server, and where the SDK is not `window.datafly`. */
export const profilePlugin = (options) => ({ install: (app) => app.provide(KEY, sourceOf(options)) });

export const useProfile = () => {
  const { first, now, follow } = inject(KEY, undefined) ?? (ofPage ??= sourceOf());
  const state = shallowRef(first);
  let stop;
  // What the server has rendered is taken over before anything changes.
  onMounted(() => {
    const look = () => (state.value = now());
    look();
    stop = follow(look);
  });
  onUnmounted(() => stop());
  return state;
};
