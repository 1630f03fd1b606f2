// The sandbox's control routes: what the vendor was asked, and what it is told to know.

export class Vendor {
  #base;

  /** @param address where its listener is, `host:port` */
  constructor(address) {
    this.address = address;
    this.#base = `http://${address}/_control/`;
  }

  async #call(method, route, body) {
    const answer = await fetch(this.#base + route, {
      method,
      headers: body && { 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${route}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** Back to the start: no links, no requests. */
  reset = () => this.#call('POST', 'reset');

  /** As if the vendor had seen this browser with that customer. */
  link = (cookie, customer) => this.#call('POST', 'link', { cookie, customer });

  /** Every request of a route is answered so, until the next scenario. */
  fail = (route, fault) => this.#call('POST', 'faults', { route, times: null, fault });

  /** The vendor's routes that were asked for a profile at all, with how often. */
  hits = async () => {
    const hits = Object.entries(await this.#call('GET', 'hits'));
    return Object.fromEntries(hits.filter(([route, count]) => count && route != 'amperity.events'));
  };

  /** What has arrived in the vendor's stream, oldest first. */
  events = async () => {
    const { events } = await this.#call('GET', 'events');
    return events.map(({ body }) => body);
  };

  /** Names of the linking keys that were looked up, in order. */
  lookUps = async () => {
    const { requests } = await this.#call('GET', 'requests');
    return requests.flatMap(({ body }) => Object.keys(body?.keys ?? {}));
  };

  /** By what context profiles were read, in order: names only, as the sandbox keeps no values. */
  contexts = async () => {
    const { requests } = await this.#call('GET', 'requests');
    return requests.filter(({ route }) => route == 'amperity.profile').map(({ query }) => [...query].sort());
  };
}
