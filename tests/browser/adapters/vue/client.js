import { createApp, createSSRApp } from 'vue';
import { Page } from './Page.js';

const start = (app, element) => {
  app.mount(element);
  return () => app.unmount();
};

window.mount = (element) => start(createApp(Page), element);
window.hydrate = (element) => start(createSSRApp(Page), element);
