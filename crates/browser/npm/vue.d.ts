import type { Plugin, ShallowRef } from 'vue';
import type { ProfileOptions, ProfileState } from './profile.js';

export type { ProfileOptions, ProfileState };

/** Says where `useProfile` finds the profile; needed on a server, and where the SDK is not `window.datafly`. */
export declare const profilePlugin: (options?: ProfileOptions) => Plugin;

/** The visitor's profile. To be called in a component's set-up. */
export declare const useProfile: () => Readonly<ShallowRef<ProfileState>>;
