// The inline part of the install snippet. It must run before the first call; it needs no loader to be
// safe: waiting calls settle by their own timer if the loader never comes.
import { install } from './install.js';

window.datafly || (window.datafly = install({}));
