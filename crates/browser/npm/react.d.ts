import type { FunctionComponent, PropsWithChildren } from 'react';
import type { ProfileOptions, ProfileState } from './profile.js';

export type { ProfileOptions, ProfileState };

/** Says where `useProfile` finds the profile; needed on a server, and where the SDK is not `window.datafly`. */
export declare const ProfileProvider: FunctionComponent<PropsWithChildren<ProfileOptions>>;

/** The visitor's profile; the component is rendered anew when it changes. */
export declare const useProfile: () => ProfileState;
