// A real Firefox, for which the gate is the internet too. It resolves no names by rules, so it comes through a proxy that
// leads the tests' hosts to the gate and nothing else anywhere.
//
// Debian's Firefox is driven by WebDriver BiDi. Newer releases of the driver than this one ask of it what it does not
// have, and Chromium is not driven by this one: hence two.
import http from 'node:http';
import { connect } from 'node:net';
import { firefox } from 'playwright-core-for-firefox';

const EXECUTABLE = process.env.DATAFLY_FIREFOX ?? '/usr/bin/firefox-esr';
const OURS = /^((\w+\.)?shop|evil)\.test:443$/;

export const launch = async (gatePort) => {
  const proxy = http.createServer((_, response) => response.writeHead(502).end());
  proxy.on('connect', ({ url }, socket) => {
    socket.on('error', () => {});
    if (!OURS.test(url)) return socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    const gate = connect(gatePort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      gate.pipe(socket).pipe(gate);
    });
    // What breaks at one end breaks at the other.
    gate.on('error', () => {});
    gate.on('close', () => socket.destroy());
    socket.on('close', () => gate.destroy());
  });
  await new Promise((resume) => proxy.listen(0, '127.0.0.1', resume));
  const browser = await firefox.launch({ channel: 'moz-firefox', executablePath: EXECUTABLE });
  browser.on('disconnected', () => {
    proxy.close();
    proxy.closeAllConnections();
  });
  const newContext = browser.newContext.bind(browser);
  const own = {
    proxy: { server: `http://127.0.0.1:${proxy.address().port}` },
    // It trusts no certificate by the hash of its key. Which server answers was decided above.
    ignoreHTTPSErrors: true,
  };
  browser.newContext = (options) => newContext({ ...options, ...own });
  return browser;
};
