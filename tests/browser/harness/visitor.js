// One person's browser: a cookie jar, its tabs, and all that they complain about.
import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { ID } from './site.js';

const ARTEFACTS = new URL('../artefacts/', import.meta.url).pathname;

export class Visitor {
  #context;
  #complaints = [];
  #expected = [];

  static async arrive(browser) {
    const visitor = new Visitor();
    visitor.#context = await browser.newContext({ viewport: { width: 900, height: 560 } });
    await visitor.#context.addInitScript(() => {
      addEventListener('unhandledrejection', ({ reason }) => console.error('unhandled rejection:', reason));
    });
    return visitor;
  }

  /** Messages of the console that this test is about. Uncaught errors are never expected. */
  expectConsole(...patterns) {
    this.#expected.push(...patterns);
  }

  /** A new tab. An attacker's page may complain as it likes. */
  async tab(url, { hostile = false, waitUntil = 'load' } = {}) {
    const tab = await this.#context.newPage();
    if (!hostile) {
      tab.on('console', (message) => this.#complaints.push(`console ${message.type()}: ${message.text()}`));
      tab.on('pageerror', (error) => this.#complaints.push(toldByFirefox(error) || `uncaught: ${error.stack}`));
      tab.on('crash', () => this.#complaints.push('the tab crashed'));
    }
    if (url) await tab.goto(url, { waitUntil });
    return tab;
  }

  /** All that was said so far, expected or not. */
  complaints = () => [...this.#complaints];

  /** Whether a matching message is in the console by now. */
  complained(pattern) {
    return this.#complaints.some((complaint) => pattern.test(complaint));
  }

  assertQuiet() {
    const unexpected = this.#complaints.filter(
      (complaint) =>
        complaint.startsWith('uncaught') || !this.#expected.some((pattern) => pattern.test(complaint)),
    );
    assert.deepEqual(unexpected, [], 'nothing is uncaught, and the console is quiet');
  }

  /** Everything in the jar that is sent somewhere, in a form to compare. */
  async jar() {
    const cookies = await this.#context.cookies();
    return cookies.map(({ domain, path, name, value }) => `${domain}${path} ${name}=${value}`).sort();
  }

  /** Value of a cookie as datafly gets it. */
  async cookie(name) {
    const cookies = await this.#context.cookies(ID + '/v1/enrich');
    return cookies.find((cookie) => cookie.name == name)?.value;
  }

  /** The id in the credential cookie. */
  async id() {
    return idOf((await this.cookie('__Host-dfk')) ?? '');
  }

  /** Takes the network away, or gives it back. */
  offline = (isOffline) => this.#context.setOffline(isOffline);

  /** What was loaded before is loaded again. */
  async emptyCache(tab) {
    const session = await this.#context.newCDPSession(tab);
    await session.send('Network.clearBrowserCache');
    await session.detach();
  }

  /** Puts a cookie into the jar, past all that pages may do. */
  plant = (cookie) => this.#context.addCookies([cookie]);

  /** As if the browser had forgotten who it is. */
  forgetCookies = () => this.#context.clearCookies();

  /** What the shop's backend tells its page about a customer: `userId`, `traits` and `token`. */
  logIn = (tab, who) =>
    tab.evaluate(async (user) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch('/api/login', { method: 'POST', headers, body: JSON.stringify({ user }) });
      return answer.json();
    }, who);

  close = () => this.#context.close();
}

/** Requests that fail are no errors of the page's, though Firefox tells of them in that way: as Chromium would. */
const toldByFirefox = ({ stack }) =>
  /^Cross-Origin Request Blocked/.test(stack) && `console error: Failed to load resource: ${stack}`;

/** A picture of what a person would see, once all that moves has come to rest. */
export const shoot = (tab, state) =>
  tab.screenshot({ path: join(ARTEFACTS, state + '.png'), animations: 'disabled' });

/** The visitor that a credential, or a `Set-Cookie` with one, names. */
export const idOf = (credential) => credential.split('.')[2];
