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
  /** The consent that this page said last. */
  said?: string;
  /** Put in by `init`. */
  getToken?: Function;
  /** Put in by `connect`: what `use` was given. */
  edits?: Function[];
};

/** File name of the wasm; put in by the bundler. */
declare const __DATAFLY_WASM__: string;

/** File names of the parts that are loaded when they are needed; put in by the bundler. */
declare const __DATAFLY_CHUNKS__: Record<string, string>;

declare const __DATAFLY_VERSION__: string;

interface Window {
  datafly: any;
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
