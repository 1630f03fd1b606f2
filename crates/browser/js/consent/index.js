// What is needed only where the owner asks for consent: the page's consent platforms, whose word is said to
// `datafly.consent`, and the tabs where the browser may not store.
//
// A source is `{means, read, follow}`:
//   read()     its answer, a Map from the platform's code to granted, refused or not answered (undefined); nothing while
//              the platform is not there or has not settled
//   follow(f)  calls `f` after each change; truthy once it is sure to
//   means      the category that a code stands for, where the owner's table does not have that code
//
// Codes that stand for the same category are or-ed. Sources are not: each one that is named has to answer before
// anything is said, and one refusal counts. What nobody granted is not granted.
import { cookiebot } from './cookiebot.js';
import { cookieyes } from './cookieyes.js';
import { google } from './google.js';
import { gpc } from './gpc.js';
import { gpp } from './gpp.js';
import { onetrust } from './onetrust.js';
import { join } from './tabs.js';
import { tcf } from './tcf.js';
import { trustarc } from './trustarc.js';

const SOURCES = new Map(Object.entries({ cookiebot, cookieyes, google, gpc, gpp, onetrust, tcf, trustarc }));

/** One that is not known never answers. */
const UNKNOWN = { read() {}, follow: () => true };

const CANONICAL = /^(analytics|functional|marketing|personalization)$/;

/** What the server takes as a code, and how many. */
const CODE = /^[ -~]{1,64}$/;
const MOST_CODES = 64;

/** Refused, not answered, granted, so that the larger one is their or, and the smaller one their and. */
const ANSWERS = [false, void 0, true];

const merge = (map, name, answer, pick) => {
  const rank = ANSWERS.indexOf(answer);
  map.set(name, ANSWERS[map.has(name) ? pick(ANSWERS.indexOf(map.get(name)), rank) : rank]);
};

const answered = (map) => [...map].filter(([, answer]) => answer != null).slice(0, MOST_CODES);

/**
 * The state of all answers together.
 *
 * @param {any[][]} answers [source, codes] of each
 * @param {Map<string, string>} table the owner's: what a code stands for
 */
export const stateOf = (answers, table) => {
  const categories = new Map();
  const codes = new Map();
  /** What nobody is asked about is no answer by itself. */
  const essential = [];
  const state = {};
  for (const [{ means, isGoogle }, said] of answers) {
    const own = new Map();
    for (const [code, answer] of said) {
      if (!CODE.test(code)) continue;
      const name = table.get(code) ?? means[code];
      if (CANONICAL.test(name)) merge(own, name, answer, Math.max);
      if (name == 'essential') essential.push([code, answer]);
      else if (!isGoogle) merge(codes, code, answer, Math.min);
    }
    for (const [name, answer] of own) merge(categories, name, answer, Math.min);
    const google = isGoogle ? answered(said).map(([key, isGranted]) => [key, isGranted ? 'granted' : 'denied']) : [];
    if (google[0]) state.google = Object.fromEntries(google);
  }
  if (answered(codes)[0]) state.categories = Object.fromEntries(answered([...essential, ...codes]));
  return Object.assign(state, Object.fromEntries(answered(categories)));
};

/** A platform's own mistakes are not the page's. */
const safely = (run) => {
  try {
    return run();
  } catch {}
};

/** Looks again for what has not come, for about two minutes. */
const FIRST_MS = 50;
const LONGEST_MS = 2e3;
const MOST_LOOKS = 70;

export const start = (datafly, config, kit) => {
  const { sources, storage = 'necessary' } = config.browser;
  if (storage != 'necessary') join(config, kit);
  if (sources) follow(datafly, config, kit);
};

/** Says what the owner's sources say: now, after each change, and for whoever comes after a log-out. */
const follow = (datafly, config, { saidLast }) => {
  const { sources: names, mapping } = config.browser;
  const table = new Map(Object.entries(Object(mapping)));
  const sources = [names].flat().map((name) => SOURCES.get(name) ?? UNKNOWN);
  let last;
  const look = () => {
    const answers = sources.map((source) => [source, safely(source.read)]);
    if (!answers.every(([, said]) => said)) return;
    const state = stateOf(answers, table);
    const text = JSON.stringify(state);
    // Without any answer there is only something to take back. And what another tab has said since is newer than
    // what this page still thinks.
    if (text != last && (text != '{}' || saidLast(config))) datafly.consent(state);
    last = text;
  };
  config.again = () => {
    last = '';
    safely(look);
  };
  let waiting = sources;
  const attach = (looks, ms) => {
    waiting = waiting.filter(({ follow }) => !safely(() => follow(() => safely(look))));
    safely(look);
    if (waiting[0] && looks) setTimeout(attach, ms, looks - 1, Math.min(ms * 1.5, LONGEST_MS));
  };
  attach(MOST_LOOKS, FIRST_MS);
};
