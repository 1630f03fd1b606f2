// `#kit` as the engine has it: what the loader lends. Same names, same order as in kit.js.

// prettier-ignore
export let
  REASONS, agree, answerTo, beacon, byName, counters, countersIn, denies, enrichUrl, exchange, fallBack, isInForce,
  isMap, isNobody, isOpen, judge, keep, logOut, mayStore, meet, obey, outcome, recall, remember, report, say,
  saidLast, stateOf, swap, tailOf, tell, tellServer, urlOf;

export const lend = (kit) => {
  // prettier-ignore
  [
    REASONS, agree, answerTo, beacon, byName, counters, countersIn, denies, enrichUrl, exchange, fallBack,
    isInForce, isMap, isNobody, isOpen, judge, keep, logOut, mayStore, meet, obey, outcome, recall, remember,
    report, say, saidLast, stateOf, swap, tailOf, tell, tellServer, urlOf,
  ] = kit;
};
