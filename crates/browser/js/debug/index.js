// Loaded by `datafly.debug()`: says on the console what the SDK tells its listeners.

const NAMES = ['ready', 'profile', 'event', 'consent', 'error'];

const say = ({ type, detail }) => console.debug(type, detail);

/** @param {boolean} [wanted] false ends it */
export const debug = (datafly, wanted = true) => {
  if (wanted) console.debug('datafly', datafly.version, datafly._k, datafly.profile);
  // Twice is once: it is the same listener.
  for (const name of NAMES) (wanted ? datafly.on : datafly.off)(name, say);
};
