// Declarative personalisation: the page says in attributes (bind.js) what it makes of the profile, in expressions
// (expression.js). A chunk of its own, loaded where a page has such attributes or its owner says so.
//
// Nothing is touched before a profile is known or waiting for it has ended, whatever the outcome; from then on the
// page follows each change of the profile, and whatever is added to it is made ready before it is painted. Each time the
// whole page was gone through, the window is told by `datafly:rendered`.
import { tell } from '../install.js';
import { render } from './bind.js';
import { KINDS, SELECTOR } from './kinds.js';

const isLoading = () => document.readyState == 'loading';

/** Whether the parser is past an element: until then its content may be yet to come. */
const isComplete = (node) => {
  for (; node && isLoading(); node = node.parentNode) if (node.nextSibling) return true;
  return !isLoading();
};

/** Says that somebody does this already: another copy of this file would take what was rendered for the page's own. */
const MARK = Symbol.for('datafly.declare');

/** Starts it, once on a page. */
export const personalise = (datafly) => {
  if (document[MARK]) return;
  document[MARK] = true;

  const renderIn = (root) =>
    [root, ...root.querySelectorAll(SELECTOR)].map(
      (node) => node != document && isComplete(node) && render(node, datafly.profile),
    );
  const follow = (records) => {
    if (isLoading()) return renderAll();
    const changed = records.flatMap(({ type, target, addedNodes }) => (type == 'attributes' ? target : [...addedNodes]));
    changed.map((node) => node.querySelectorAll && renderIn(node));
  };
  const observer = new MutationObserver(follow);
  let begun;
  const renderAll = () => {
    begun = 1;
    // Observing what is observed already changes nothing.
    observer.observe(document, { subtree: true, childList: true, attributeFilter: KINDS });
    renderIn(document);
    tell('rendered');
  };

  addEventListener('datafly:profile', renderAll);
  addEventListener('DOMContentLoaded', () => begun && renderAll());
  if (Object.keys(datafly.profile)[0]) renderAll();
  datafly.onProfileReady(renderAll);
};
