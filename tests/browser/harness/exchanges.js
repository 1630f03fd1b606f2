// Reading what the gate recorded. A batch is read as its events, as if each had been sent by itself.
import { idOf } from './visitor.js';

/** The path of an exchange, without its query. */
export const pathOf = ({ path }) => path.split('?')[0];

/** The JSON of an answer. */
export const json = ({ answer }) => JSON.parse(answer.slice(answer.indexOf('\n\n') + 2));

/** What was posted to `/v1/b`: `batch`, and perhaps `left`. */
export const batches = (exchanges) =>
  exchanges.filter((exchange) => pathOf(exchange) == '/v1/b' && exchange.body).map(({ body }) => JSON.parse(body));

/** One exchange for each event. What the server did not take of a batch has a status of its own. */
const split = (exchange) => {
  const [posted] = batches([exchange]);
  if (!posted) return [exchange];
  const { failures = [], missing } = exchange.status == 200 ? json(exchange) : {};
  return posted.batch.map((event, index) => ({
    ...exchange,
    path: exchange.path.replace('/v1/b', '/v1/' + event.type[0]),
    body: JSON.stringify({ sentAt: posted.sentAt, ...event }),
    status: missing ? 'missing' : failures.some((failure) => failure.index == index) ? 400 : exchange.status,
  }));
};

/** The exchanges whose path starts so. */
export const to = (exchanges, prefix) => exchanges.flatMap(split).filter(({ path }) => path.startsWith(prefix));

/** The paths of exchanges. */
export const pathsOf = (exchanges) => exchanges.flatMap(split).map(pathOf);

/** Those that the server took. */
export const accepted = (exchanges, prefix) => to(exchanges, prefix).filter(({ status }) => status == 200);

/** The event that was posted. */
export const event = ({ body }) => JSON.parse(body);

/** The events of these exchanges, in the order in which they were sent. */
export const events = (exchanges) =>
  exchanges.flatMap(split).filter(({ path, body }) => /^\/v1\/[iptg]\?/.test(path) && body).map(event);

/** Each visitor that the server named in a credential, once. */
export const visitorsIn = (exchanges) => {
  const credentials = exchanges.flatMap(({ setCookies }) => setCookies.filter((c) => c.startsWith('__Host-dfk=')));
  return [...new Set(credentials.map(idOf))];
};
