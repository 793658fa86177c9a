"""Signing in by an identity provider: OpenID Connect, with the authorization code and PKCE.

Source: OpenID Connect Core 1.0 (sections 3.1.2, 3.1.3), OpenID Connect Discovery 1.0, RFC 7636 (PKCE), RFC 9207.

The provider is asked what it is when somebody first comes by it, and again after an hour; its keys also when a word is
signed by one that is not known.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from holdfast.kernel.errors import Busy, Unauthorized
from holdfast.kernel.moments import to_millis
from holdfast.ports.web import Call, Fetched, Fetcher

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""What a word may be signed by: only with keys of which the provider alone has the secret half."""
KNOWN_SECONDS = 3_600
"""How long what a provider says of itself is taken to be so."""
LEEWAY_SECONDS = 60
"""How much its clock may differ from ours."""
BEGUN_SECONDS = 600
"""How long somebody may take at the provider."""
NEXT_MOST = 2_000
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What is kept, by their own browser, of somebody who was sent to the provider."""

    state: str
    nonce: str
    verifier: str
    next: str
    """Where in the console they go afterwards."""
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """Whom the provider says somebody is."""

    subject: str
    """The provider's address and its own name for them: nobody else ever has both."""
    email: str
    verified: bool
    """Whether the provider has seen that the address is theirs."""
    name: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What a provider says of itself."""

    authorization: str
    token: str
    userinfo: str
    jwks_url: str
    by_post: bool
    """Whether it wants our secret in the body alone."""
    keys: KeySet
    at_ms: int


@dataclass(slots=True, kw_only=True)
class IdentityProvider:
    """The one provider that is set up."""

    fetcher: Fetcher
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    label: str
    back: str
    """The address of ours it sends people back to."""
    _known: _Known | None = None

    async def begin(self, where: str, *, now: datetime) -> tuple[str, Begun]:
        """Where to send somebody, and what to keep of it. Raises Busy when the provider does not answer."""
        known = await self._about(now)
        begun = Begun(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            next=own_path(where),
            until_ms=to_millis(now) + BEGUN_SECONDS * 1000,
        )
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.back,
            "scope": "openid email profile",
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": _b64(hashlib.sha256(begun.verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        return f"{known.authorization}{'&' if '?' in known.authorization else '?'}{urlencode(asked)}", begun

    async def finish(self, begun: Begun, said: Mapping[str, str], *, now: datetime) -> Vouched:
        """Whom the provider vouches for who sends somebody back with these words.

        Raises Unauthorized when they are not its words, not for us, not for this browser, or not good any more; Busy
        when it does not answer.
        """
        if "code" not in said:
            # Whoever says so, nobody is let in by it; some providers forget the state here.
            raise Unauthorized(
                f"the provider let nobody in: {said.get('error', 'it said nothing')!r:.100}.",
                code="oidc_refused",
                hint="Ask whoever keeps the provider.",
            )
        if not hmac.compare_digest(said.get("state", "").encode(), begun.state.encode()):
            raise _not_its_words("the answer is to another question than this browser's")
        if to_millis(now) >= begun.until_ms:
            raise _not_its_words("it took too long")
        if said.get("iss", self.issuer) != self.issuer:
            raise _not_its_words("the answer is another provider's")
        known = await self._about(now)
        tokens = await self._exchange(known, said["code"], begun.verifier)
        claims = await self._claims(known, str(tokens.get("id_token", "")), begun.nonce, now=now)
        if not claims.get("email") and known.userinfo:
            claims = {**await self._userinfo(known, str(tokens.get("access_token", "")), claims), **claims}
        return Vouched(
            subject=f"{self.issuer}\x1f{claims['sub']}",
            email=str(claims.get("email") or ""),
            verified=claims.get("email_verified") in {True, "true"},
            name=str(claims.get("name") or ""),
        )

    async def close(self) -> None:
        """Let go of its connections."""
        await self.fetcher.close()

    async def _exchange(self, known: _Known, code: str, verifier: str) -> Mapping[str, Any]:
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.back, "code_verifier": verifier}
        headers = {"Content-Type": _FORM, "Accept": "application/json"}
        if known.by_post or not self.client_secret:
            given |= {"client_id": self.client_id}
            given |= {"client_secret": self.client_secret} if self.client_secret else {}
        else:
            # RFC 6749, section 2.3.1: each half is form-encoded before they are joined.
            pair = f"{quote(self.client_id, safe='')}:{quote(self.client_secret, safe='')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        call = Call(url=known.token, method="POST", headers=headers, body=urlencode(given).encode())
        return await self._json(call, refused="the provider takes back what it said")

    async def _userinfo(self, known: _Known, access: str, claims: Mapping[str, Any]) -> Mapping[str, Any]:
        call = Call(url=known.userinfo, headers={"Authorization": f"Bearer {access}", "Accept": "application/json"})
        told = await self._json(call, refused="the provider says nothing of them")
        if told.get("sub") != claims["sub"]:
            raise _not_its_words("it speaks of somebody else")
        return told

    async def _claims(self, known: _Known, token: str, nonce: str, *, now: datetime) -> Mapping[str, Any]:
        # Hardly anybody signs in so, and a server starts without.
        from joserfc.errors import JoseError  # noqa: PLC0415

        try:
            decoded = _decoded(token, known.keys)
        except (JoseError, ValueError):
            # It may have new keys since it was asked.
            self._known = None
            try:
                decoded = _decoded(token, (await self._about(now)).keys)
            except (JoseError, ValueError) as error:
                raise _not_its_words("its signature is wrong") from error
        _check_claims(decoded, self.issuer, self.client_id, nonce, to_millis(now) / 1000)
        return decoded

    async def _about(self, now: datetime) -> _Known:
        now_ms = to_millis(now)
        if self._known is None or now_ms - self._known.at_ms >= KNOWN_SECONDS * 1000:
            said = await self._json(Call(url=f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"))
            if said.get("issuer") != self.issuer:
                raise _not_its_words(f"it goes by {said.get('issuer')!r:.100}, and oidc_issuer by another name")
            jwks_url = self._address(said, "jwks_uri")
            ways = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
            self._known = _Known(
                authorization=self._address(said, "authorization_endpoint"),
                token=self._address(said, "token_endpoint"),
                userinfo=str(said.get("userinfo_endpoint") or ""),
                jwks_url=jwks_url,
                by_post="client_secret_basic" not in ways,
                keys=_keys(await self._json(Call(url=jwks_url))),
                at_ms=now_ms,
            )
        return self._known

    def _address(self, said: Mapping[str, Any], name: str) -> str:
        address = said.get(name)
        # A provider on this machine may speak plainly; no other may, nor lead from what is encrypted to what is not.
        if not isinstance(address, str) or urlsplit(address).scheme not in {"https", urlsplit(self.issuer).scheme}:
            raise _not_its_words(f"it does not say its {name} as it should")
        return address

    async def _json(self, call: Call, *, refused: str = "the provider refuses to answer") -> Mapping[str, Any]:
        answer = await self.fetcher.fetch(call)
        if not isinstance(answer, Fetched) or answer.status >= 500:
            hint = "Sign in by password, or try again."
            raise Busy("the identity provider does not answer.", code="oidc_unreachable", hint=hint)
        if answer.status >= 400:
            raise _not_its_words(refused)
        try:
            return msgspec.json.decode(answer.body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _not_its_words("what it says is no JSON") from error


def own_path(said: str) -> str:
    r"""A path within the console, and nothing that leads elsewhere.

    >>> own_path("/journeys/winback?tab=results"), own_path("//evil.example"), own_path("/\\evil.example")
    ('/journeys/winback?tab=results', '/', '/')
    """
    plain = len(said) <= NEXT_MOST and said.isascii() and said.isprintable() and " " not in said and "\\" not in said
    if not plain or not said.startswith("/") or said.startswith("//"):
        return "/"
    parts = urlsplit(said)
    return said if not parts.scheme and not parts.netloc else "/"


def _decoded(token: str, keys: KeySet) -> Mapping[str, Any]:
    from joserfc import jwt  # noqa: PLC0415  # As above.

    return jwt.decode(token, keys, algorithms=ALGORITHMS).claims


def _check_claims(claims: Mapping[str, Any], issuer: str, client_id: str, nonce: str, now_seconds: float) -> None:
    """Raise Unauthorized for a word that is not of this provider, to us, for this browser, now."""
    said_to = claims.get("aud")
    audience: Sequence[object] = said_to if isinstance(said_to, list) else [said_to]
    checks = {
        "it is another's": claims.get("iss") == issuer,
        "it is not said to us": client_id in audience,
        "it is said to several, and not by us": len(audience) == 1 or claims.get("azp") == client_id,
        "it was asked for by another": claims.get("azp", client_id) == client_id,
        "it is over": _number(claims.get("exp")) + LEEWAY_SECONDS > now_seconds,
        "it is not to be believed yet": _number(claims.get("nbf", 0)) - LEEWAY_SECONDS <= now_seconds,
        "it is of the future": _number(claims.get("iat"), missing=float("inf")) - LEEWAY_SECONDS <= now_seconds,
        "it is not for this browser": hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()),
        "it names nobody": isinstance(claims.get("sub"), str) and bool(claims["sub"]),
    }
    for wrong, good in checks.items():
        if not good:
            raise _not_its_words(wrong)


def _number(said: object, missing: float = float("-inf")) -> float:
    return float(said) if isinstance(said, (int, float)) and not isinstance(said, bool) else missing


def _keys(said: Mapping[str, Any]) -> KeySet:
    from joserfc.errors import JoseError  # noqa: PLC0415  # As above.
    from joserfc.jwk import KeySet  # noqa: PLC0415

    try:
        return KeySet.import_key_set({"keys": list(said["keys"])})
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise _not_its_words("its keys cannot be read") from error


def _b64(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


def _not_its_words(why: str) -> Unauthorized:
    return Unauthorized(
        f"the identity provider's word cannot be taken: {why}.", code="oidc_forged", hint="Begin again at the sign-in."
    )
