// Where there is no engine, events wait here for as long as the browser takes no more beacons.
import { beacon, logOut, tellServer } from '#kit';
import { requestOf, tokenFrom, withToken } from './envelope.js';

/** More than so many characters are two beacons. */
const MOST = 5e4;

export const outboxOf = (datafly, config, shelf) => {
  let held = [];

  /** @param {any} event kind, text, id and, if the page is to be asked, getToken */
  const hold = (event) => {
    // Beacons overtake each other: whoever was named before a log-out must not be named after it, and the
    // last word on what is allowed must be the last.
    const outdated = { r: 'i', c: 'c' }[event.kind];
    held = held.filter(({ kind, id }) => kind != outdated || shelf.drop(id));
    held.push(event);
  };

  /** @param {boolean} [unloads] nothing is waited for, and another page may ask what has arrived */
  const flush = (unloads) => {
    const due = held;
    let run = [];
    let waits = false;
    held = [];
    const depart = () => {
      if (!run[0]) return;
      if (beacon(...requestOf(config, run))) run.map(({ id }) => (unloads ? shelf.mark(id) : shelf.drop(id)));
      else held.push(...run);
      run = [];
    };
    for (const event of due) {
      const { kind, text, getToken } = event;
      const isDecision = /[rc]/.test(kind);
      if (getToken && !unloads && !waits) prove(event);
      waits ||= getToken && !unloads;
      if (waits || isDecision || run.reduce((sum, { text }) => sum + text.length, text.length) > MOST) depart();
      if (waits) held.push(event);
      else if (!isDecision) run.push(event);
      else if (kind == 'r') logOut(datafly, config, unloads);
      else tellServer(config, text, unloads);
    }
    depart();
  };

  /** Puts a token in; what was called afterwards waits behind it. */
  const prove = async (event) => {
    if (event.isAsked) return;
    event.isAsked = true;
    event.text = withToken(event.text, await tokenFrom(event.getToken));
    event.getToken = void 0;
    flush();
  };

  return { hold, flush };
};
