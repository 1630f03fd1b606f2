import { StrictMode } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { Hero } from './Hero.jsx';

const page = (
  <StrictMode>
    <Hero />
    <Hero />
  </StrictMode>
);

/** Returns how to take it away again. */
window.mount = (element) => {
  const root = createRoot(element);
  root.render(page);
  return () => root.unmount();
};
window.hydrate = (element) => {
  const root = hydrateRoot(element, page, { onRecoverableError: (error) => console.error(error) });
  return () => root.unmount();
};
