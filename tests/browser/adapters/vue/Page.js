import { h } from 'vue';
import { useProfile } from '@datafly/browser/vue';

const Hero = {
  setup() {
    const state = useProfile();
    return () => {
      const { profile, ready } = state.value;
      return h('p', ready ? (profile.amperity?.Persona ?? 'nobody known') : 'waiting');
    };
  },
};

export const Page = () => [h(Hero), h(Hero)];
