// Where events need a consent, `collect`, they wait here for the visitor's word: in memory, as they were called and
// with the time of that. A late yes lets them go in their order, behind the consent itself; a no forgets them.
import { answerTo, saidLast } from '#kit';

/** What the visitor says of events: true, false, or something else for neither. */
const wordOf = (config) => {
  const { collect } = config.browser;
  return !collect || answerTo(saidLast(config), collect);
};

/** Whether events may leave. */
export const mayCollect = (config) => wordOf(config) === true;

/** Whether they were refused, also those that wait for another attempt. */
export const isRefused = (config) => wordOf(config) === false;

const MOST_HELD = 1e3;

/** A way through for calls, and one to look again at what the visitor says. */
export const gateOf = (config, pass) => {
  let held = [];

  const look = () => {
    const word = wordOf(config);
    if (word !== true && word !== false) return;
    const calls = held;
    held = [];
    if (word) calls.map(pass);
  };

  const take = (call) => {
    // It was said, whether or not it may leave.
    if (call[0] == 'page') config.onPage?.();
    if (/^(track|page|identify|group)$/.test(call[0])) {
      held.push(call);
      if (held.length > MOST_HELD) held.shift();
    } else {
      // Whoever leaves had not allowed it.
      if (call[0] == 'reset') held = [];
      pass(call);
    }
    look();
    // Somebody else may sit there now: what a consent platform says is to be said for them too.
    if (call[0] == 'reset') config.again?.();
  };

  return { take, look };
};
