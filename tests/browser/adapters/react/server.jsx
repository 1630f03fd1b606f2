import { renderToString } from 'react-dom/server';
import { ProfileProvider } from '@datafly/browser/react';
import { Hero } from './Hero.jsx';

export const render = async (profiles) =>
  renderToString(
    <ProfileProvider profiles={profiles}>
      <Hero />
      <Hero />
    </ProfileProvider>,
  );
