// What the shop does with datafly. Every use is optional: where datafly is missing or failing, the shop
// shows what it shows to everybody.
import { userName } from './session.js';

const hero = document.querySelector('#hero');
const greeting = document.querySelector('#greeting');

const attributes = () => window.datafly?.profile.amperity ?? {};

/** Whether the vendor knows this visitor. */
export const isKnown = () => Object.keys(attributes()).length > 0;

/** Shows the page as the current profile wants it. */
export const personalise = () => {
  const { Persona, FirstName } = attributes();
  if (Persona === 'Value Hunter') hero.dataset.variant = 'promo';
  else delete hero.dataset.variant;
  const name = FirstName ?? userName();
  greeting.textContent = name ? `Hello, ${name}` : 'Hello';
};

// Also covers what no code here started: a log-out in another tab, a page restored by the back button.
addEventListener('datafly:profile', personalise);

/** Calls one of the two that wait, shows the result, and announces how it went. */
const settle = async (call) => {
  const started = performance.now();
  const outcome = (await window.datafly?.[call]()) ?? { reason: 'no datafly on this page' };
  personalise();
  const ms = Math.round(performance.now() - started);
  dispatchEvent(new CustomEvent('shop:profile', { detail: { ...outcome, call, ms } }));
  return outcome;
};

export const ready = () => settle('onProfileReady');
export const refresh = () => settle('refreshProfile');

/** Tells datafly which page the visitor looks at. */
export const visit = (category) =>
  category === 'all' ? window.datafly?.page() : window.datafly?.page(category, { category });
