// What an attacker's page tries. Each function runs in that page and says what it could read.

/** `fetch` with the victim's cookies, any way a page can. */
export const fetches = (tab, base, key) =>
  tab.evaluate(
    async ([base, key]) => {
      const bob = JSON.stringify({ type: 'identify', userId: 'user-bob', traits: { email: 'bob@example.com' } });
      const routes = [
        ['GET', '/v1/enrich?provider=amperity', undefined],
        ['POST', '/v1/i?x=1', bob],
        ['POST', '/v1/p?x=1', '{"type":"page"}'],
        ['POST', '/v1/reset?x=1', ''],
      ];
      const read = [];
      for (const mode of ['cors', 'no-cors']) {
        for (const [method, path, body] of routes) {
          const options = { method, mode, body, credentials: 'include' };
          const got = await fetch(`${base}${path}&key=${key}`, options).then(
            async (answer) => `${answer.type} ${answer.status} ${await answer.text()}`,
            () => 'refused',
          );
          read.push(`${mode} ${method} ${path.split('?')[0]}: ${got}`);
        }
      }
      document.body.innerText = read.join('\n');
      return read;
    },
    [base, key],
  );

/** A `<script>` of ours in the attacker's page: whether it ran, and all that it left in reach. */
export const include = (tab, src, crossorigin) =>
  tab.evaluate(
    async ([src, crossorigin]) => {
      const before = new Set(Object.getOwnPropertyNames(window));
      const script = document.createElement('script');
      if (crossorigin) script.crossOrigin = crossorigin;
      script.src = src;
      const ran = await new Promise((resolve) => {
        script.onload = () => resolve(true);
        script.onerror = () => resolve(false);
        document.head.append(script);
      });
      const waited = ran && window.datafly ? await datafly.onProfileReady() : {};
      const left = Object.getOwnPropertyNames(window).filter((name) => !before.has(name));
      const values = left.map((name) => JSON.stringify(window[name]));
      document.body.innerText = JSON.stringify({ src, crossorigin, ran, waited, left, values }, null, 2);
      return { ran, reason: waited.reason, left: left.join(), found: JSON.stringify([waited, values]) };
    },
    [src, crossorigin],
  );

/** A form that submits itself, as far as a form can look like an event. */
export const form = (action) => `<!doctype html><link rel="icon" href="data:,">
<form method="post" enctype="text/plain" action="${action}">
<input name='{"type":"identify","userId":"user-bob","traits":{"email":"bob@example.com"},"context":{"x":"' value='"}}'>
</form><script>document.forms[0].submit()</script>`;

export const BLANK = '<!doctype html><link rel="icon" href="data:,"><title>You have won</title>';
