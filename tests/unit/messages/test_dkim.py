"""DKIM signatures, verified by dkimpy: they hold, hold on every retry, and break when anything signed is touched."""

from __future__ import annotations

import functools

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from holdfast.kernel.errors import Invalid
from holdfast.messages.mail.dkim import SIGNED, Signer, body_hash, public_record, relaxed, signer, simple_body
from tests.unit.messages.signing import ed25519_signer, holds, pem, rsa_signer

AT = 1_700_000_000


SIGNERS = [rsa_signer, ed25519_signer]
HEADERS = (
    b"Date: Fri, 27 Nov 2026 09:30:00 +0000",
    b"From: Shop <shop@shop.example>",
    b"To: ana@mail.example",
    b"Subject: Your  cart\r\n is waiting",
    b"Message-ID: <1@shop.example>",
    b"List-Unsubscribe: <https://t.example/m/u/x>",
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    b"X-Unsigned: 1",
)
BODY = b"Hello\r\n\r\n.\r\nmore=20\r\n"


def signed(signs: Signer, headers: tuple[bytes, ...] = HEADERS, body: bytes = BODY) -> bytes:
    top = signs.header(headers, body_hash(body), at_seconds=AT)
    return top + b"\r\n".join([*headers, b"", b""]) + body


@pytest.mark.parametrize("made", SIGNERS)
def test_a_signature_holds_and_is_the_same_each_time(made: functools._lru_cache_wrapper[Signer]) -> None:
    raw = signed(made())
    assert holds(raw, made())
    assert raw == signed(made())
    assert max(map(len, raw.split(b"\r\n"))) <= 76


@pytest.mark.parametrize("made", SIGNERS)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Hello", b"Hallo"),
        (b"more=20\r\n", b"more=20\r\nand more\r\n"),
        (b"is waiting", b"was waiting"),
        (b"From: Shop", b"From: Bank"),
        (b"t.example/m/u/x", b"evil.example/u/x"),
        (b"=One-Click", b"=Two-Clicks"),
        (b"t=1700000000", b"t=1700000001"),
        (b"Message-ID: <1@", b"Message-ID: <2@"),
        (b"From: Shop", b"From: Bank <b@bank.example>\r\nFrom: Shop"),
        (b"Subject: Your", b"Subject: Win\r\nSubject: Your"),
        (b"X-Unsigned", b"List-Unsubscribe: <https://evil.example>\r\nX-Unsigned"),
    ],
)
def test_tampering_breaks_it(made: functools._lru_cache_wrapper[Signer], before: bytes, after: bytes) -> None:
    raw = signed(made())
    assert raw.count(before) == 1
    assert not holds(raw.replace(before, after), made())


def test_what_is_not_signed_may_change_and_headers_may_be_folded_anew() -> None:
    raw = signed(rsa_signer())
    for before, after in (
        (b"X-Unsigned: 1", b"X-Unsigned: 2"),
        (b"Your  cart\r\n is", b"Your cart is"),
        (b"Date: Fri,", b"date:  Fri,"),
        (b"X-Unsigned", b"X-Added: 1\r\nX-Unsigned"),
    ):
        assert raw.count(before) == 1
        assert holds(raw.replace(before, after), rsa_signer()), after


def test_it_vouches_for_the_headers_of_one_click_unsubscribing() -> None:
    head = signed(rsa_signer()).partition(b"\r\nDate:")[0].replace(b"\r\n", b"").replace(b" ", b"")
    names = head.partition(b";h=")[2].partition(b";")[0].split(b":")
    assert names.count(b"from") == 2
    assert names.count(b"list-unsubscribe") == 2
    assert names.count(b"list-unsubscribe-post") == 2
    assert names.count(b"date") == 1
    assert b"feedback-id" not in names, "a provider on the way may add one"
    assert {each.decode() for each in names} <= {*SIGNED}


def test_two_signatures_stand_above_one_another() -> None:
    rsa_top = rsa_signer().header(HEADERS, body_hash(BODY), at_seconds=AT)
    raw = (
        ed25519_signer().header(HEADERS, body_hash(BODY), at_seconds=AT)
        + rsa_top
        + signed(rsa_signer())[len(rsa_top) :]
    )
    both = {"hf1": public_record(rsa_signer()), "hf2": public_record(ed25519_signer())}
    for index in (0, 1):
        checked = dkim.DKIM(raw)

        def dns(name: bytes, timeout: int = 5) -> bytes:
            del timeout
            return both[name.decode()[:3]].encode()

        assert checked.verify(idx=index, dnsfunc=dns)


HEADER_TEXT = st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=60)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(["Subject", "To", "From", "X-A", "date"]), HEADER_TEXT), max_size=6),
    st.binary(max_size=80),
)
@example([("To", "  "), ("To", " a  b ")], b"\r\n\r\n")
@example([], b"")
def test_whatever_is_signed_holds(pairs: list[tuple[str, str]], body: bytes) -> None:
    body = body.replace(b"\r", b"").replace(b"\n", b"\r\n")
    headers = (b"From: shop@shop.example", *(f"{name}: {value}".encode() for name, value in pairs if name != "From"))
    assert holds(signed(ed25519_signer(), headers, body), ed25519_signer())


@pytest.mark.parametrize(
    ("body", "simple"),
    [(b"", b"\r\n"), (b"\r\n\r\n", b"\r\n"), (b"a", b"a\r\n"), (b"a\r\n\r\n\r\n", b"a\r\n"), (b"a \r\n", b"a \r\n")],
)
def test_a_simple_body_ends_in_one_line_end(body: bytes, simple: bytes) -> None:
    assert simple_body(body) == simple


def test_a_relaxed_header_is_as_the_standard_shows_it() -> None:
    # RFC 6376, 3.4.5, example 1.
    assert relaxed("a", b" X") == b"a:X\r\n"
    assert relaxed("b", b" Y\t\r\n\tZ  ") == b"b:Y Z\r\n"


def weak_key() -> bytes:
    return pem(ec.generate_private_key(ec.SECP256R1()))


@pytest.mark.parametrize(
    ("domain", "selector", "key", "path"),
    [
        ("shop.example", "hf1", b"", "dkim_key"),
        ("shop.example", "hf1", b"-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----\n", "dkim_key"),
        ("shop.example", "hf1", weak_key(), "dkim_key"),
        ("shop.example\r\nx", "hf1", b"", "dkim_domain"),
        ("Shop.example", "hf1", b"", "dkim_domain"),
        ("shop.example", "hf1; p=", b"", "dkim_selector"),
        ("", "hf1", b"", "dkim_domain"),
    ],
)
def test_what_cannot_sign_is_refused(domain: str, selector: str, key: bytes, path: str) -> None:
    with pytest.raises(Invalid) as wrong:
        signer(domain, selector, key)
    assert wrong.value.path == path
