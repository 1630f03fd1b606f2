import { useProfile } from '@datafly/browser/react';

export const Hero = () => {
  const { profile, ready } = useProfile();
  return <p>{ready ? (profile.amperity?.Persona ?? 'nobody known') : 'waiting'}</p>;
};
