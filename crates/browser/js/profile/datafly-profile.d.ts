// Written by `datafly types` for the pipeline dk_live_shop: the attributes on its allowlists, and what they have
// been since the server was started. Write it anew when an allowlist changes.
export {};

/** What no visitor has had since the server was started: look at it before you use it. */
type Unseen = string | number | boolean | readonly unknown[] | { readonly [name: string]: unknown } | null;

declare module '@datafly/browser' {
  interface Profile {
    readonly amperity?: {
      readonly "2nd \"best\""?: string | number;
      readonly Brands?: readonly string[];
      readonly Home?: { readonly [name: string]: unknown };
      readonly IsMember?: boolean;
      readonly "Last Seen"?: Unseen;
      readonly LifetimeTier?: string | null;
      readonly Mixed?: null | readonly (number | { readonly [name: string]: unknown } | null | readonly unknown[])[];
      readonly Nothing?: readonly unknown[];
      readonly Orders?: number;
      readonly Persona?: string;
    };
    readonly ansira?: {
      readonly [name: string]: never;
    };
    readonly "loyalty-club"?: {
      readonly Tier?: string;
    };
  }
}
