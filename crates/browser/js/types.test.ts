// Uses every declaration; compiled, never run.
import datafly, {
  type Attributes,
  type Category,
  type Consent,
  type ConsentSource,
  type ContextPart,
  type Datafly,
  type Envelope,
  type ErrorDetail,
  type Events,
  type GetToken,
  type IdentifyOptions,
  type InitOptions,
  type Middleware,
  type Outcome,
  type Profile,
  type ProfileDetail,
  type Reason,
  consent,
  debug,
  flush,
  group,
  identify,
  init,
  off,
  on,
  onProfileChange,
  onProfileReady,
  page,
  refreshProfile,
  reset,
  track,
  use,
  version,
} from './datafly.js';

const options: InitOptions = {
  pipelineKey: 'dk_test_1',
  endpoint: 'https://collect.example.com',
  enrich: { endpoint: 'https://id.example.com', providers: ['amperity'], timeoutMs: 800 },
};
const proof: IdentifyOptions = { token: 'ey…' };
const getToken: GetToken = async () => 'ey…';
const allowed: Consent = {
  personalization: true,
  marketing: null,
  categories: { C0004: false },
  google: { ad_storage: 'denied' },
};

export const seed = async (): Promise<void> => {
  datafly.init(options);
  await datafly.onProfileReady();
  const persona = datafly.profile.amperity?.Persona;
  if (persona === 'Value Hunter') {
    document.querySelector<HTMLElement>('#hero')!.dataset.variant = 'promo';
  }
  datafly.identify('user-123', { email: 'alice@example.com' });
  await datafly.refreshProfile();
};

export const all = async (): Promise<Outcome[]> => {
  init({ pipelineKey: 'dk_test_1', endpoint: '' });
  identify();
  identify(null, { plan: 'gold' });
  identify(123, null, proof);
  identify({ plan: 'gold' });
  identify('user-123', { email: 'alice@example.com' }, proof);
  identify('user-123', {}, { getToken });
  identify('user-123', {}, { getToken: () => 'ey…' });
  init({ ...options, getToken });
  consent(allowed);
  consent({});
  page();
  page('Home');
  page(null, { section: 'a' });
  track('Viewed');
  track('Viewed', { sku: 1, tags: ['a', null] });
  reset();
  onProfileReady(({ profile, reason, epoch }) => {
    const attributes: Attributes | undefined = profile.amperity;
    const why: Reason = reason;
    return [attributes, why, epoch.toFixed()];
  });
  onProfileReady(async (outcome) => outcome.profile.algonomy?.Segment);
  return [await onProfileReady(), await refreshProfile(), await refreshProfile((o) => o.epoch)];
};

const sources: ConsentSource[] = ['onetrust', 'gpc'];
const omit: ContextPart[] = ['vendor_ids'];
const mapping: Record<string, Category> = { C0003: 'functional' };
const withoutCoupons: Middleware = (event: Envelope) => {
  if (event.event === 'Coupon Entered') return null;
  delete event.properties?.coupon;
};
const listener = ({ detail }: CustomEvent<Events['event']>): string => detail.messageId;

export const rest = async (): Promise<string> => {
  init({ ...options, global: '_df', storage: 'functional', collect: 'analytics', sources, mapping, omit });
  init({ ...options, storage: 'necessary', page: true, session: false });
  use(withoutCoupons);
  use((event) => ({ ...event, properties: { ...event.properties, shop: 'uk' } }));
  group('acme', { plan: 'gold' });
  group(7);
  on('event', listener);
  off('event', listener);
  on('ready', () => debug());
  on('profile', ({ detail }) => detail.profile.amperity?.Persona);
  const stop: () => void = onProfileChange((profile) => profile.amperity?.Persona);
  stop();
  await flush();
  await flush(() => debug(false));
  return version + datafly.version;
};

export const onThePage = (): Profile => {
  const same: Datafly = window.datafly;
  addEventListener('datafly:error', (event) => {
    const detail: ErrorDetail = event.detail;
    console.log(detail.code, detail.message);
  });
  window.addEventListener('datafly:profile', (event) => {
    const detail: ProfileDetail = event.detail;
    console.log(detail.epoch, detail.profile.amperity?.Persona);
  });
  return same.profile;
};

export const mistakes = (): void => {
  // @ts-expect-error the endpoint is missing
  init({ pipelineKey: 'dk_test_1' });
  // @ts-expect-error a provider is named by a string
  init({ pipelineKey: 'dk_test_1', endpoint: '', enrich: { providers: [1] } });
  // @ts-expect-error there is no such option
  init({ pipelineKey: 'dk_test_1', endpoint: '', allowlist: ['Persona'] });
  // @ts-expect-error an event has a name
  track();
  // @ts-expect-error traits are an object
  identify('user-123', 'alice@example.com');
  // @ts-expect-error a provider may have no answer
  datafly.profile.amperity.Persona;
  // @ts-expect-error the profile is replaced by the SDK only
  datafly.profile = {};
  // @ts-expect-error the page does not write attributes
  datafly.profile.amperity = {};
  // @ts-expect-error reset takes nothing
  reset('user-123');
  // @ts-expect-error a token is text
  identify('user-123', {}, { getToken: () => 123 });
  // @ts-expect-error a consent is yes or no
  consent({ marketing: 'granted' });
  // @ts-expect-error a consent has a state
  consent();
  // @ts-expect-error there is no such event
  on('profil', () => {});
  // @ts-expect-error a group has a name
  group();
  // @ts-expect-error a middleware gives an event, null or nothing
  use(() => true);
  // @ts-expect-error there is no such part
  init({ ...options, omit: ['cookies'] });
  // @ts-expect-error a code stands for a category
  init({ ...options, mapping: { C0003: 'ads' } });
  // @ts-expect-error which event it is is not the middleware's to say
  use((event) => { event.messageId = '1'; });
  // @ts-expect-error not a reason
  const reason: Reason = 'cached';
  void reason;
};
