"""Segment's client for Python, in a program of its own: host, key and its visitor come as arguments."""

import sys

import segment.analytics as client

client.host, client.write_key, anonymous_id = sys.argv[1:4]
client.gzip = "--gzip" in sys.argv[4:]
errors = []
client.on_error = lambda error, _: errors.append(error)

user_id = "user-123"
client.page(anonymous_id=anonymous_id, name="Home")
client.identify(user_id, {"email": "alice@example.com"}, anonymous_id=anonymous_id)
client.flush()
product = {"product_id": "p1", "price": 12.5, "currency": "eur"}
client.track(user_id, "Product Viewed", product, anonymous_id=anonymous_id)
client.flush()
client.track(user_id, "Order Completed", {"order_id": "o1"}, anonymous_id=anonymous_id)
client.flush()
sys.exit("\n".join(map(repr, errors)) or 0)
