// Demo code: a real shop needs none of this. It plays the visitor's past, and explains what happens.
import { isLoggedIn, logOut } from './account.js';
import { post } from './http.js';
import { note } from './panel.js';
import { isKnown, refresh } from './personal.js';
import { opened } from './shop.js';

const status = document.querySelector('#demo-status');
const comeBackButton = document.querySelector('#come-back');
const startOverButton = document.querySelector('#start-over');

const ANSWERS = ['inline', 'session', 'network', 'empty'];
let answered = true;

const describe = () => {
  const { FirstName, Persona, LifetimeTier } = window.datafly?.profile.amperity ?? {};
  status.textContent = isKnown()
    ? `Known visitor: ${[FirstName, Persona, LifetimeTier].filter(Boolean).join(' · ')}`
    : answered
      ? 'Unknown visitor: the profile is {}'
      : 'datafly gives no answer';
  // A button is always there, so that the bar keeps its height.
  startOverButton.hidden = !(isKnown() || isLoggedIn());
  comeBackButton.hidden = !startOverButton.hidden;
};

const heard = ({ reason }) => {
  answered = ANSWERS.includes(reason);
  describe();
};

/** Asks the server anew; says how it ended. */
const lookAgain = async () => {
  const { reason } = await refresh();
  if (isKnown()) {
    return 'datafly looked the id up at the vendor and let through what is on the allowlist. Persona is in it, so the hero changed.';
  }
  return `The profile could not be filled: ${reason}.`;
};

/** As if the vendor had seen this browser before, as Vera's. */
const comeBack = async () => {
  comeBackButton.disabled = true;
  try {
    await post('/api/returning', { customer: 'vera' });
    note('Demo: the sandbox linked this browser’s id to Vera, as if Amperity had seen it before.');
    note(await lookAgain());
  } catch (error) {
    note(`Vera could not come back: ${error.message}`);
  } finally {
    comeBackButton.disabled = false;
  }
};

const startOver = async () => {
  // A reload should not bring Vera back.
  history.replaceState(null, '', location.pathname + location.hash);
  await logOut();
  note('datafly.reset(): a new visitor id, and the old one is dead. The profile is {} again.');
};

const OPENING = {
  network: 'This browser is known already: its attributes came with the page.',
  empty: 'First touch: the loader’s answer gave this browser an id in an HttpOnly cookie. Nobody knows it yet, so the profile is {}.',
};

comeBackButton.addEventListener('click', comeBack);
startOverButton.addEventListener('click', startOver);
document.querySelector('#refresh').addEventListener('click', refresh);
addEventListener('datafly:profile', describe);
addEventListener('shop:profile', ({ detail }) => heard(detail));

const outcome = await opened;
heard(outcome);
note(
  isKnown()
    ? OPENING.network
    : (OPENING[outcome.reason] ?? `datafly gave no profile (${outcome.reason}): the shop goes on as for everybody.`),
);
if (answered) note('The page sent its page event: from here on the server keeps a record of this visitor.');
if (new URLSearchParams(location.search).get('returning') === 'vera' && !isKnown()) await comeBack();
