// What the build puts into the sources, for checking them (tsconfig.sources.json).

/** `v1::LoaderConfig`; put in by the server. */
declare const __DATAFLY_CONFIG__: {
  pipelineKey: string;
  endpoint: string;
  assets: string;
  engine: string;
  wasm: string;
  providers: string[];
  timeoutMs: number;
  credentialed: boolean;
  profiles?: Record<string, Record<string, any>>;
  handle?: string;
  context: boolean;
  consent?: string[];
  browser: {
    storage?: string;
    collect?: string;
    sources?: string[];
    mapping?: Record<string, string>;
    page?: boolean;
    session?: boolean;
    declare?: boolean;
    omit?: string[];
  };
  chunks?: Record<string, string>;
  /** Put in by `claim`. */
  shared?: string;
  /** Where storage is denied, what would be stored. */
  stored?: string;
  /** Put in by `join`, where storage is not always allowed: tells the other tabs. */
  share?: (text: string) => void;
  /** Put in by `followPages`: hears of each page view that is said. */
  onPage?: () => void;
  /** Put in by the part that follows consent platforms: says anew what they say. */
  again?: () => void;
  /** The consent that this page said last. */
  said?: string;
  /** Put in by `init`. */
  getToken?: Function;
  /** The visit, as it was last seen. */
  visit?: string;
  /** Put in by `connect`: what `use` was given. */
  edits?: Function[];
};

/** File name of the wasm on the server; put in by the bundler. */
declare const __DATAFLY_WASM__: string;

/** File name of the wasm beside the module; put in by the bundler. */
declare const __DATAFLY_NEAR__: string;

/** File names of the parts that are loaded when they are needed; put in by the bundler. */
declare const __DATAFLY_CHUNKS__: Record<string, string>;

declare const __DATAFLY_VERSION__: string;

interface Navigator {
  globalPrivacyControl?: boolean;
}

interface Window {
  datafly: any;
  /** What consent platforms put there. */
  Cookiebot?: any;
  getCkyConsent?: any;
  dataLayer?: any;
  google_tag_data?: any;
  OneTrust?: any;
  OnetrustActiveGroups?: any;
  truste?: any;
  __tcfapi?: any;
  __gpp?: any;
}

interface WindowEventMap {
  'datafly:profile': CustomEvent;
}

/** The bindings, in the target directory. */
declare module '#glue' {
  export class Engine {
    /** Start, host, and the five counters. */
    constructor(start: any, host: any, ...counters: number[]);
    enriched(id: number, reason: number, attributes?: any): void;
    idle(): boolean;
    event(kind: number, body: any, flag: boolean): void;
    posted(id: number, status: number, words: any, retryAfterS: number, random: number): boolean;
    shown(): void;
    stored(...counters: number[]): void;
    unload(): void;
    wait(waiter: Function, fresh: boolean): void;
    withdrawn(id: number): void;
    woken(id: number): void;
  }
  /** What the wasm imports. */
  export function imports(): WebAssembly.Imports;
  /** Takes what was made of it. */
  export function finish(instance: WebAssembly.Instance): unknown;
}
