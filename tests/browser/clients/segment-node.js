// Segment's client for Node, in a program of its own: host, key and its visitor come as arguments.
import { Analytics } from '@segment/analytics-node';

const [host, writeKey, anonymousId] = process.argv.slice(2);
const client = new Analytics({ host, writeKey });
client.on('error', ({ reason, code }) => {
  console.error(code, reason);
  process.exitCode = 1;
});
const userId = 'user-123';
client.page({ anonymousId, name: 'Home' });
client.identify({ anonymousId, userId, traits: { email: 'alice@example.com' } });
await client.flush();
const properties = { product_id: 'p1', price: 12.5, currency: 'eur' };
client.track({ anonymousId, userId, event: 'Product Viewed', properties });
await client.flush();
client.track({ anonymousId, userId, event: 'Order Completed', properties: { order_id: 'o1' } });
await client.closeAndFlush();
