// What must never be seen: by the browser, or in the log.
import { strict as assert } from 'node:assert';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { COOKIE_SECRET, SERVER_KEY } from './config.js';
import { WWW } from './processes.js';

const NOT_ALLOWED = [
  // Names the owner did not allow, and values under them.
  'InternalMargin', 'HomeAddress', 'Household', 'FirstName', 'LifetimeValue', 'ChurnRisk', 'LoyaltyPoints',
  'Harbour Road', 'Mill Lane', 'Elm Avenue', '8904.75', 'early-access-spring',
];
const PEOPLE = ['vera@example.com', 'alice@example.com', 'bob@example.com', '+4477009001'];

/** The secrets of the processes under test. */
const secretsOf = ({ identity, amperity }) => [
  amperity.api_key,
  amperity.profile_api_key,
  identity.secret,
  COOKIE_SECRET,
  SERVER_KEY,
];

/**
 * Asserts that what was recorded so far holds none of it.
 *
 * @param facts the sandbox's
 * @param log the server's
 */
export const assertSecret = (gate, facts, log) => {
  const answers = gate.exchanges.filter(({ host }) => /^(id\.|collect\.|localhost)/.test(host));
  const secrets = secretsOf(facts);
  // A search that finds nothing must have had something to search: each decision is in the log, however much
  // of it came from caches.
  assert(answers.some(({ answer }) => /"(attributes|profiles)"/.test(answer)), 'answers were recorded');
  assert(log.includes('answered an enrich'), 'the log tells what was decided');

  for (const needle of [...secrets, ...NOT_ALLOWED, ...PEOPLE]) {
    for (const { method, path, answer } of answers) {
      assert(!answer.includes(needle), `the answer to ${method} ${path} holds ${needle}`);
    }
  }
  const credentials = answers.flatMap(({ setCookies }) => setCookies.map(valueOf)).filter(Boolean);
  const tokens = answers.flatMap(({ body }) => /"token":"([^"]+)"/.exec(body)?.[1] ?? []);
  const lines = log.split('\n');
  for (const needle of [...secrets, ...NOT_ALLOWED, ...PEOPLE, ...credentials, ...tokens]) {
    assert.equal(lines.find((line) => line.includes(needle)), undefined, `the log holds ${needle}`);
  }
  const folder = join(WWW, 'pkg');
  for (const file of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, file), 'latin1');
    for (const needle of [...secrets, ...NOT_ALLOWED, ...PEOPLE]) {
      assert(!bytes.includes(needle), `${file} holds ${needle}`);
    }
  }
};

const valueOf = (setCookie) => /^__Host-dfk=([^;]+)/.exec(setCookie)?.[1];
