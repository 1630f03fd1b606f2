// What the loader and the engine both need. The loader has it first, and lends it (lent.js), so that a page
// loads it once; the module is built with it.
import { mayStore } from './allow.js';
import { agree, answerTo, denies, isInForce, isNobody, isOpen, meet, say, saidLast, stateOf } from './consent.js';
import {
  REASONS, beacon, byName, enrichUrl, exchange, fallBack, judge, logOut, obey, outcome, swap, tellServer, urlOf,
} from './early.js';
import { report, tell } from './install.js';
import { counters, countersIn, isMap, keep, recall, remember, tailOf } from './shared.js';

// prettier-ignore
export const kit = [
  REASONS, agree, answerTo, beacon, byName, counters, countersIn, denies, enrichUrl, exchange, fallBack, isInForce,
  isMap, isNobody, isOpen, judge, keep, logOut, mayStore, meet, obey, outcome, recall, remember, report, say,
  saidLast, stateOf, swap, tailOf, tell, tellServer, urlOf,
];

// prettier-ignore
export {
  REASONS, agree, answerTo, beacon, byName, counters, countersIn, denies, enrichUrl, exchange, fallBack, isInForce,
  isMap, isNobody, isOpen, judge, keep, logOut, mayStore, meet, obey, outcome, recall, remember, report, say,
  saidLast, stateOf, swap, tailOf, tell, tellServer, urlOf,
};
