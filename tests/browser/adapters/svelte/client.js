import { hydrate, mount, unmount } from 'svelte';
import Page from './Page.svelte';

window.mount = (target) => {
  const page = mount(Page, { target });
  return () => unmount(page);
};
window.hydrate = (target) => {
  const page = hydrate(Page, { target });
  return () => unmount(page);
};
