// Whether the SDK may store anything in this browser, by the rule of the owner: `storage` is `necessary` (always, as
// where nothing is said), `never`, or the consent category that allows it. What counts is the state said last; what
// that does not grant is not granted. (Of events the same is told in gate.js.)
import { answerTo, saidLast } from './consent.js';

export const mayStore = (config, rule = config.browser.storage ?? 'necessary') =>
  rule == 'necessary' || (rule != 'never' && answerTo(saidLast(config), rule) === true);
