// Where there is no engine, events wait here for as long as the browser takes no more beacons.
import { beacon, logOut, tellServer, urlOf } from '#kit';
import { pathOf, sentNow, tokenFrom, withToken } from './envelope.js';

export const outboxOf = (datafly, config) => {
  let held = [];

  /** @param {any[]} event kind, text and, if the page is to be asked, getToken */
  const hold = ([kind, text, getToken]) => {
    // Beacons overtake each other: whoever was named before a log-out must not be named after it, and the
    // last word on what is allowed must be the last.
    const outdated = { r: 'i', c: 'c' }[kind];
    held = held.filter(({ kind }) => kind != outdated);
    held.push({ kind, text, getToken });
  };

  /** @param {boolean} [unloads] nothing is waited for */
  const flush = (unloads) => {
    let waits = false;
    held = held.filter((event) => {
      const { kind, text, getToken } = event;
      if (getToken && !unloads && !waits) prove(event);
      waits ||= getToken && !unloads;
      if (waits) return true;
      if (kind == 'r') logOut(datafly, config, unloads);
      else if (kind == 'c') tellServer(config, text, unloads);
      else return !beacon(urlOf(config, pathOf(kind)), sentNow(text));
    });
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
