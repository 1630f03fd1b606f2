// What this tab knows of its visitor, for its next page: in sessionStorage under the key of the counters (shared.js), as
// [epoch, handle, time, profile]. Written by keep.js.
//
// It is shown if it is no older than the server's own fresh answers, of this epoch, and of this visitor as far as the
// page knows who that is; whoever logs in or out, or changes what is allowed, starts an epoch. It never stands for an
// answer: each page asks all the same. Nothing is kept where profiles depend on the page, and of what has no attributes.

/** The profile of this visitor and epoch, if one is known. */
export const lastPage = (config, epoch) => {
  try {
    const [of, handle, time, profile] = JSON.parse(sessionStorage['datafly.' + config.pipelineKey]);
    if (of == epoch && handle == (config.handle || handle) && Date.now() - time < 3e5) return profile;
  } catch {}
};
