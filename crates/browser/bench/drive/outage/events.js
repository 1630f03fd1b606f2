// The events in the body of a request, whoever's SDK made it: each with the id that the SDK gave it, by which it is the
// same one when it is sent again.
import { gunzipSync } from 'node:zlib';

/** Names and ids; none if the request carries no events. */
export const eventsIn = (bytes) => {
  const plain = bytes[0] == 0x1f && bytes[1] == 0x8b ? gunzipSync(bytes) : bytes;
  return flat(parsed(plain.toString()));
};

/** JSON, or a form with JSON in base64. */
const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    const form = new URLSearchParams(text).get('data');
    return form && parsed(Buffer.from(form, 'base64').toString());
  }
};

const flat = (value) => {
  if (Array.isArray(value)) return value.flatMap(flat);
  if (Array.isArray(value?.batch)) return flat(value.batch);
  if (Array.isArray(value?.data)) return flat(value.data);
  const id = value?.messageId ?? value?.eid ?? value?.uuid;
  return id ? [{ id, name: value.event ?? value.se_ac }] : [];
};
