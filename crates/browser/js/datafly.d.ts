/**
 * The browser SDK of datafly: the visitor's profile for the page, and the page's events for the server.
 *
 * ```js
 * import datafly from 'https://id.example.com/v1/assets/datafly-….js';
 *
 * datafly.init({
 *   pipelineKey: 'dk_live_…',
 *   endpoint: 'https://collect.example.com',
 *   enrich: { endpoint: 'https://id.example.com', providers: ['amperity'] },
 * });
 * await datafly.onProfileReady();
 * if (datafly.profile.amperity?.Persona === 'Value Hunter') { … }
 * ```
 *
 * The install snippet gives a page the same object as `window.datafly`, already initialised.
 *
 * Nothing here throws or rejects. What goes wrong is told by the window's `datafly:error` event and by
 * `console.warn`.
 */

/** One provider's attributes: those on the owner's allowlist, as the provider sent them. */
export interface Attributes {
  readonly [name: string]: any;
}

/** Attributes by provider. Empty until there is an answer, and after a log-out. */
export interface Profile {
  readonly [provider: string]: Attributes | undefined;
}

/**
 * Why the profile is what it is.
 *
 * - `inline`: it came with the loader or the page itself
 * - `session`: it was known from this tab's session
 * - `network`: it was fetched, and has at least one attribute
 * - `empty`: the answer has no attribute for this visitor, from any provider
 * - `denied`: the server refuses this page or key (401, 403)
 * - `timeout`: there was no answer in time; a later one still becomes the profile
 * - `error`: there was no usable answer
 */
export type Reason = 'inline' | 'session' | 'network' | 'empty' | 'denied' | 'timeout' | 'error';

/** What `onProfileReady` and `refreshProfile` settle with. */
export interface Outcome {
  /** The profile at that moment; the same object as `datafly.profile`. */
  readonly profile: Profile;
  readonly reason: Reason;
  /** Grows with each `identify`, `consent` and `reset`, in all tabs. An answer of an older epoch settles nobody. */
  readonly epoch: number;
}

/** The argument of `init`. */
export interface InitOptions {
  /** The pipeline's public key, `dk_live_…` or `dk_test_…`. */
  pipelineKey: string;
  /** Base URL of the server. */
  endpoint: string;
  enrich?: {
    /** Base URL of the host that holds the visitor's cookie, if it is another one: events go there too. */
    endpoint?: string;
    /** The providers whose attributes the page wants. */
    providers?: string[];
    /** Milliseconds after which a waiting call settles whatever happens: 100 to 60000, default 3000. */
    timeoutMs?: number;
  };
  /** Gives the token of every `identify` that brings none. */
  getToken?: GetToken;
}

/**
 * Asks the site's own backend for a token that proves who the visitor is. Called when an `identify` is about
 * to be sent, and once more if the server says that the token has expired; what is called later waits.
 * Without a token after 10 seconds, or if this fails, the `identify` is sent without one and proves nothing.
 */
export type GetToken = () => string | PromiseLike<string>;

/** Options of `identify`. */
export interface IdentifyOptions {
  /** A token of the site's own backend that proves who the visitor is. */
  token?: string;
  /** Gives it when it is needed. Beside a `token`, it is called when that one has expired. */
  getToken?: GetToken;
}

/** What a visitor allows. What is absent was never answered, and is not granted. */
export interface Consent {
  analytics?: boolean | null;
  marketing?: boolean | null;
  functional?: boolean | null;
  personalization?: boolean | null;
  /** The consent platform's own codes. */
  categories?: Readonly<Record<string, boolean>> | null;
  /** Google Consent Mode v2, for example `ad_storage: 'granted'`. */
  google?: Readonly<Record<string, string>> | null;
}

/** Detail of the window's `datafly:error` event. */
export interface ErrorDetail {
  /**
   * Stable. From the SDK: `INVALID_CONFIG`, `ALREADY_INITIALISED`, `INVALID_USER_ID`, `INVALID_CONSENT`,
   * `NOT_SERIALISABLE`, `TOKEN_UNAVAILABLE`, `CALLBACK_FAILED`, `QUEUE_FULL`, `EVENTS_DELAYED`,
   * `EVENT_REFUSED`, `ENRICH_DENIED`, `ENRICH_FAILED`, `WASM_UNAVAILABLE`, `SDK_UNAVAILABLE`, `SDK_BROKEN`; for a refused event, the server's own code.
   */
  readonly code: string;
  readonly message: string;
}

/** Detail of the window's `datafly:profile` event. */
export interface ProfileDetail {
  readonly profile: Profile;
  readonly epoch: number;
}

/** The SDK. Its functions do not use `this`, and may be called before `init`. */
export interface Datafly {
  /** The visitor's attributes. Replaced as a whole, never changed: read it anew, do not keep it. */
  readonly profile: Profile;

  /**
   * Starts the SDK. A later call with the same key may change `enrich.timeoutMs` and `getToken`, nothing else.
   * With the install snippet it is not needed.
   */
  init(options: InitOptions): void;

  /**
   * Says who the visitor is. Starts an epoch: the next `onProfileReady` or `refreshProfile` brings the
   * attributes that this makes visible.
   */
  identify(userId?: string | number | null, traits?: object | null, options?: IdentifyOptions): void;
  /** Says something of the visitor without saying who it is. */
  identify(traits: object): void;

  /** Says that a page was seen. Where profiles depend on the page, the answer brings the profile anew. */
  page(name?: string | null, properties?: object): void;

  /** Says that something happened. */
  track(event: string, properties?: object): void;

  /** Logs the visitor out: empties the profile at once, in every tab, and makes a new visitor. */
  reset(): void;

  /**
   * Says what the visitor allows. What is in force already changes nothing, so it may be said on every page.
   * Anything else starts an epoch; the profile is fetched anew once the server knows. If the consent that the
   * owner asks for is not among it, the profile is emptied at once, in every tab (where the loader is used:
   * `init` alone does not know what the owner asks for).
   */
  consent(state: Consent): void;

  /**
   * Waits for the profile of the current epoch. Any number of calls; each settles exactly once, never
   * rejects, and takes no longer than `enrich.timeoutMs`. The callback gets the same outcome.
   */
  onProfileReady(callback?: (outcome: Outcome) => unknown): Promise<Outcome>;

  /**
   * Sends what is queued, then fetches the profile anew and puts it in place in one step. Calls at the
   * same time share one request. Settles like `onProfileReady`.
   */
  refreshProfile(callback?: (outcome: Outcome) => unknown): Promise<Outcome>;
}

declare const datafly: Datafly;
export default datafly;

export declare const init: Datafly['init'];
export declare const identify: Datafly['identify'];
export declare const page: Datafly['page'];
export declare const track: Datafly['track'];
export declare const reset: Datafly['reset'];
export declare const consent: Datafly['consent'];
export declare const onProfileReady: Datafly['onProfileReady'];
export declare const refreshProfile: Datafly['refreshProfile'];

declare global {
  interface Window {
    /** There once the install snippet has run. */
    datafly: Datafly;
  }
  interface WindowEventMap {
    'datafly:error': CustomEvent<ErrorDetail>;
    'datafly:profile': CustomEvent<ProfileDetail>;
  }
}
