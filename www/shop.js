// The shop, put together.
import './account.js';
import { category, followAddress, onAdded, showProducts } from './catalogue.js';
import { ready, refresh, visit } from './personal.js';

addEventListener('hashchange', () => {
  if (!followAddress()) return;
  showProducts();
  visit(category());
  refresh();
});

onAdded((item) => window.datafly?.track('add_to_cart', item));

followAddress();

/** The profile as the page was opened with; the page's own event has been handed over by then. */
export const opened = ready().then((outcome) => {
  visit(category());
  return outcome;
});
