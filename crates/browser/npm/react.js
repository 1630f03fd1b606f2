// React: `useProfile()` gives `{ profile, ready }` and renders anew when it changes. React 18 or newer.
import { createContext, createElement, useContext, useState, useSyncExternalStore } from 'react';
import { sourceOf } from './profile.js';

const Source = createContext(/** @type {any} */ (undefined));
let ofPage;

/** Only needed on a server, and where the SDK is not `window.datafly`. */
export const ProfileProvider = ({ datafly, profiles, children }) => {
  const [source] = useState(() => sourceOf({ datafly, profiles }));
  return createElement(Source.Provider, { value: source }, children);
};

export const useProfile = () => {
  const { first, now, follow } = useContext(Source) ?? (ofPage ??= sourceOf());
  return useSyncExternalStore(follow, now, () => first);
};
