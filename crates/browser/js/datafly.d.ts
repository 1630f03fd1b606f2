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
 * The install snippet gives a page the same object as `window.datafly`, already initialised; `data-global` on
 * its tags gives it another name. However often and in whatever order the SDK comes into a page, one instance
 * of a pipeline works there, and the others are other names of it.
 *
 * Nothing here throws or rejects. What goes wrong is told by the window's `datafly:error` event and by
 * `console.warn`.
 */

/** One provider's attributes: those on the owner's allowlist, as the provider sent them. */
export interface Attributes {
  readonly [name: string]: any;
}

/**
 * Attributes by provider. Empty until there is an answer, and after a log-out. May be augmented with the names
 * that a site knows: `datafly types` writes a file that does so.
 */
export interface Profile {
  readonly [provider: string]: Attributes | undefined;
}

/**
 * Why the profile is what it is.
 *
 * - `inline`: it came with the loader or the page itself
 * - `session`: it was known from this tab's last page; the answer to this one's request still becomes the profile
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
  /** Where the wasm lies, if it is not beside the SDK. */
  wasm?: string | URL;
  /** Also makes the SDK a property of `window`, of this name. */
  global?: string;
  /**
   * When the browser may store something for the SDK: always (`necessary`, the default), never, or when the visitor
   * allows this consent category. What is stored is removed when that is taken back.
   */
  storage?: 'necessary' | 'never' | (string & {});
  /**
   * The consent category without which no event is sent. Until the visitor has answered, events wait in memory; a yes
   * sends them with the time of their call, a no forgets them.
   */
  collect?: string;
  /** The consent platforms to follow. Each has to answer before anything is said; one refusal counts. */
  sources?: readonly ConsentSource[];
  /** Which category a consent platform's own code stands for, where the usual meaning is not meant. */
  mapping?: Readonly<Record<string, Category>>;
  /** Says page views by itself, on load and when the address changes. Without the loader: only if true. */
  page?: boolean;
  /** Keeps profiles for the next page of the tab. Default true. */
  session?: boolean;
  /** Loads what renders declarative elements also where the page has none yet. */
  declare?: boolean;
  /** Parts of the automatic context that events go without. */
  omit?: readonly ContextPart[];
}

/** A kind of use that a visitor allows or not. */
export type Category = 'essential' | 'analytics' | 'marketing' | 'functional' | 'personalization';

/** A consent platform that can be followed. */
export type ConsentSource =
  'cookiebot' | 'cookieyes' | 'google' | 'gpc' | 'gpp' | 'onetrust' | 'tcf' | 'trustarc';

/** What events say of the page and the browser by themselves. */
export type ContextPart =
  | 'campaign' | 'click_ids' | 'locale' | 'page' | 'referrer' | 'session' | 'timezone' | 'vendor_ids' | 'viewport';

/** An event on its way to the server, without any token. */
export interface Envelope {
  readonly type: 'identify' | 'page' | 'track' | 'group';
  /** Names this event, in every attempt to deliver it. */
  readonly messageId: string;
  /** When it was called, in ISO 8601. */
  readonly timestamp: string;
  userId?: string;
  event?: any;
  name?: any;
  groupId?: any;
  traits?: any;
  properties?: any;
  context?: Record<string, any>;
}

/**
 * Sees each event before it is queued. Gives the event, changed or not, or `null` to drop it; where it gives
 * nothing, the event goes as it was left. Where it throws, the event goes as it was.
 * `type`, `messageId` and `timestamp` stay what they are.
 */
export type Middleware = (event: Envelope) => Envelope | null | void;

/** Detail of each of the window's events, which `on` takes without `datafly:`. */
export interface Events {
  /** The SDK has taken the calls over, with or without wasm. */
  ready: null;
  profile: ProfileDetail;
  error: ErrorDetail;
  /** The page's declarative elements show what is known. */
  rendered: null;
  /** An event goes to the server. */
  event: Envelope;
  /** What the visitor allows has changed. */
  consent: Consent;
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
   * `INVALID_BINDING`, `MIDDLEWARE_FAILED`, `CHUNK_UNAVAILABLE`, `NOT_SERIALISABLE`, `TOKEN_UNAVAILABLE`, `CALLBACK_FAILED`, `QUEUE_FULL`, `EVENTS_DELAYED`,
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

  /** Says that the visitor belongs to a group, such as a company, and what is known of that. */
  group(groupId: string | number, traits?: object): void;

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

  /** Calls back with each new profile; what it returns ends that. */
  onProfileChange(callback: (profile: Profile) => unknown): () => void;

  /** Waits until the server has every event that was called, but no longer than `enrich.timeoutMs`. */
  flush(callback?: () => unknown): Promise<unknown>;

  /** Listens to the window's `datafly:<name>` events. The same listener is added once. */
  on<Name extends keyof Events>(name: Name, listener: (event: CustomEvent<Events[Name]>) => unknown): void;
  off<Name extends keyof Events>(name: Name, listener: (event: CustomEvent<Events[Name]>) => unknown): void;

  /** Shows this function every event that is called from here on, after those of earlier calls. */
  use(middleware: Middleware): void;

  /** Writes what happens to the console; `false` ends that. */
  debug(wanted?: boolean): void;

  /** Of the SDK; absent before the loader has come. */
  readonly version: string;
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
export declare const group: Datafly['group'];
export declare const flush: Datafly['flush'];
export declare const onProfileChange: Datafly['onProfileChange'];
export declare const on: Datafly['on'];
export declare const off: Datafly['off'];
export declare const use: Datafly['use'];
export declare const debug: Datafly['debug'];
export declare const version: string;

declare global {
  interface Window {
    /** There once the install snippet has run. */
    datafly: Datafly;
  }
  interface WindowEventMap {
    'datafly:ready': CustomEvent<null>;
    'datafly:profile': CustomEvent<ProfileDetail>;
    'datafly:error': CustomEvent<ErrorDetail>;
    'datafly:rendered': CustomEvent<null>;
    'datafly:event': CustomEvent<Envelope>;
    'datafly:consent': CustomEvent<Consent>;
  }
}
