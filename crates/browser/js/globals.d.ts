// What the build puts into the sources, for checking them (tsconfig.sources.json).

/** `v1::LoaderConfig`; put in by the server. */
declare const __DATAFLY_CONFIG__: {
  pipelineKey: string;
  endpoint: string;
  assets: string;
  module: string;
  wasm: string;
  providers: string[];
  timeoutMs: number;
  credentialed: boolean;
  /** Put in by `claim`. */
  shared?: string;
};

/** File name of the wasm; put in by the bundler. */
declare const __DATAFLY_WASM__: string;

interface Window {
  datafly: any;
}

/** The bindings, in the target directory. */
declare module '#glue' {
  export class Engine {
    constructor(config: any, host: any, early: number, controller: AbortController);
    answered(id: number, status: number, body: any, retryAfterS: number): void;
    due(id: number): void;
    event(kind: string, body: string): void;
    stored(): void;
    unload(): void;
    wait(settle: Function, fresh: boolean): void;
  }
  export default function start(options: { module_or_path: any }): Promise<unknown>;
}
