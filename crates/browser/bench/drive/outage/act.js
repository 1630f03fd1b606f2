// What the pages of the outages do: all in the tick in which they are loaded, as the address says, or when told to.

/** @param client whose `page`, `identify` and `track` there are */
export const act = (client) => {
  window.say = (name, leaves) => {
    client.track(name, { sku: 'a1' });
    if (leaves) location.href = '/elsewhere';
  };
  const { name, leaves } = Object.fromEntries(new URLSearchParams(location.search));
  if (leaves) {
    client.page('Home');
    client.identify('u1', { plan: 'gold' });
  }
  if (name) window.say(name, leaves);
};
