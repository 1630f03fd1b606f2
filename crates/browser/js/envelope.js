// The event envelope: what a call of the page looks like to the server.
import { contextOf } from './context.js';
import { endVisit } from './visits.js';
import { isInForce, isMap, isNobody, report, stateOf, tell, urlOf } from '#kit';

/** Where a kind of event is posted (datafly-core, `v1::path`). */
export const pathOf = (kind) => '/v1/' + ({ r: 'reset', c: 'consent' }[kind] ?? kind);

/** The function that gives tokens, if the page handed one in. */
export const getTokenOf = (options) => {
  try {
    const { getToken } = options;
    return typeof getToken == 'function' ? getToken : void 0;
  } catch {}
};

/** The token among the options of an `identify`. */
const tokenOf = (options) => {
  try {
    return options.token;
  } catch {}
};

/** How long the page may take for a token. */
const TOKEN_MS = 1e4;

/** Asks the page for a token; never rejects, and runs none of the page's code before it returns. */
export const tokenFrom = async (getToken) => {
  let token;
  try {
    const late = new Promise((resolve) => setTimeout(resolve, TOKEN_MS));
    token = await Promise.race([Promise.resolve().then(() => getToken()), late]);
  } catch {}
  if (token && typeof token == 'string') return token;
  report('TOKEN_UNAVAILABLE', 'getToken gave no token: identify goes without one');
};

/** The same event with that token. */
export const withToken = (text, token) => (token == null ? text : JSON.stringify({ ...JSON.parse(text), token }));

/**
 * An event with the time at which it leaves, by which the server knows how far off the clock is that wrote its
 * `timestamp`. What is no event stays as it is.
 */
export const sentNow = (text) => text.replace(/^{"type"/, `{"sentAt":"${new Date().toISOString()}","type"`);

/** How many bytes a text takes on its way. */
export const sizeOf = (text) => new Blob([text]).size;

/** What is written down of an event: no token. */
export const unsecret = (text) => JSON.stringify({ ...JSON.parse(text), token: void 0 });

/**
 * A request with these events, each with its kind and text: [url, body]. With those that were `left` before
 * them it is a batch, which the server takes behind them only.
 */
export const requestOf = (config, events, left = []) => {
  const [{ kind, text }, isMore] = [events[0] ?? {}, events[1] || left[0]];
  if (!isMore) return [urlOf(config, pathOf(kind)), sentNow(text)];
  const texts = events.map(({ text }) => text);
  const asked = left[0] ? `,"left":${JSON.stringify(left)}` : '';
  return [urlOf(config, '/v1/b'), `{"sentAt":"${new Date().toISOString()}","batch":[${texts}]${asked}}`];
};

/**
 * An event as the page's own functions (`use`) leave it, as text; nothing if one drops it. Which event it is,
 * when it was called and whose it is are not theirs to say, and no token is shown to them.
 */
const edited = (event, edits = []) => {
  const { type, messageId, timestamp, handle, token } = event;
  let text = JSON.stringify({ ...event, token: void 0 });
  for (const edit of edits) {
    try {
      const copy = JSON.parse(text);
      const result = edit(copy);
      if (result === null) return;
      const next = result ?? copy;
      if (!isMap(next) || next.then) throw 'it gives no event';
      text = JSON.stringify({ type, ...next, ...{ type, messageId, timestamp, handle, token: void 0 } });
    } catch (error) {
      report('MIDDLEWARE_FAILED', `the event goes as it was: ${error}`);
    }
  }
  tell('event', JSON.parse(text));
  return withToken(text, token);
};

/**
 * A function from a recorded call to [kind, text, getToken], or to nothing if there is nothing to send.
 * It remembers the last `identify` for the events after it, until `reset`. An event carries the handle of the
 * visitor it was called for, so that it is nobody else's when it arrives; whom those two make of the visitor,
 * the next answer tells.
 */
export const envelopes = (config) => {
  let userId;
  return (call) => {
    const [type, json, time, , , args = [], messageId, handle] = call;
    if (!json) {
      report('NOT_SERIALISABLE', type + ': the arguments cannot be written as JSON');
      return;
    }
    // JSON has `null` where the page passed nothing.
    let [first, second] = JSON.parse(json).map((value) => value ?? void 0);
    if (type == 'reset') {
      userId = config.handle = void 0;
      endVisit(config);
      return ['r', ''];
    }
    if (type == 'consent') {
      const state = stateOf(call);
      if (!state) report('INVALID_CONSENT', 'consent: the state is no object');
      else if (!isInForce(config, state)) {
        tell('consent', JSON.parse(state));
        return ['c', state];
      }
      return;
    }
    if (type == 'identify') {
      // Traits alone, as others' `identify` takes them too.
      if (isMap(first) && !second) [first, second] = [void 0, first];
      if (first !== void 0 && typeof first != 'string' && typeof first != 'number') {
        report('INVALID_USER_ID', 'identify: the user id is neither a string nor a number');
        return;
      }
      userId = first === void 0 ? first : '' + first;
    }
    const event = {
      type,
      messageId,
      timestamp: new Date(time).toISOString(),
      userId,
      handle: handle ?? config.handle,
      context: contextOf(config, call),
    };
    let getToken;
    if (type == 'identify') {
      if (!isNobody(config)) config.handle = void 0;
      event.traits = second;
      event.token = tokenOf(args[2]);
      getToken = getTokenOf(args[2]) ?? (event.token ? void 0 : config.getToken);
    } else if (type == 'group') {
      event.groupId = first;
      event.traits = second;
    } else {
      event[type == 'page' ? 'name' : 'event'] = first;
      event.properties = second;
    }
    const text = edited(event, config.edits);
    return text && [type[0], text, getToken];
  };
};
