// Demo code: the drawer that shows what the page asked datafly, and what datafly asked the vendor.
// Whatever comes from a profile or a request is written as text, never as HTML.

const root = document.documentElement;
const toggle = document.querySelector('#panel-toggle');
const part = (name) => document.querySelector(`#panel-${name}`);
const panel = document.querySelector('#panel');

const MAX_ROWS = 40;
/** Events reach the vendor a moment after the page was answered. */
const LOOKS_MS = [150, 1500, 4000];

const element = (tag, className, text) =>
  Object.assign(document.createElement(tag), { className, textContent: text });

/** Adds to a list, oldest first, and keeps its end in view. */
const add = (list, ...items) => {
  list.append(...items);
  list.scrollTop = list.scrollHeight;
};

/** Adds a sentence to the story of this page. */
export const note = (text) => add(part('notes'), element('li', '', text));

const row = (method, path, what, result, good = true) => {
  const item = element('li', 'request', '');
  item.append(
    element('b', `method ${method.toLowerCase()}`, method),
    element('code', '', path),
    element('span', good ? 'result' : 'result bad', result),
    element('small', '', what),
  );
  return item;
};

// --- the drawer

const isOpen = () => getComputedStyle(panel).display !== 'none';

const reflect = () => toggle.setAttribute('aria-expanded', isOpen());

const setOpen = (open) => {
  root.dataset.panel = open ? 'open' : 'closed';
  reflect();
  (open ? panel : toggle).focus();
};

toggle.addEventListener('click', () => setOpen(!isOpen()));
part('close').addEventListener('click', () => setOpen(false));
panel.addEventListener('keydown', ({ key }) => key === 'Escape' && setOpen(false));
// Until somebody chooses, the style sheet opens it where there is room.
addEventListener('resize', reflect);
reflect();

// --- the profile

const showProfile = () => {
  part('profile').textContent = JSON.stringify(window.datafly?.profile ?? {}, null, 2);
};

addEventListener('datafly:profile', ({ detail }) => {
  part('epoch').textContent = detail.epoch;
  showProfile();
});

addEventListener('shop:profile', ({ detail }) => {
  part('call').textContent = `${detail.call}()`;
  part('reason').textContent = detail.reason;
  part('reason').dataset.reason = detail.reason;
  part('took').textContent = `${detail.ms} ms`;
  part('epoch').textContent = detail.epoch ?? '–';
  showProfile();
});

addEventListener('datafly:error', ({ detail }) => {
  part('errors-section').hidden = false;
  const item = element('li', '', ` ${detail.message}`);
  item.prepend(element('code', '', detail.code));
  part('errors').append(item);
});

// --- browser -> datafly

const ROUTES = {
  'loader.js': ['GET', 'the loader, and the visitor’s cookie'],
  assets: ['GET', 'the SDK'],
  enrich: ['GET', 'the attributes on the allowlist'],
  p: ['POST', 'page event'],
  t: ['POST', 'track event'],
  i: ['POST', 'identify, with the identity token'],
  b: ['POST', 'events, as one batch'],
  reset: ['POST', 'log-out'],
};

const showRequest = ({ name, duration }) => {
  const url = new URL(name);
  const [, route] = url.pathname.match(/\/v1\/([^/]+)/) ?? [];
  if (!route) return;
  const [method, what] = ROUTES[route] ?? ['', ''];
  const query = decodeURIComponent(url.search).replace(/\bkey=([^&]{4})[^&]*/, 'key=$1…');
  add(part('browser'), row(method, url.pathname + query, what, `${Math.round(duration)} ms`));
  if (part('browser').children.length > MAX_ROWS) part('browser').firstChild.remove();
  lookAtVendor();
};

new PerformanceObserver((list) => list.getEntries().forEach(showRequest)).observe({
  type: 'resource',
  buffered: true,
});

// --- datafly -> vendor

const PURPOSES = {
  'amperity.lookup.post': 'look-up by',
  'amperity.lookup.get': 'look-up by',
  'amperity.profile': 'attributes of one profile',
  'amperity.events': 'event with',
};

/** Names only: the log holds no token, and values are nobody's business here. */
const keyNames = ({ query, body }) => {
  const names = [...query, ...Object.keys(body?.keys ?? body ?? {})];
  const more = names.length - 6;
  return names.slice(0, 6).join(', ') + (more > 0 ? `, and ${more} more` : '');
};

let newest = 0;

const showVendorLog = async () => {
  const response = await fetch('/api/vendor-log');
  if (!response.ok) return;
  const { requests } = await response.json();
  const rows = requests.slice(0, MAX_ROWS).reverse().map((request) => {
    const { method, path, route, status, n } = request;
    // To be unknown is an answer, not a fault.
    const nobody = status === 404 && route.includes('lookup');
    const good = status === null || status < 400 || nobody;
    const what = `${PURPOSES[route] ?? ''} ${keyNames(request)}${nobody ? ': nobody' : ''}`;
    const item = row(method, path.replace('/amperity', ''), what, status ?? '…', good);
    item.classList.toggle('fresh', n > newest);
    return item;
  });
  newest = requests[0]?.n ?? newest;
  part('vendor').replaceChildren();
  add(part('vendor'), ...rows);
};

let looks = [];

/** A few looks after something happened; none while nothing does. */
const lookAtVendor = () => {
  looks.forEach(clearTimeout);
  looks = LOOKS_MS.map((ms) => setTimeout(() => showVendorLog().catch(() => {}), ms));
};
