import type { Readable } from 'svelte/store';
import type { ProfileOptions, ProfileState } from './profile.js';

export type { ProfileOptions, ProfileState };

/**
 * Says, in a component above, where `useProfile` finds the profile; needed on a server, and where the SDK is not
 * `window.datafly`.
 */
export declare const provideProfile: (options?: ProfileOptions) => Readable<ProfileState>;

/** The visitor's profile. To be called while a component is made. */
export declare const useProfile: () => Readable<ProfileState>;
