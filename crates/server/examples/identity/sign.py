"""A signed identity for `datafly.identify(userId, traits, {token})`, made by the site's backend when it knows who
is logged in. Python 3.8 or newer, standard library only (HS256; for ES256 use PyJWT with the same claims).

    python3 sign.py <kid> <pipeline key> <user id> <verified e-mail>  < secret
"""

import base64
import hashlib
import hmac
import json
import sys
import time


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign_identity(secret, kid, pipeline_key, user_id, email=None):
    now = int(time.time())
    header = {"alg": "HS256", "typ": "JWT", "kid": kid}
    # At most an hour; the token is used at once.
    claims = {"sub": user_id, "aud": pipeline_key, "iat": now, "exp": now + 600}
    if email:
        # Only an address that your site has verified.
        claims.update(email=email, email_verified=True)
    body = ".".join(encode(json.dumps(part).encode()) for part in (header, claims))
    signature = hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest()
    return f"{body}.{encode(signature)}"


if __name__ == "__main__":
    print(sign_identity(sys.stdin.read().strip(), *sys.argv[1:]))
