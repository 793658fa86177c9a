"""Person tokens: for whom an app or site asks, signed by the business's own server when somebody signs in.

A write key is public by nature, and so is many a user id; neither may open what was said to somebody. A token is a JSON
Web Token signed with HMAC-SHA256 (RFC 7519, RFC 7515), whose secret only the business's server and we have.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

import msgspec

from holdfast.kernel.errors import Unauthorized

TOKEN_SECONDS_MOST = 30 * 86_400
"""How far ahead a token may end: one that never did would be a password that nobody can change."""
TOKEN_CHARACTERS_MOST = 4_096
CLOCK_SECONDS = 60
"""How far two servers' clocks may be apart."""
_HINT = "Sign a token with HS256 on your server: `sub` the user id, `exp` when it ends, in seconds since 1970."


class _Header(msgspec.Struct):
    alg: str


class _Claims(msgspec.Struct):
    sub: str
    exp: int | float
    nbf: int | float = 0


def token_secret(workspace_secret: bytes, source: str) -> str:
    """What tokens are signed with beside the write key of that name. Made of the workspace's own secret, kept nowhere.

    Args:
        source: the name of the write key.
    """
    key = hmac.new(workspace_secret, b"holdfast person tokens\x1f" + source.encode(), hashlib.sha256).digest()
    return "ps_" + base64.urlsafe_b64encode(key).decode().rstrip("=")


def sign_token(secret: str, user_id: str, *, ends: datetime) -> str:
    """A token for somebody, as the business's server makes it."""
    claims = {"sub": user_id, "exp": int(ends.timestamp())}
    said = ".".join(_encoded(msgspec.json.encode(each)) for each in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{said}.{_encoded(_signature(secret, said))}"


def read_token(token: str, secret: str, now: datetime) -> str:
    """The user id the token is for.

    Raises Unauthorized when it was signed otherwise, is over, or ends too far ahead.
    """
    said, _, signature = token.rpartition(".")
    try:
        header, _, body = said.partition(".")
        genuine = hmac.compare_digest(_decoded(signature), _signature(secret, said))
        algorithm = msgspec.json.decode(_decoded(header), type=_Header).alg
        # Only of what was signed is anything believed; and the algorithm is ours to choose, not the token's.
        if not genuine or algorithm != "HS256" or len(token) > TOKEN_CHARACTERS_MOST:
            raise Unauthorized("the person's token is not signed as it must be.", code="bad_token", hint=_HINT)
        claims = msgspec.json.decode(_decoded(body), type=_Claims)
    except (msgspec.DecodeError, binascii.Error, UnicodeError, RecursionError) as error:
        raise Unauthorized("the person's token is no token.", code="bad_token", hint=_HINT) from error
    left = claims.exp - now.timestamp()
    if left <= -CLOCK_SECONDS:
        raise Unauthorized("the person's token is over.", code="token_over", hint="Have your server sign another.")
    if left > TOKEN_SECONDS_MOST + CLOCK_SECONDS or claims.nbf > now.timestamp() + CLOCK_SECONDS or not claims.sub:
        days = TOKEN_SECONDS_MOST // 86_400
        hint = f"Name the user in `sub`, and let it hold from now on and for {days} days at most."
        raise Unauthorized("the person's token does not hold as it stands.", code="bad_token", hint=hint)
    return claims.sub


def _signature(secret: str, said: str) -> bytes:
    return hmac.new(secret.encode(), said.encode("ascii"), hashlib.sha256).digest()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    # The module's own decoder passes over what is no letter of the alphabet: one token would have many spellings.
    standard = text.encode("ascii").translate(_FROM_URL)
    return binascii.a2b_base64(standard + b"=" * (-len(standard) % 4), strict_mode=True)


_FROM_URL = bytes.maketrans(b"-_+/", b"+/\0\0")
