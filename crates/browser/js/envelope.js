// The event envelope: what a call of the page looks like to the server.
import { report } from './install.js';

const uuid = () => {
  // `randomUUID` exists on secure pages only.
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join('');
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

/** Where a kind of event is posted; the engine uses the same paths (datafly-core, `v1::path`). */
export const pathOf = (kind) => (kind == 'r' ? '/v1/reset' : '/v1/' + kind);

/**
 * A function from a recorded call to [kind, body], or to nothing if there is nothing to send.
 * It remembers the last `identify` for the events after it, until `reset`.
 */
export const envelopes = () => {
  let userId;
  return ([type, json, time, url, title]) => {
    if (!json) {
      report('NOT_SERIALISABLE', type + ': the arguments cannot be written as JSON');
      return;
    }
    // JSON has `null` where the page passed nothing.
    let [first, second, third] = JSON.parse(json).map((value) => value ?? void 0);
    if (type == 'reset') {
      userId = void 0;
      return ['r', ''];
    }
    if (type == 'identify') {
      // Traits alone, as others' `identify` takes them too.
      if (first instanceof Object && !Array.isArray(first) && !second) [first, second] = [void 0, first];
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
      context: {
        page: { url, path: pathname, search, title, referrer: document.referrer },
        userAgent: navigator.userAgent,
        locale: navigator.language,
        timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      },
    };
    if (type == 'identify') {
      event.traits = second;
      event.token = third && third.token;
    } else {
      event[type == 'page' ? 'name' : 'event'] = first;
      event.properties = second;
    }
    return [type[0], JSON.stringify(event)];
  };
};
