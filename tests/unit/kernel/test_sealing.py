"""Sealing: what was sealed opens with its key, in its place, and as it was; and with nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.kernel.sealing import NONCE_BYTES, CannotUnseal, Sealer, SealingKey

NEW, OLD = SealingKey(b"new secret"), SealingKey(b"old secret")
NONCE = bytes(range(NONCE_BYTES))
SEALER = Sealer([NEW])
SAID = "sk_live_“ß\ud800\0”"

nonces = st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES)
places = st.lists(st.text(max_size=5), max_size=3)


@given(secret=st.text(max_size=200), place=places, nonce=nonces, key=st.binary(max_size=80))
def test_what_was_sealed_is_had_again(secret: str, place: list[str], nonce: bytes, key: bytes) -> None:
    sealer = Sealer([SealingKey(key)])
    assert sealer.unseal(sealer.seal(secret, *place, nonce=nonce), *place) == secret


@given(place=places, other=places)
def test_it_opens_in_its_own_place_only(place: list[str], other: list[str]) -> None:
    sealed = SEALER.seal(SAID, *place, nonce=NONCE)
    if place == other:
        assert SEALER.unseal(sealed, *other) == SAID
    else:
        with pytest.raises(CannotUnseal):
            SEALER.unseal(sealed, *other)


def test_parts_of_a_place_do_not_run_into_each_other() -> None:
    with pytest.raises(CannotUnseal):
        SEALER.unseal(SEALER.seal(SAID, "ab", "c", nonce=NONCE), "a", "bc")


@given(at=st.integers(0, 200), change=st.integers(1, 255))
def test_not_a_bit_of_it_can_be_altered(at: int, change: int) -> None:
    sealed = bytearray(SEALER.seal(SAID, "shop", nonce=NONCE))
    sealed[at % len(sealed)] ^= change
    with pytest.raises(CannotUnseal):
        SEALER.unseal(bytes(sealed), "shop")


@given(sealed=st.binary(max_size=60), length=st.integers(0, 40))
def test_what_is_no_seal_is_told_so(sealed: bytes, length: int) -> None:
    with pytest.raises(CannotUnseal):
        SEALER.unseal(sealed, "shop")
    cut = SEALER.seal(SAID, "shop", nonce=NONCE)[:length]
    with pytest.raises(CannotUnseal):
        SEALER.unseal(cut, "shop")


def test_an_older_key_still_opens_and_the_new_one_seals() -> None:
    sealed = Sealer([OLD]).seal(SAID, "shop", nonce=NONCE)
    both = Sealer([NEW, OLD])
    assert both.unseal(sealed, "shop") == SAID
    assert not both.is_current(sealed)
    again = both.seal(SAID, "shop", nonce=NONCE)
    assert both.is_current(again)
    assert SEALER.unseal(again, "shop") == SAID
    with pytest.raises(CannotUnseal, match="another key"):
        SEALER.unseal(sealed, "shop")


def test_the_secret_shows_in_nothing_that_is_printed_and_in_nothing_that_is_kept() -> None:
    secret = "hunter2hunter2"
    assert secret.encode() not in SEALER.seal(secret, nonce=NONCE)
    assert "new secret" not in repr(SEALER)
    assert NEW.key.hex() not in repr(NEW)
    assert repr(NEW.key) not in repr(NEW)


def test_another_nonce_makes_another_seal_and_a_short_one_is_refused() -> None:
    assert SEALER.seal(SAID, nonce=NONCE) != SEALER.seal(SAID, nonce=NONCE[::-1])
    with pytest.raises(ValueError, match="12 bytes"):
        SEALER.seal(SAID, nonce=NONCE[:-1])
    with pytest.raises(ValueError, match="needs a key"):
        Sealer([])
