// The parts of the SDK that are loaded when they are needed.
import { report } from '#kit';

/** What the part of that name exports, or nothing. */
export const chunk = (config, name) =>
  import(config.assets + config.chunks[name]).catch(() => report('CHUNK_UNAVAILABLE', `${name} could not be loaded`));
