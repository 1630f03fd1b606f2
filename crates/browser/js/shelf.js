// Where events lie until the server has them: written down before anything else is done with them.
//
// Each has a key of its own in localStorage, `datafly.q.<pipeline key>.<id>`, so that tabs that write at once do not
// undo each other; ids sort by time. The value is the event as JSON, without a token. Before it stands
// `-` where its page is gone, and `~` where it was sent as that page went away: nobody knows whether it
// has arrived. A JSON array is a call that nobody has made an event of yet (install.js): it is taken over at
// once, for a page that went before its loader came had nobody to mark it. Two tabs that open together may both send such
// a call, which its id makes harmless.
//
// What may not be stored, or is not taken by the browser, lies in memory for as long as the page is there.
import { mayStore } from '#kit';

/** The server knows an id for seven days; and of a page that could send nothing the newest events count. */
const LIFE_MS = 6048e5;
const MOST = 1e3;
const MOST_BYTES = 1e6;

/** The page of an event is at work on it for so long. */
const PATIENCE_MS = 3e4;

export const shelfOf = (config) => {
  const prefix = `datafly.q.${config.pipelineKey}.`;
  /** What this page has taken upon itself, and what of that other pages may have sent meanwhile. */
  const own = new Set();
  const common = new Set();
  const memory = new Map();

  const read = (id) => {
    if (memory.has(id)) return memory.get(id);
    try {
      return localStorage.getItem(prefix + id);
    } catch {}
  };

  const write = (id, value) => {
    try {
      if (mayStore(config)) {
        localStorage.setItem(prefix + id, value);
        return memory.delete(id);
      }
    } catch {}
    memory.set(id, value);
  };

  const get = (id) => read(id)?.replace(/^[-~]/, '');

  const put = (id, text) => {
    own.add(id);
    write(id, text);
  };

  const drop = (id) => {
    for (const set of [own, common, memory]) set.delete(id);
    try {
      localStorage.removeItem(prefix + id);
    } catch {}
  };

  /** Other pages may go on with it from here. */
  const mark = (id, sign = '~') => {
    const text = get(id);
    if (text) write(id, sign + text);
    common.add(id);
  };

  /** The ids on the shelf, of all pages, the oldest first. */
  const stored = () => {
    try {
      const names = Object.keys(localStorage).filter((name) => name.startsWith(prefix));
      return names.map((name) => name.slice(prefix.length)).sort();
    } catch {
      return [];
    }
  };

  const ageOf = (id) => Date.now() - parseInt(id.slice(0, 8), 36);

  /**
   * Somebody with this handle has logged out. What was called before that, in whichever tab, is theirs, or
   * nobody's; and nobody is named by it any more.
   */
  const stamp = (handle = '-', before = '~') =>
    [...stored(), ...memory.keys()].map((id) => {
      if (id >= before) return;
      const value = read(id) ?? '';
      const at = /^[-~]/.test(value) ? 1 : 0;
      const event = JSON.parse(value.slice(at) || '0');
      if ((event.type ?? event[0]) == 'identify') return drop(id);
      if (!event) return;
      if (event.type) event.handle ??= handle;
      else event[7] ??= handle;
      write(id, value.slice(0, at) + JSON.stringify(event));
    });

  /**
   * Takes over what pages that are gone have left: [id, text, whether it was sent]. Says how long to wait for
   * those of which nobody knows whether they are gone.
   */
  const adopt = () => {
    // A log-out that nobody has taken further than this: its page told the server, and had no time for more.
    const [out] = stored().filter((id) => !own.has(id) && get(id)?.startsWith('["reset"')).reverse();
    if (out) {
      stamp('-', out);
      drop(out);
    }
    let bytes = 0;
    let wait = 0;
    const found = [];
    stored().reverse().map((id, i) => {
      const value = read(id) ?? '';
      bytes += value.length;
      const isTooMuch = i >= MOST || bytes > MOST_BYTES;
      if (own.has(id)) return;
      if (isTooMuch || !(ageOf(id) < LIFE_MS)) return drop(id);
      if (value[0] == '{' && ageOf(id) < PATIENCE_MS) return (wait = PATIENCE_MS);
      own.add(id);
      common.add(id);
      found.unshift([id, get(id), value[0] == '~']);
    });
    return { found, wait };
  };

  return {
    get,
    put,
    drop,
    mark,
    adopt,
    stamp,
    /** Whether another page has sent it, or somebody has cleared it away, since it became other pages' too. */
    isElsewhere: (id) => common.has(id) && !read(id),
    /** Whether everything outlives the page. */
    keeps: () => !memory.size,
    /** This page goes away. */
    release: () => own.forEach((id) => common.has(id) || mark(id, '-')),
    /** Forgets everything, of all pages. */
    clear: () => [...stored(), ...own].map(drop),
    /** Whether such a change of the storage is another page's that goes away. */
    isNews: ({ key, newValue }) => key?.startsWith(prefix) && /^[-~]/.test(newValue),
  };
};
