// Reading what the probe wrote down.

/** Once so much has come of what is waited for: each wait is a callback and a promise. */
export const settled = (tab, count = 2) => tab.waitForFunction((count) => seen.settled.length >= count, count);

/** With which reason and which attributes. */
export const outcomes = (tab) =>
  tab.evaluate(() => seen.settled.map(({ reason, profile }) => ({ reason, profile: profile.amperity })));
