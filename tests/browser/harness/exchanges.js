// Reading what the gate recorded.
import { idOf } from './visitor.js';

/** The exchanges whose path starts so. */
export const to = (exchanges, prefix) => exchanges.filter(({ path }) => path.startsWith(prefix));

/** The paths of exchanges, without their queries. */
export const pathsOf = (exchanges) => exchanges.map(({ path }) => path.split('?')[0]);

/** Those that the server took. */
export const accepted = (exchanges, prefix) => to(exchanges, prefix).filter(({ status }) => status == 200);

/** The JSON of an answer. */
export const json = ({ answer }) => JSON.parse(answer.slice(answer.indexOf('\n\n') + 2));

/** The event that was posted. */
export const event = ({ body }) => JSON.parse(body);

/** Each visitor that the server named in a credential, once. */
export const visitorsIn = (exchanges) => {
  const credentials = exchanges.flatMap(({ setCookies }) => setCookies.filter((c) => c.startsWith('__Host-dfk=')));
  return [...new Set(credentials.map(idOf))];
};
