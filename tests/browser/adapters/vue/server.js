import { createSSRApp } from 'vue';
import { renderToString } from '@vue/server-renderer';
import { profilePlugin } from '@datafly/browser/vue';
import { Page } from './Page.js';

export const render = (profiles) => renderToString(createSSRApp(Page).use(profilePlugin({ profiles })));
