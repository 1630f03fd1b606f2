// The outages of `facts/peers.md` §2.3. Each is played by a new visitor and returns what came of it, by column: `count`
// events that were taken or tries that were made, and `twice`, how many arrivals were of an event already taken.

const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));
/** How long a visit is watched: the slowest of the peers looks into its storage again after ten seconds. */
const WATCH_MS = 12e3;
/** After this a page that was left has sent what it is going to. */
const LEFT_MS = 1500;
const SETTLED_MS = 3500;
const OUTAGE_MS = 15e3;

/** Of the events that a page called by these names. */
const taken = ({ events }, ...names) => {
  const all = events.filter(({ name, status }) => names.includes(name) && status < 300);
  const distinct = new Set(all.map(({ name }) => name)).size;
  return { count: distinct, twice: all.length - distinct };
};

/** Away, as a whole; a peer's settings come from a network that is not. */
const away = ({ ours }) => (events) => (ours || events.length ? { status: 503 } : undefined);

/** How often an event was tried, and the seconds between. */
const tries = ({ events }, tried) => {
  const times = events.filter(({ name }) => name == tried).map(({ at }) => at);
  return { count: times.length, twice: 0, waits: times.slice(1).map((at, i) => (at - times[i]) / 1e3) };
};

/** Each by the name of its column. `visit` opens the page, `say` makes it track. */
export const SCENARIOS = {
  /** Nothing is answered but events. */
  async alone({ run, visit }) {
    run.fault = (events) => (events.length ? undefined : 'nothing');
    await visit('?name=first');
    await pause(6e3);
    return { alone: taken(run, 'first'), asked: { count: run.asked, twice: 0 } };
  },

  /** A first visit that is left in the tick in which it began; then a second visit. */
  async S1({ run, visit }) {
    await visit('?name=first&leaves=1', '/elsewhere');
    await pause(LEFT_MS);
    const left = taken(run, 'first');
    await visit('?name=second');
    await pause(WATCH_MS);
    return { 'S1 left': left, S1: taken(run, 'first', 'second') };
  },

  /** The same where everything is ready. */
  async S1b({ run, visit, say }) {
    await visit('');
    await pause(SETTLED_MS);
    await say('first', true);
    await pause(LEFT_MS);
    return { S1b: taken(run, 'first') };
  },

  /** The server is down until after a reload. */
  async S2({ run, visit, say }) {
    run.fault = away(run);
    await visit('?name=first');
    await pause(2e3);
    await visit('');
    await pause(1e3);
    run.fault = () => undefined;
    await say('second');
    await pause(WATCH_MS);
    return { S2: taken(run, 'first', 'second') };
  },

  /** Each event is told twice to come again in two seconds. */
  async S3({ run, visit }) {
    run.fault = (events) => {
      const again = events.some(({ id }) => run.events.filter((event) => event.id == id).length < 2);
      return again ? { status: 429, headers: { 'retry-after': '2' } } : undefined;
    };
    await visit('?name=first');
    await pause(WATCH_MS);
    return { S3: { ...tries(run, 'first'), ...taken(run, 'first') } };
  },

  /** The server refuses it for good. */
  async S4({ run, visit }) {
    run.fault = (events) => (events.length ? { status: 400 } : undefined);
    await visit('?name=first');
    await pause(WATCH_MS);
    return { S4: tries(run, 'first') };
  },

  /** The server is down for fifteen seconds. */
  async S5({ run, visit }) {
    run.fault = away(run);
    await visit('?name=first');
    await pause(OUTAGE_MS);
    return { S5: tries(run, 'first') };
  },
};
