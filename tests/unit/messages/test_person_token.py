"""Person tokens: they open one person's inbox, for a while, and nothing that was not signed opens any."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.kernel.errors import Unauthorized
from holdfast.messages.person_token import TOKEN_SECONDS_MOST, read_token, sign_token, token_secret

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECRET = token_secret(b"workspace", "website")


def part(value: object) -> str:
    said = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(said).decode().rstrip("=")


def signed(header: object, claims: object, secret: str = SECRET) -> str:
    said = f"{part(header)}.{part(claims)}"
    return f"{said}.{part(hmac.new(secret.encode(), said.encode(), hashlib.sha256).digest())}"


def refused(token: str, secret: str = SECRET, now: datetime = NOW) -> str:
    with pytest.raises(Unauthorized) as refusal:
        read_token(token, secret, now)
    return refusal.value.code


@given(user=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_who_was_signed_is_who_is_read(user: str) -> None:
    assert read_token(sign_token(SECRET, user, ends=NOW + HOUR), SECRET, NOW) == user


def test_a_token_anybodys_library_makes_is_understood() -> None:
    # With the claims that libraries and businesses add, which say nothing here.
    claims = {"sub": "ada", "exp": 1795348800, "iat": 1795345200, "role": "customer"}
    token = signed({"alg": "HS256", "typ": "JWT"}, claims, "ps_test")
    assert read_token(token, "ps_test", datetime.fromtimestamp(1795345300, UTC)) == "ada"


def test_each_source_has_a_secret_of_its_own() -> None:
    assert len({SECRET, token_secret(b"workspace", "app"), token_secret(b"other", "website")}) == 3
    token = sign_token(token_secret(b"workspace", "app"), "ada", ends=NOW + HOUR)
    assert refused(token) == "bad_token"


def test_a_token_ends() -> None:
    token = sign_token(SECRET, "ada", ends=NOW)
    assert read_token(token, SECRET, NOW + timedelta(seconds=59)) == "ada"
    assert refused(token, now=NOW + timedelta(seconds=60)) == "token_over"


def test_a_token_holds_for_so_long_at_most() -> None:
    most = timedelta(seconds=TOKEN_SECONDS_MOST)
    assert read_token(sign_token(SECRET, "ada", ends=NOW + most), SECRET, NOW) == "ada"
    assert refused(sign_token(SECRET, "ada", ends=NOW + most + HOUR)) == "bad_token"
    assert refused(signed({"alg": "HS256"}, {"sub": "ada"})) == "bad_token"
    later = NOW.timestamp() + 3600
    assert refused(signed({"alg": "HS256"}, {"sub": "ada", "exp": later, "nbf": later})) == "bad_token"


@pytest.mark.parametrize("algorithm", ["none", "None", "HS512", "RS256", "hs256", ""])
def test_the_token_does_not_choose_the_algorithm(algorithm: str) -> None:
    claims = {"sub": "ada", "exp": NOW.timestamp() + 60}
    assert refused(signed({"alg": algorithm}, claims)) == "bad_token"
    assert refused(f"{part({'alg': algorithm})}.{part(claims)}.") == "bad_token"


@given(at=st.integers(0, 500), letter=st.sampled_from("Aa0_-.=+/ \n\0é"))
def test_not_a_letter_of_it_can_be_another(at: int, letter: str) -> None:
    token = sign_token(SECRET, "ada", ends=NOW + HOUR)
    at %= len(token)
    altered = token[:at] + letter + token[at + 1 :]
    if altered != token:
        # The last letter of a part has bits that stand for nothing: a spelling that means the same signature is no
        # forgery, but there is none of it either.
        try:
            assert read_token(altered, SECRET, NOW) == "ada"
            assert at == len(token) - 1
        except Unauthorized:
            pass


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda each: f"{part(each)}.{part(each)}.{part(each)}"))
def test_what_is_no_token_is_refused_and_nothing_breaks(token: str) -> None:
    assert refused(token) == "bad_token"


@pytest.mark.parametrize(
    "claims", [[], "ada", {"sub": 7, "exp": 1e10}, {"sub": "", "exp": NOW.timestamp() + 9}, {"exp": 9}, {"sub": "a"}]
)
def test_what_is_signed_must_say_who_and_until_when(claims: object) -> None:
    assert refused(signed({"alg": "HS256"}, claims)) == "bad_token"
