// What `datafly types` writes, beside the package's own types: right uses pass, wrong ones do not. Compiled, never run.
// A test of the command holds datafly-profile.d.ts to what it writes.
import datafly, { onProfileReady, type Profile } from '@datafly/browser';

export const right = async (): Promise<unknown[]> => {
  const { amperity, ansira, algonomy } = datafly.profile;
  const persona: string | undefined = amperity?.Persona;
  const tier: string | null | undefined = amperity?.LifetimeTier;
  const orders: number = amperity?.Orders ?? 0;
  const brands: readonly string[] = amperity?.Brands ?? [];
  const second: string | number | undefined = amperity?.['2nd "best"'];
  const mixed = amperity?.Mixed?.filter((it) => typeof it === 'number');
  const city: unknown = amperity?.Home?.city;
  const seen = amperity?.['Last Seen'];
  const day = typeof seen === 'string' ? seen.slice(0, 10) : '';
  const club = window.datafly.profile['loyalty-club']?.Tier?.toUpperCase();
  const { profile } = await onProfileReady();
  // A provider that the pipeline did not have then is still anything.
  const segment = algonomy?.Segment.length;
  const none = ansira?.Name;
  return [persona, tier, orders, brands, second, mixed, city, day, club, profile.amperity?.Nothing, segment, none];
};

export const wrong = (profile: Profile): void => {
  // @ts-expect-error a misspelt attribute
  profile.amperity?.Persnoa;
  // @ts-expect-error an attribute that no allowlist has
  profile.amperity?.Email;
  // @ts-expect-error a visitor may have no profile
  profile.amperity.Persona;
  // @ts-expect-error an attribute may be missing
  profile.amperity?.Persona.length;
  // @ts-expect-error a number is no text
  profile.amperity?.Orders === 'many';
  // @ts-expect-error a text may be null
  const tier: string | undefined = profile.amperity?.LifetimeTier;
  void tier;
  // @ts-expect-error what nobody has seen is looked at first
  profile.amperity?.['Last Seen']?.slice(0, 10);
  // @ts-expect-error what is in a list may be something else
  profile.amperity?.Mixed?.map((it) => it.toFixed());
  // @ts-expect-error what is nested is not known
  profile.amperity?.Home?.city.length;
  // @ts-expect-error a page writes no attributes
  profile.amperity!.Persona = 'Value Hunter';
};
