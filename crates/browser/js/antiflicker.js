// The anti-flicker helper: an inline script of its own, for pages whose first screen is personalised by a script. It
// puts the class `datafly-wait` on <html>, by which the page's own style hides what would change before one's eyes,
// and takes it away
// - once the page is parsed, the profile is known or waiting for it has ended, whatever the outcome, and whoever
//   waited for it in the page's scripts has been told, and
// - where there are declarative elements (declare/bind.js), once those have been rendered too;
// - where there is no SDK, once the page is parsed;
// - and after `data-ms` milliseconds, 1000 unless the tag says otherwise, in any case: that timer needs nothing of ours.
import { SELECTOR } from './declare/kinds.js';

const { dataset } = document.currentScript;
const { classList } = document.documentElement;
const lift = () => classList.remove('datafly-wait');

classList.add('datafly-wait');
setTimeout(lift, +dataset.ms || 1e3);
addEventListener('DOMContentLoaded', () => {
  let known, rendered;
  // Later than everybody who was told at the same time.
  const check = () => setTimeout(() => known && (rendered || !document.querySelector(SELECTOR)) && lift());
  addEventListener('datafly:rendered', () => {
    rendered = true;
    check();
  });
  try {
    window[dataset.global || 'datafly'].onProfileReady(() => {
      known = true;
      check();
    });
  } catch {
    lift();
  }
});
