// Calls that wait for the visitor's word. No browser.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { gateOf, mayCollect } from '../../crates/browser/js/gate.js';
import { mayStore } from '../../crates/browser/js/allow.js';

const saying = (state, browser) => ({ browser, pipelineKey: 'k', stored: `0:0:0:0:0::${state ? JSON.stringify(state) : ''}` });

/** A gate, the names of what has passed it, and a way to say something. */
const waiting = (browser = { collect: 'analytics' }) => {
  const config = saying(undefined, browser);
  const passed = [];
  const gate = gateOf(config, ([name]) => {
    passed.push(name);
    const state = /^consent (.*)/.exec(name)?.[1];
    if (state) config.stored = `0:0:0:0:0::${state}`;
    if (name == 'reset') config.stored = '0:0:0:0:0';
  });
  const take = (...names) => names.map((name) => gate.take([name]));
  return { take, passed, gate, config };
};

test('a yes lets out what waits, in its order and behind the consent', () => {
  const { take, passed } = waiting();
  take('page', 'track', 'onProfileReady', 'identify', 'group');
  assert.deepEqual(passed, ['onProfileReady']);
  take('consent {"marketing":true}');
  assert.equal(passed.length, 2, 'that is no answer');
  take('consent {"analytics":true}', 'track');
  assert.deepEqual(passed.slice(2), ['consent {"analytics":true}', 'page', 'track', 'identify', 'group', 'track']);
});

test('a no forgets it, and so does a log-out', () => {
  const { take, passed } = waiting();
  take('track', 'consent {"analytics":false}', 'track', 'consent {"analytics":true}');
  assert.deepEqual(passed, ['consent {"analytics":false}', 'consent {"analytics":true}']);
  take('reset', 'track', 'reset', 'consent {"analytics":true}', 'page');
  assert.deepEqual(passed.slice(2), ['reset', 'reset', 'consent {"analytics":true}', 'page']);
});

test('another tab’s word counts as soon as somebody looks', () => {
  const { take, passed, gate, config } = waiting();
  take('track');
  config.stored = saying({ analytics: true }).stored;
  gate.look();
  assert.deepEqual(passed, ['track']);
});

test('at most a thousand wait, the newest', () => {
  const { take, passed, gate } = waiting();
  gate.take(['page']);
  take(...Array(1000).fill('track'), 'consent {"analytics":true}');
  assert.equal(passed.length, 1001);
  assert(!passed.includes('page'));
});

test('where nothing is asked for all passes, and a page view is known of in either case', () => {
  for (const browser of [{}, { collect: 'essential' }, { collect: 'analytics' }]) {
    const { take, passed, config } = waiting(browser);
    let pages = 0;
    config.onPage = () => pages++;
    take('page', 'track');
    assert.deepEqual([passed, pages], [browser.collect == 'analytics' ? [] : ['page', 'track'], 1]);
  }
});

test('only what was granted is granted', () => {
  const state = { analytics: true, marketing: false, categories: { C0001: true, C0002: false, marketing: true, never: true } };
  const grants = (name) => [mayCollect(saying(state, { collect: name })), mayStore(saying(state, { storage: name }))];
  for (const name of ['analytics', 'C0001', 'essential']) assert.deepEqual(grants(name), [true, true], name);
  for (const name of ['marketing', 'functional', 'C0002', 'C0003', 'categories', 'constructor', '__proto__']) {
    assert.deepEqual(grants(name), [false, false], name);
  }
  const may = (storage, state) => mayStore(saying(state, { storage }));
  assert.deepEqual([may(undefined), may('necessary'), may('never', state), may('analytics')], [true, true, false, false]);
});
