// Uses every declaration of the adapters; compiled, never run.
import datafly, { type Profile } from '@datafly/browser';
import { ProfileProvider, type ProfileOptions, type ProfileState, useProfile } from '@datafly/browser/react';
import { provideProfile, useProfile as useStore } from '@datafly/browser/svelte';
import { profilePlugin, useProfile as useRef } from '@datafly/browser/vue';
import { get } from 'svelte/store';
import { createApp } from 'vue';

const profiles: Profile = { amperity: { Persona: 'Value Hunter' } };
const options: ProfileOptions = { datafly, profiles };

const Hero = () => {
  const { profile, ready }: ProfileState = useProfile();
  return <p hidden={!ready}>{profile.amperity?.Persona}</p>;
};

export const Page = () => (
  <ProfileProvider {...options}>
    <Hero />
  </ProfileProvider>
);

export const forVue = (): boolean => {
  createApp({}).use(profilePlugin(options)).use(profilePlugin());
  return useRef().value.ready;
};

export const forSvelte = (): string | undefined => {
  get(provideProfile());
  provideProfile(options);
  return get(useStore()).profile.amperity?.Persona;
};

export const mistakes = (): void => {
  // @ts-expect-error a profile has attributes by provider
  provideProfile({ profiles: { amperity: 'Value Hunter' } });
  // @ts-expect-error there is no such option
  profilePlugin({ sdk: datafly });
  // @ts-expect-error the page does not write it
  useProfile().ready = true;
  // @ts-expect-error nor replace it
  useRef().value = { profile: {}, ready: true };
};
