"""Web push: what is encrypted can be read by the browser alone, and push services know whose it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from holdfast.kernel.moments import to_millis
from holdfast.messages.push.vapid import (
    ORIGINS_MOST,
    RENEWED_SECONDS,
    Vapid,
    derived,
    origin_of,
    point_of,
    read_vapid_key,
    vapid_key,
)
from holdfast.messages.push.web_push import PLAINTEXT_BYTES_MOST, encrypt, read_subscription, sealed
from holdfast.messages.push.web_token import base64url, read_base64url, read_signing_key, signed_token
from tests.push_service import Subscription, Unreadable, check_vapid, decrypt

KEY = vapid_key(b"\x01" * 32)
SECRET = b"\x02" * 32


def test_the_example_of_the_standard_comes_out_to_the_byte() -> None:
    """RFC 8291, section 5 and appendix A."""
    ours = read_vapid_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
    theirs, auth = read_subscription(
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    )
    body = sealed(
        b"When I grow up, I want to be a watermelon",
        theirs=theirs,
        auth=auth,
        ours=ours.private,
        salt=read_base64url("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert base64url(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK"
        "6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_keys_are_derived_as_the_standard_says() -> None:
    """RFC 5869, test cases 1 and 3."""
    first = derived(b"\x0b" * 22, bytes(range(0xF0, 0xFA)), salt=bytes(range(13)), length=42)
    assert first.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    third = derived(b"\x0b" * 22, b"", length=42)
    assert third.hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"


@given(st.binary(max_size=PLAINTEXT_BYTES_MOST), st.integers(0, 3), st.text(max_size=20))
def test_the_browser_reads_what_was_written_and_nobody_else(plaintext: bytes, number: int, purpose: str) -> None:
    mine, other = Subscription.made(f"a{number}"), Subscription.made(f"b{number}")
    keys: dict[str, Any] = {"p256dh": mine.p256dh, "auth": mine.auth, "secret": SECRET, "purpose": purpose}
    body = encrypt(plaintext, **keys)
    assert decrypt(body, mine) == plaintext
    assert len(body) <= 4_096
    assert encrypt(plaintext, **keys) == body
    with pytest.raises(Unreadable):
        decrypt(body, other)
    with pytest.raises(Unreadable):
        decrypt(body[:-1] + bytes((body[-1] ^ 1,)), mine)


def test_messages_that_differ_in_anything_share_no_key_and_no_salt() -> None:
    one, two = Subscription.made("one"), Subscription.made("two")
    bodies = [
        encrypt(plaintext, p256dh=whose.p256dh, auth=whose.auth, secret=secret, purpose=purpose)
        for plaintext in (b"a", b"b")
        for whose in (one, two)
        for secret in (SECRET, b"\x03" * 32)
        for purpose in ("send 1", "send 2")
    ]
    assert len({body[:16] for body in bodies}) == len({body[21:86] for body in bodies}) == len(bodies)


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("B" * 87, "a" * 22),  # No point of the curve.
        (Subscription.made("x").p256dh[:-4], "a" * 22),
        (Subscription.made("x").p256dh, "short"),
        (Subscription.made("x").p256dh, "not base64!"),
        ("", ""),
    ],
)
def test_keys_that_are_none_are_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(ValueError, match=r"key|base64"):
        encrypt(b"hello", p256dh=p256dh, auth=auth, secret=SECRET, purpose="")


def test_what_is_too_long_is_refused() -> None:
    mine = Subscription.made("x")
    with pytest.raises(ValueError, match="at most 3,993"):
        encrypt(b"x" * 3_994, p256dh=mine.p256dh, auth=mine.auth, secret=SECRET, purpose="")


def test_a_push_service_knows_us_by_our_header() -> None:
    now = to_millis(datetime(2026, 5, 1, 11, 59, tzinfo=UTC)) // 1000
    header = Vapid(KEY, "mailto:push@shop.example").header("https://push.example/send/abc?x=1", now)
    claims = check_vapid(header, origin="https://push.example", now_seconds=now)
    assert claims["sub"] == "mailto:push@shop.example"
    with pytest.raises(Unreadable, match="aud"):
        check_vapid(header, origin="https://other.example", now_seconds=now)
    with pytest.raises(Unreadable, match="signature"):
        check_vapid(header.replace("t=ey", "t=eY"), origin="https://push.example", now_seconds=now)


@given(st.integers(0, 4_000_000_000))
def test_a_token_serves_for_twelve_hours_and_is_good_whenever_it_is_used(now: int) -> None:
    vapid = Vapid(KEY, "mailto:push@shop.example")
    header = vapid.header("https://push.example/1", now)
    assert vapid.header("https://push.example/2", now) is header
    claims = check_vapid(header, origin="https://push.example", now_seconds=now)
    assert now + 3_600 < int(claims["exp"]) <= now + 86_400
    assert vapid.header("https://push.example/1", now + RENEWED_SECONDS) != header


def test_tokens_are_kept_for_so_many_services_and_no_more() -> None:
    vapid = Vapid(KEY, "mailto:push@shop.example")
    for number in range(ORIGINS_MOST + 1):
        vapid.header(f"https://push{number}.example/1", 0)
    assert len(vapid._made) <= ORIGINS_MOST


@pytest.mark.parametrize("endpoint", ["", "push.example/1", "mailto:a@b", "https://", "https://[::1", "https://a:b/"])
def test_what_is_no_push_service_is_refused(endpoint: str) -> None:
    with pytest.raises(ValueError):
        origin_of(endpoint)


def test_a_push_service_is_its_scheme_host_and_port() -> None:
    assert origin_of("https://push.example/a/b?c#d") == "https://push.example"
    assert origin_of("https://user:word@Push.Example:8443/a") == "https://push.example:8443"
    assert origin_of("https://[::1]:8443/a") == "https://[::1]:8443"


def test_a_vapid_key_is_read_as_it_is_written() -> None:
    assert read_vapid_key(KEY.secret).public == KEY.public
    assert read_vapid_key(f" {KEY.secret}=\n").public == KEY.public
    pem = KEY.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert read_vapid_key(pem).public == KEY.public
    assert len(read_base64url(KEY.public)) == 65
    assert vapid_key(b"\x02" * 32).public != KEY.public
    for text in ("", "short", "A" * 43, "_" * 43, KEY.public, "-----BEGIN PRIVATE KEY-----\nx"):
        with pytest.raises(ValueError, match=r"key|base64|VAPID"):
            read_vapid_key(text)
    with pytest.raises(ValueError, match="random bytes"):
        vapid_key(b"short")


def test_tokens_are_signed_by_both_kinds_of_key() -> None:
    claims: dict[str, str | int] = {"iss": "shop", "iat": 5}
    header, said, signature = signed_token(claims, KEY.private, key_id="K1").split(".")
    assert json.loads(read_base64url(header)) == {"typ": "JWT", "alg": "ES256", "kid": "K1"}
    assert json.loads(read_base64url(said)) == claims
    raw = read_base64url(signature)
    assert len(raw) == 64
    first, second = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    KEY.private.public_key().verify(
        encode_dss_signature(first, second), f"{header}.{said}".encode(), ec.ECDSA(SHA256())
    )
    key = rsa.generate_private_key(65537, 2048)
    header, said, signature = signed_token(claims, key).split(".")
    assert json.loads(read_base64url(header)) == {"typ": "JWT", "alg": "RS256"}
    key.public_key().verify(read_base64url(signature), f"{header}.{said}".encode(), padding.PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        key.public_key().verify(read_base64url(signature), b"other", padding.PKCS1v15(), SHA256())


def test_signing_keys_are_read_from_pem() -> None:
    pem = KEY.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    read = read_signing_key(pem)
    assert isinstance(read, ec.EllipticCurvePrivateKey)
    assert point_of(read.public_key()) == point_of(KEY.private.public_key())
    wrong = ec.derive_private_key(5, ec.SECP384R1())
    for text in (wrong.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), "no pem", ""):
        with pytest.raises(ValueError, match="key"):
            read_signing_key(text)


def test_the_same_claims_make_the_same_token_in_every_process() -> None:
    assert signed_token({"iat": 5}, KEY.private) == signed_token({"iat": 5}, KEY.private)
    assert signed_token({"iat": 5}, KEY.private) != signed_token({"iat": 6}, KEY.private)
