// Global Privacy Control: the browser itself says no. The server hears the same by `Sec-GPC`.
//
// https://w3c.github.io/gpc: `navigator.globalPrivacyControl`, on only if it is exactly `true`.
// It never asks for anything, so where it is off it has no opinion.

export const parse = (signal) => new Map(signal === true ? [['gpc', false]] : []);

export const gpc = {
  means: { __proto__: null, gpc: 'marketing' },
  read: () => parse(navigator.globalPrivacyControl),
  follow: () => true,
};
