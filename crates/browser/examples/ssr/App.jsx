// The same on the server and in the browser.
import { useProfile } from '@datafly/browser/react';

export const App = () => {
  const { profile } = useProfile();
  const { Persona, FavoriteBrand } = profile.amperity ?? {};
  return (
    <main>
      <h1>{Persona === 'Value Hunter' ? 'Up to 40 % off.' : 'Made for long light.'}</h1>
      {FavoriteBrand && <p>New from {FavoriteBrand}</p>}
    </main>
  );
};
