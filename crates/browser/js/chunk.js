// The parts of the SDK that are loaded when they are needed.
import { load } from '#chunks';
import { report } from '#kit';

/** What the part of that name exports, or nothing. */
export const chunk = async (config, name) => {
  try {
    return await load(config, name);
  } catch {
    report('CHUNK_UNAVAILABLE', `${name} could not be loaded`);
  }
};
