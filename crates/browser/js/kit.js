// What the loader and the engine both need. The loader has it first, and lends it (lent.js), so that a page
// loads it once; the module is built with it.
import { mayStore } from './allow.js';
import { agree, denies, isInForce, isNobody, isOpen, meet, say, saidLast, stateOf } from './consent.js';
import {
  REASONS, beacon, byName, enrichUrl, exchange, fallBack, judge, logOut, obey, outcome, swap, tellServer, urlOf,
} from './early.js';
import { report, tell } from './install.js';
import { counters, countersIn, isMap, remember } from './shared.js';

// prettier-ignore
export const kit = [
  REASONS, agree, beacon, byName, counters, countersIn, denies, enrichUrl, exchange, fallBack, isInForce, isMap,
  isNobody, isOpen, judge, logOut, mayStore, meet, obey, outcome, remember, report, say, saidLast, stateOf,
  swap, tell, tellServer, urlOf,
];

// prettier-ignore
export {
  REASONS, agree, beacon, byName, counters, countersIn, denies, enrichUrl, exchange, fallBack, isInForce, isMap,
  isNobody, isOpen, judge, logOut, mayStore, meet, obey, outcome, remember, report, say, saidLast, stateOf,
  swap, tell, tellServer, urlOf,
};
