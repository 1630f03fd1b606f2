// What several consent platforms have in common.

/** A cookie as it stands there, or nothing. */
export const cookie = (name) => ('; ' + document.cookie).split(`; ${name}=`)[1]?.split(';')[0];

/** Without the percent signs; platforms differ in whether they write them. */
export const decoded = (text = '') => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/**
 * Codes by whether they are granted, as an answer; nothing if there are none. What is not granted was refused only
 * if the visitor has been asked.
 */
export const answerOf = (codes, wasAsked) =>
  codes[0] && new Map(codes.map(([code, isGranted]) => [code, isGranted || (wasAsked ? false : void 0)]));

/** Calls `changed` at each of these events. */
export const listen = (target, names, changed) => names.map((name) => target.addEventListener(name, changed));
