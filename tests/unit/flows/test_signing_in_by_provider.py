"""What is taken for an identity provider's word, and what is not: against a provider that is strict, or lies."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from holdfast.flows.accounts.attempts import NAME_MOST
from holdfast.flows.accounts.browsers import Visitor, signed_in
from holdfast.flows.accounts.oidc import Begun, IdentityProvider, Vouched, own_path
from holdfast.flows.accounts.vouching import Welcome, let_in_vouched
from holdfast.kernel.errors import Busy, Exposed, Unauthorized
from holdfast.ports.accounts import Account
from holdfast.ports.teamwork import AuditQuery
from holdfast.ports.web import Call, Fetched, FetchedOrNot, Unfetched
from holdfast.stores.memory.state import MemoryState

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ISSUER = "https://id.example"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
VISITOR = Visitor(device="A browser", address="192.0.2.1")
ADA = Vouched(subject=f"{ISSUER}\x1f7", email="Ada@shop.example", verified=True, name="Ada")


class StrictProvider:
    """Does what the documents say, and no more; `lie` changes what it says."""

    def __init__(self) -> None:
        self.codes: dict[str, dict[str, str]] = {}
        self.claims: dict[str, Any] = {"sub": "7", "email": "ada@shop.example", "email_verified": True, "name": "Ada"}
        self.lie: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
        self.key, self.shown, self.alg = KEY, [KEY], "RS256"
        self.asked: list[str] = []
        self.broken: FetchedOrNot | None = None
        self.about: dict[str, Any] = {}
        self.userinfo: dict[str, Any] | None = None

    def visit(self, address: str) -> dict[str, str]:
        """Somebody comes to be let in; what their browser brings back."""
        asked = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
        assert asked["response_type"] == "code"
        assert asked["client_id"] == "holdfast"
        assert asked["redirect_uri"] == "https://shop.example/session/oidc/back"
        assert set(asked["scope"].split()) >= {"openid", "email"}
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": ISSUER}

    async def fetch(self, call: Call) -> FetchedOrNot:
        self.asked.append(call.url)
        if self.broken is not None:
            return self.broken
        match urlsplit(call.url).path:
            case "/.well-known/openid-configuration":
                return _json(200, {
                    "issuer": ISSUER,
                    "authorization_endpoint": f"{ISSUER}/authorize",
                    "token_endpoint": f"{ISSUER}/token",
                    "userinfo_endpoint": f"{ISSUER}/userinfo",
                    "jwks_uri": f"{ISSUER}/jwks",
                    **self.about,
                })  # fmt: skip
            case "/jwks":
                return _json(200, {"keys": [each.as_dict(private=False) for each in self.shown]})
            case "/token":
                return self._token(call)
            case "/userinfo" if self.userinfo is not None:
                assert call.headers["Authorization"] == "Bearer access"
                return _json(200, self.userinfo)
        return _json(404, {})

    def _token(self, call: Call) -> Fetched:
        given = {name: values[0] for name, values in parse_qs(call.body.decode(), strict_parsing=True).items()}
        pair = base64.b64decode(call.headers["Authorization"].removeprefix("Basic ")).decode()
        assert pair == "holdfast:secret%2F%C3%A9"
        asked = self.codes.pop(given["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(given["code_verifier"].encode()).digest()).rstrip(b"=")
        if (
            asked is None
            or asked["code_challenge"] != challenge.decode()
            or given["redirect_uri"] != asked["redirect_uri"]
        ):
            return _json(400, {"error": "invalid_grant"})
        at = int(NOW.timestamp())
        claims = {"iss": ISSUER, "aud": "holdfast", "iat": at, "exp": at + 300, "nonce": asked["nonce"], **self.claims}
        header = {"alg": self.alg, "kid": self.key.kid}
        signed = jwt.encode(header, self.lie(claims), self.key, algorithms=[self.alg])
        return _json(200, {"access_token": "access", "token_type": "Bearer", "id_token": signed})

    async def close(self) -> None:
        """Nothing is open."""


def _json(status: int, said: object) -> Fetched:
    return Fetched(status=status, content_type="application/json", body=json.dumps(said).encode())


def _b64(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


def provider_of(strict: StrictProvider) -> IdentityProvider:
    return IdentityProvider(
        fetcher=strict,
        issuer=ISSUER,
        client_id="holdfast",
        client_secret="secret/é",
        label="Example",
        back="https://shop.example/session/oidc/back",
    )


async def come(strict: StrictProvider, provider: IdentityProvider | None = None, **instead: str) -> Vouched:
    provider = provider or provider_of(strict)
    address, begun = await provider.begin("/journeys", now=NOW)
    return await provider.finish(begun, {**strict.visit(address), **instead}, now=NOW)


async def test_whom_a_provider_vouches_for() -> None:
    assert await come(StrictProvider()) == replace(ADA, email="ada@shop.example")


LIES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another issuer": lambda claims: {**claims, "iss": "https://evil.example"},
    "another audience": lambda claims: {**claims, "aud": "somebody-else"},
    "no audience": lambda claims: {name: each for name, each in claims.items() if name != "aud"},
    "several, asked by another": lambda claims: {**claims, "aud": ["holdfast", "other"], "azp": "other"},
    "several, asked by nobody": lambda claims: {**claims, "aud": ["holdfast", "other"]},
    "asked by another": lambda claims: {**claims, "azp": "other"},
    "over": lambda claims: {**claims, "exp": claims["iat"] - 61},
    "without end": lambda claims: {name: each for name, each in claims.items() if name != "exp"},
    "an end that is no number": lambda claims: {**claims, "exp": True},
    "of the future": lambda claims: {**claims, "iat": claims["iat"] + 120},
    "not yet": lambda claims: {**claims, "nbf": claims["iat"] + 120},
    "another nonce": lambda claims: {**claims, "nonce": "x"},
    "no nonce": lambda claims: {name: each for name, each in claims.items() if name != "nonce"},
    "nobody": lambda claims: {**claims, "sub": ""},
    "a number for a name": lambda claims: {**claims, "sub": 7},
}


@pytest.mark.parametrize("name", LIES)
async def test_words_that_are_not_taken(name: str) -> None:
    strict = StrictProvider()
    strict.lie = LIES[name]
    with pytest.raises(Unauthorized) as refused:
        await come(strict)
    assert refused.value.code == "oidc_forged"


async def test_several_it_is_said_to_and_asked_by_us() -> None:
    strict = StrictProvider()
    strict.lie = lambda claims: {**claims, "aud": ["other", "holdfast"], "azp": "holdfast", "exp": claims["iat"] - 59}
    assert (await come(strict)).email == "ada@shop.example"


async def test_a_signature_by_a_key_that_is_not_the_providers() -> None:
    strict = StrictProvider()
    strict.key = OTHER
    with pytest.raises(Unauthorized, match="signature"):
        await come(strict)
    # A secret that both might know is no signature, whatever the provider's public key is taken for.
    strict.key, strict.alg = OctKey.import_key(b"secret/" * 8, {"kid": "one"}), "HS256"  # type: ignore[assignment]
    with pytest.raises(Unauthorized, match="signature"):
        await come(strict)


@pytest.mark.parametrize("alg", ["none", "HS256"])
async def test_no_signature_is_no_word_and_a_public_key_no_secret(monkeypatch: pytest.MonkeyPatch, alg: str) -> None:
    strict = StrictProvider()
    plain = StrictProvider._token

    def unsigned(self: StrictProvider, call: Call) -> Fetched:
        said = json.loads(plain(self, call).body)
        _, body, _ = said["id_token"].split(".")
        head = _b64(json.dumps({"alg": alg, "kid": "one"}).encode())
        proof = hmac.new(KEY.as_pem(private=False), f"{head}.{body}".encode(), hashlib.sha256).digest()
        return _json(200, {**said, "id_token": f"{head}.{body}.{_b64(proof) if alg != 'none' else ''}"})

    monkeypatch.setattr(StrictProvider, "_token", unsigned)
    with pytest.raises(Unauthorized, match="signature"):
        await come(strict)


async def test_new_keys_are_asked_for_when_one_is_not_known() -> None:
    strict = StrictProvider()
    provider = provider_of(strict)
    await come(strict, provider)
    await come(strict, provider)
    assert strict.asked.count(f"{ISSUER}/jwks") == 1, "they are kept"
    strict.key, strict.shown = OTHER, [OTHER]
    assert (await come(strict, provider)).email == "ada@shop.example"
    assert strict.asked.count(f"{ISSUER}/jwks") == 2
    later = NOW + timedelta(hours=2)
    await provider.begin("/", now=later)
    assert strict.asked.count(f"{ISSUER}/jwks") == 3, "and asked for again after a while"


async def test_elliptic_curves_are_understood() -> None:
    strict = StrictProvider()
    strict.key = ECKey.generate_key("P-256", {"kid": "ec"})  # type: ignore[assignment]
    strict.shown, strict.alg = [strict.key], "ES256"
    assert (await come(strict)).name == "Ada"


async def test_answers_to_another_browser() -> None:
    strict = StrictProvider()
    provider = provider_of(strict)
    address, begun = await provider.begin("/", now=NOW)
    said = strict.visit(address)
    _, another = await provider.begin("/", now=NOW)
    for wrong, kept in ((said, another), ({**said, "state": ""}, begun), ({"code": said["code"]}, begun)):
        with pytest.raises(Unauthorized, match="another question"):
            await provider.finish(kept, wrong, now=NOW)
    # Another's state with our verifier: the provider itself sees that the code was asked for by another browser.
    with pytest.raises(Unauthorized, match="takes back"):
        await provider.finish(replace(another, state=begun.state), said, now=NOW)
    with pytest.raises(Unauthorized, match="too long"):
        await provider.finish(begun, strict.visit(address), now=NOW + timedelta(minutes=10))
    with pytest.raises(Unauthorized, match="another provider"):
        await provider.finish(begun, {**strict.visit(address), "iss": "https://evil.example"}, now=NOW)
    good = strict.visit(address)
    await provider.finish(begun, good, now=NOW)
    with pytest.raises(Unauthorized):
        await provider.finish(begun, good, now=NOW)  # A code is good once; that is the provider's to see to.


async def test_who_was_refused_there() -> None:
    strict = StrictProvider()
    address, begun = await (provider := provider_of(strict)).begin("/", now=NOW)
    state = strict.visit(address)["state"]
    with pytest.raises(Unauthorized) as refused:
        await provider.finish(begun, {"state": state, "error": "access_denied"}, now=NOW)
    assert refused.value.code == "oidc_refused"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Unfetched("no route"), Busy),
        (_json(503, {}), Busy),
        (_json(404, {}), Unauthorized),
        (Fetched(status=200, body=b"<html>"), Unauthorized),
        (Fetched(status=200, body=b"[]"), Unauthorized),
        (Fetched(status=200, body=b"\xff"), Unauthorized),
    ],
)
async def test_a_provider_that_is_not_there_or_is_none(answer: FetchedOrNot, kind: type[Exposed]) -> None:
    strict = StrictProvider()
    strict.broken = answer
    with pytest.raises(kind):
        await provider_of(strict).begin("/", now=NOW)


@pytest.mark.parametrize(
    "about",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "http://id.example/token"},  # From what is encrypted to what is not.
    ],
)
async def test_a_provider_that_says_wrong_things_of_itself(about: dict[str, Any]) -> None:
    strict = StrictProvider()
    strict.about = about
    with pytest.raises(Unauthorized):
        await provider_of(strict).begin("/", now=NOW)


async def test_an_address_that_only_userinfo_tells() -> None:
    strict = StrictProvider()
    strict.claims = {"sub": "7"}
    strict.userinfo = {"sub": "7", "email": "ada@shop.example", "email_verified": "true"}
    assert (await come(strict)).verified is True
    strict.userinfo = {"sub": "8", "email": "ada@shop.example", "email_verified": True}
    with pytest.raises(Unauthorized, match="somebody else"):
        await come(strict)


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "", "x",
     "/a\nb", "/\t/evil.example", "/ /evil.example", "/" + "x" * 2_001, "/ü"],
)  # fmt: skip
def test_nobody_is_led_elsewhere(elsewhere: str) -> None:
    assert own_path(elsewhere) == "/"


def test_what_is_kept_by_the_browser_is_no_secret_of_others() -> None:
    assert "secret" not in repr(provider_of(StrictProvider()))
    assert Begun.__slots__


# Who is let in.


async def let_in(state: MemoryState, vouched: Vouched = ADA, welcome: Welcome | None = None) -> Account:
    token = await let_in_vouched(state, vouched, welcome or Welcome(), VISITOR, now=NOW)
    async with state.view() as view:
        found = await signed_in(view, token, now=NOW)
    assert found is not None
    assert found.account is not None
    return found.account


async def state_with(**about: Any) -> MemoryState:
    state = MemoryState()
    account = Account(id="acc", email="ada@shop.example", name="", role="agent", state="invited", created_ms=1)
    async with state.begin() as transaction:
        await transaction.put_account(replace(account, **about))
    return state


async def test_who_was_invited_is_tied_to_the_provider() -> None:
    state = await state_with()
    account = await let_in(state)
    assert (account.id, account.state, account.role, account.name) == ("acc", "active", "agent", "Ada")
    # From then on the address does not matter any more, nor whether it is verified.
    assert (await let_in(state, replace(ADA, email="new@elsewhere.example", verified=False))).id == "acc"
    async with state.view() as view:
        noted = await view.audit(AuditQuery(), limit=9)
    assert [(each.action, each.by, each.source) for each in noted] == [
        ("session.begun", "ada@shop.example", "192.0.2.1")
    ] * 2
    # And somebody else with that address is not let in by it.
    with pytest.raises(Unauthorized) as refused:
        await let_in(state, replace(ADA, subject=f"{ISSUER}\x1f8"))
    assert refused.value.code == "not_invited"


@pytest.mark.parametrize(
    ("vouched", "welcome", "code"),
    [
        (replace(ADA, verified=False), Welcome(), "email_unverified"),
        (replace(ADA, email=""), Welcome(), "email_unverified"),
        (replace(ADA, email="аda@shop.example"), Welcome(), "email_unverified"),  # The first letter is Cyrillic.
        (replace(ADA, email="bob@shop.example"), Welcome(), "not_invited"),
        (ADA, Welcome(domains=("other.example",)), "not_invited"),
        (replace(ADA, email="x@evil-shop.example"), Welcome(domains=("shop.example",), role="viewer"), "not_invited"),
        (replace(ADA, email="x@a.shop.example"), Welcome(domains=("shop.example",), role="viewer"), "not_invited"),
    ],
)
async def test_who_is_not_let_in(vouched: Vouched, welcome: Welcome, code: str) -> None:
    state = await state_with()
    with pytest.raises(Unauthorized) as refused:
        await let_in(state, vouched, welcome)
    assert refused.value.code == code
    async with state.view() as view:
        assert [each.state for each in await view.accounts()] == ["invited"]
        (noted,) = await view.audit(AuditQuery(), limit=9)
    said = vouched.email.lower() if vouched.email.isascii() else ""
    assert (noted.action, noted.by, noted.source) == ("session.failed", said, "192.0.2.1")
    assert code.encode() in noted.changes
    # Whoever tries again and again fills no log.
    for _ in range(30):
        with pytest.raises(Unauthorized):
            await let_in(state, vouched, welcome)
    async with state.view() as view:
        assert len(await view.audit(AuditQuery(), limit=99)) == NAME_MOST


async def test_who_comes_uninvited_from_a_domain_of_ours() -> None:
    state = await state_with()
    welcome = Welcome(domains=("shop.example",), role="viewer")
    account = await let_in(state, replace(ADA, email="Bob@Shop.example", subject="s"), welcome)
    assert (account.email, account.role, account.state) == ("bob@shop.example", "viewer", "active")


async def test_who_is_disabled_stays_out() -> None:
    for about in ({"subject": ADA.subject}, {}):
        with pytest.raises(Unauthorized) as refused:
            await let_in(await state_with(state="disabled", **about))
        assert refused.value.code == "account_disabled"
