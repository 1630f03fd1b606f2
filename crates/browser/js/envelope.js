// The event envelope: what a call of the page looks like to the server.
import { isInForce, isNobody, stateOf } from './consent.js';
import { report } from './install.js';
import { isMap } from './shared.js';

const uuid = () => {
  // `randomUUID` exists on secure pages only.
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join('');
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

/** Where a kind of event is posted (datafly-core, `v1::path`). */
export const pathOf = (kind) => '/v1/' + ({ r: 'reset', c: 'consent' }[kind] ?? kind);

/** The function that gives tokens, if the page handed one in. */
export const getTokenOf = (options) => {
  try {
    const { getToken } = options;
    return typeof getToken == 'function' ? getToken : void 0;
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

/**
 * A function from a recorded call to [kind, text, getToken], or to nothing if there is nothing to send.
 * It remembers the last `identify` for the events after it, until `reset`. An event carries the handle of the
 * visitor it was called for, so that it is nobody else's when it arrives; whom those two make of the visitor,
 * the next answer tells.
 */
export const envelopes = (config) => {
  let userId;
  return (call) => {
    const [type, json, time, url, title, args] = call;
    if (!json) {
      report('NOT_SERIALISABLE', type + ': the arguments cannot be written as JSON');
      return;
    }
    // JSON has `null` where the page passed nothing.
    let [first, second, third] = JSON.parse(json).map((value) => value ?? void 0);
    if (type == 'reset') {
      userId = config.handle = void 0;
      return ['r', ''];
    }
    if (type == 'consent') {
      const state = stateOf(call);
      if (!state) report('INVALID_CONSENT', 'consent: the state is no object');
      else if (!isInForce(config, state)) return ['c', state];
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
    const { pathname, search } = new URL(url);
    const event = {
      type,
      messageId: uuid(),
      timestamp: new Date(time).toISOString(),
      userId,
      handle: config.handle,
      context: {
        page: { url, path: pathname, search, title, referrer: document.referrer },
        userAgent: navigator.userAgent,
        locale: navigator.language,
        timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      },
    };
    let getToken;
    if (type == 'identify') {
      if (!isNobody(config)) config.handle = void 0;
      event.traits = second;
      event.token = third && third.token;
      getToken = getTokenOf(args[2]) ?? (event.token ? void 0 : config.getToken);
    } else {
      event[type == 'page' ? 'name' : 'event'] = first;
      event.properties = second;
    }
    return [type[0], JSON.stringify(event), getToken];
  };
};
