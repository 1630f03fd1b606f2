// Watches datafly from inside a page, and shows a person what it saw.
window.seen = { settled: [], swaps: [], errors: [] };

/** Calls `onProfileReady` or `refreshProfile`, and writes down each time anything comes of it. */
window.watch = (label, name = 'onProfileReady') => {
  const began = performance.now();
  const note = (how) => (outcome) => {
    const { profile, reason, epoch } = outcome ?? {};
    const ms = Math.round(performance.now() - began);
    seen.settled.push({ label, how, reason, epoch, profile: structuredClone(profile), ms });
    show();
  };
  return datafly[name](note('callback')).then(note('promise'), note('rejection'));
};

addEventListener('datafly:profile', ({ detail }) => {
  seen.swaps.push(structuredClone(detail));
  show();
});
addEventListener('datafly:error', ({ detail }) => seen.errors.push(detail.code));
addEventListener('DOMContentLoaded', () => show());

const show = () => {
  const text = (id, text) => document.querySelector(id) && (document.querySelector(id).textContent = text);
  text('#profile', JSON.stringify(window.datafly?.profile, null, 2));
  text('#settled', seen.settled.map(({ label, how, reason, ms }) => `${label}: ${reason} (${how}, ${ms} ms)`).join('\n'));
};
