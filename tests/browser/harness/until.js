// Waiting for something with a deadline. Nothing here is proven by letting time pass.

/** The first truthy value of `probe`, or a failure that says what never came. */
export const until = async (probe, what, ms = 5e3) => {
  const end = Date.now() + ms;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resume) => setTimeout(resume, 20));
  }
};
