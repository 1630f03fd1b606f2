// `#kit` as the engine has it: what the loader lends. Same names, same order as in kit.js.

// prettier-ignore
export let
  REASONS, agree, beacon, byName, counters, countersIn, denies, enrichUrl, exchange, fallBack, isInForce, isMap,
  isNobody, isOpen, judge, logOut, mayStore, meet, obey, outcome, remember, report, say, saidLast, stateOf,
  swap, tell, tellServer, urlOf;

export const lend = (kit) => {
  // prettier-ignore
  [
  REASONS, agree, beacon, byName, counters, countersIn, denies, enrichUrl, exchange, fallBack, isInForce, isMap,
  isNobody, isOpen, judge, logOut, mayStore, meet, obey, outcome, remember, report, say, saidLast, stateOf,
  swap, tell, tellServer, urlOf,
  ] = kit;
};
