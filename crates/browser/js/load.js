// Where a part of the SDK comes from: beside the file that asks for it. In the npm package imports that a bundler
// can read stand in this one's place.

/** @returns {Promise<any>} */
export const load = (config, name) => import(config.assets + config.chunks[name]);
