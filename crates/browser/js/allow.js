// What the owner and the visitor allow the SDK to do by itself.

/** Whether anything may be stored in this browser. */
export const mayStore = ({ browser }) => browser.storage != 'never';

/** Whether events may leave. */
export const mayCollect = ({ browser }) => !browser.collect;
