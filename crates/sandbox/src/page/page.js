// The sandbox's page. Whatever comes from the sandbox becomes text, never markup.

const EVERY_MS = 1000;

/** Most profiles that are shown to who has searched for none. */
const FEW = 8;

const NO_FAULT = 'none';

/** What a switch can be set to. */
const FAULTS = new Map([
  [NO_FAULT, null],
  ['401', { status: 401 }],
  ['403', { status: 403 }],
  ['404', { status: 404 }],
  ['429, retry after 5 s', { status: 429, retry_after: 5 }],
  ['500', { status: 500 }],
  ['503', { status: 503 }],
  ['2 s late', { delay_ms: 2000 }],
  ['30 s late', { delay_ms: 30000 }],
  ['cut body', { cut_body: true }],
  ['garbage', { garbage: true }],
]);

const at = (id) => document.getElementById(id);

/** An element with text or other elements in it. */
const make = (name, ...content) => {
  const element = document.createElement(name);
  element.append(...content.map((part) => (part instanceof Node ? part : String(part ?? ''))));
  return element;
};

const row = (...cells) => make('tr', ...cells.map((cell) => make('td', cell)));

const code = (text) => make('code', text);

/** `name value` lines of an object. */
const lines = (object) =>
  make('div', ...Object.entries(object).map(([name, value]) => make('div', name + ' ', code(value))));

const call = async (route, method = 'GET', body) => {
  const answer = await fetch('/_control/' + route, {
    method,
    headers: body && { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.error?.message ?? answer.status);
  return json;
};

/** Does it, and says what went wrong if anything did. */
const attempt = async (work) => {
  try {
    await work();
    at('state').textContent = '';
  } catch (error) {
    at('state').textContent = `The sandbox does not do that: ${error.message}`;
  }
};

const showAccounts = async () => {
  const { tenants, tokens } = await call('overview');
  at('tenants').replaceChildren(
    ...tenants.map(({ vendor, path, settings }) => row(vendor, code(location.origin + path), lines(settings))),
  );
  at('tokens').replaceChildren(
    ...tokens.map(({ vendor, name, kind, expires_at, value }) =>
      row(vendor, name, kind, expires_at ?? 'never', code(value)),
    ),
  );
};

const showProfiles = async () => {
  const asked = at('search').value;
  const { customers, total } = await call('customers?q=' + encodeURIComponent(asked));
  // A newer question is under way.
  if (asked != at('search').value) return;
  const shown = asked ? customers : customers.slice(0, FEW);
  at('found').textContent = `${shown.length} shown, ${total} customers`;
  at('profiles').replaceChildren(
    ...shown.map(({ profile_id, links }) => {
      const identifiers = Object.entries(links).map(([key, values]) => [key, values.join(', ')]);
      return row(code(profile_id), lines(Object.fromEntries(identifiers)));
    }),
  );
};

const setFault = async (route, name) => {
  await call('faults?route=' + encodeURIComponent(route), 'DELETE');
  const fault = FAULTS.get(name);
  if (fault) await call('faults', 'POST', { route, times: null, fault });
  await showRoutes();
};

/** What a route's switch says: one of the choices, or what a program has set. */
const nameOf = (faults) => {
  if (!faults.length) return NO_FAULT;
  const [{ times, fault }] = faults;
  const same = ([, choice]) => choice && JSON.stringify(choice) == JSON.stringify(fault);
  const known = faults.length == 1 && times == null && [...FAULTS].find(same);
  return known ? known[0] : `by a program: ${JSON.stringify(fault)}`;
};

const switchOf = (route, name) => {
  const names = FAULTS.has(name) ? [...FAULTS.keys()] : [name, ...FAULTS.keys()];
  const select = make('select', ...names.map((name) => make('option', name)));
  select.value = name;
  select.setAttribute('aria-label', 'fault of ' + route);
  select.addEventListener('change', () => attempt(() => setFault(route, select.value)));
  return select;
};

let shownRoutes = '';

const showRoutes = async () => {
  const [hits, { faults }] = await Promise.all([call('hits'), call('faults')]);
  // A list that has not changed stays as it is, and so does a switch that somebody has open.
  const now = JSON.stringify([hits, faults]);
  if (now == shownRoutes) return;
  if (at('routes').contains(document.activeElement) && shownRoutes && now != shownRoutes) {
    document.activeElement.blur();
  }
  shownRoutes = now;
  at('routes').replaceChildren(
    ...Object.entries(hits).map(([route, count]) => {
      const name = nameOf(faults.filter((fault) => fault.route == route));
      const line = row(code(route), count, switchOf(route, name));
      line.classList.toggle('on', name != NO_FAULT);
      return line;
    }),
  );
};

let newest = 0;

const showRequests = async () => {
  const { requests } = await call('requests');
  const last = requests.at(-1);
  // What is unfinished may finish.
  const unfinished = requests.some(({ status }) => status == null);
  if (last && last.n == newest && !unfinished) return;
  newest = last?.n ?? 0;
  at('requests').replaceChildren(...requests.slice(-100).reverse().map(requestRow));
};

const requestRow = ({ n, at, route, method, path, query, authorization, status, body }) => {
  const state = make('span', status ?? 'under way');
  state.classList.toggle('bad', status >= 400);
  const names = query.length ? `?${query.join('&')}` : '';
  return row(n, at.slice(11, 19), code(route), method, code(path + names), authorization?.label, state, bodyOf(body));
};

const bodyOf = (body) => {
  if (body == null) return '';
  const text = JSON.stringify(body);
  if (text.length < 60) return code(text);
  return make('details', make('summary', code(text.slice(0, 48) + '…')), make('pre', JSON.stringify(body, null, 2)));
};

at('search').addEventListener('input', () => attempt(showProfiles));
at('clear').addEventListener('click', () => attempt(() => call('faults', 'DELETE').then(showRoutes)));

const refresh = async () => {
  // A body that somebody reads is not taken away.
  const reads = document.querySelector('#requests details[open]');
  await showRoutes();
  if (at('live').checked && !reads) await showRequests();
};

await attempt(() => Promise.all([showAccounts(), showProfiles(), refresh()]));
setInterval(() => attempt(refresh), EVERY_MS);
