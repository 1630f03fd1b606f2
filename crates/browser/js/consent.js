// What the visitor allows: which state counts, whether a call says anything new, whether the server knows.
//
// The state said last is stored behind the counters, and before it the handle of the visitor the server
// confirmed it for; that is empty until then. A consent platform says the same on every page: what is in
// force is not said again. Whoever is somebody else has agreed to nothing yet.
import { isMap, recall, remember, tailOf } from './shared.js';

const FIELDS = 'analytics categories functional google marketing personalization'.split(' ');

/** The state of a consent call in one spelling, of what the server reads; nothing if it is none. */
export const stateOf = ([name, json]) => {
  const [state] = JSON.parse((name == 'consent' && json) || '[]');
  if (!isMap(state)) return;
  const codes = [state.categories, state.google].flatMap((map) => Object.keys(Object(map)));
  // A list of names is also their order.
  return JSON.stringify(state, [...FIELDS, ...codes].sort());
};

/** The state said last, by whichever tab. */
export const saidLast = (config) => tailOf(recall(config)).slice(1).join(':');

/** Whether this state is in force, or on its way from this page. */
export const isInForce = (config, state) =>
  saidLast(config) == state && (tailOf(recall(config))[0] || config.said == state);

/** Whether a call says something else than what is in force. */
export const isNews = (config, call) => {
  const state = stateOf(call);
  return state && !isInForce(config, state);
};

/** Whether the server may not know the state said last. */
export const isOpen = (stored) => {
  const [agreed, state] = tailOf(stored);
  return state && !agreed;
};

/** Whether nothing may be kept of the visitor, as the last answer has it (`v1::NOBODY`). */
export const isNobody = ({ handle }) => handle == '-';

/** From here on this state counts. Whether it may be the one that lets somebody be here. */
export const say = (config, state) => {
  const wasNobody = isNobody(config);
  // Who is here from now on is the answer's to say.
  if (wasNobody) config.handle = void 0;
  config.said = state;
  remember(config, void 0, ['', state]);
  return wasNobody;
};

/** The server has confirmed a state for the visitor with this handle, if it names one. */
export const agree = (config, state, handle) => {
  if (!handle) return;
  const last = saidLast(config);
  // Where the two differ, another tab's may have come second: the next page says the last one again.
  remember(config, void 0, [last == state ? handle : '', last]);
};

/** The visitor with this handle is here, if an answer names one. */
export const meet = (config, handle) => {
  if (!handle) return;
  config.handle = handle;
  const [agreed] = tailOf(recall(config));
  if (agreed && agreed != handle) remember(config, void 0, []);
};

/** Whether a call takes back a consent without which this pipeline shows no profile. */
export const denies = ({ consent = [] }, call) => {
  const text = stateOf(call);
  const state = text && JSON.parse(text);
  /** A platform's code may be one of these names, too. */
  const own = (name) => (FIELDS.includes(name) && !isMap(state[name]) ? state[name] : null);
  const isGranted = (name) => name == 'essential' || (own(name) ?? state.categories?.[name]) === true;
  return !!text && !consent.every(isGranted);
};
