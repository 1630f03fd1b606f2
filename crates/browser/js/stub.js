// The inline part of the install snippet. It must run before the first call; it needs no loader to be
// safe: waiting calls settle by their own timer if the loader never comes.
//
// Its tag may say `data-global`, the name the page calls it by, and `data-store`, the pipeline key under which
// calls may be stored before anybody asks for consent. An element of that name is no SDK.
import { install, tagged } from './install.js';

const { global = 'datafly', store } = tagged();

/** @type {any} */ (window[global])?._q?.push || (window[global] = install(store));
