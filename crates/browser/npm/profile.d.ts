import type { Datafly, Profile } from '@datafly/browser';

/** The visitor's profile at one moment. Replaced as a whole, never changed. */
export interface ProfileState {
  readonly profile: Profile;
  /** Whether the profile is known, or waiting for it has ended: from then on an empty one says that there is nothing. */
  readonly ready: boolean;
}

/** Where an adapter finds the profile. */
export interface ProfileOptions {
  /** The SDK; the install snippet's, `window.datafly`, where absent. */
  datafly?: Datafly;
  /**
   * What the page is rendered with. On a server: `profiles` of the answer to `POST /v1/bootstrap`. In a browser it is
   * found in the page, where the server has written that answer as `<script type="application/json" id="datafly-profile">`.
   */
  profiles?: Profile;
}
