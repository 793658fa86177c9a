"""Start tokens: they fit a link of Telegram's, and nobody makes one without the key."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from holdfast.messages.start_token import read_start, start_token

KEY = b"a key of thirty-two bytes, for us"


@given(st.integers(0, 2**63 - 1))
def test_a_token_names_its_identity_and_fits_the_link(identity: int) -> None:
    token = start_token(identity, KEY)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", token)
    assert read_start(token, KEY) == identity
    assert read_start(token, b"another key, also of enough bytes") is None


@given(st.integers(0, 2**63 - 1), st.integers(0, 27), st.sampled_from("ABCxyz019_-"))
def test_a_changed_token_is_none(identity: int, at: int, letter: str) -> None:
    token = start_token(identity, KEY)
    changed = token[:at] + letter + token[at + 1 :]
    assert (read_start(changed, KEY) is None) == (changed != token)


@given(st.text(max_size=40) | st.text("AB_-", min_size=28, max_size=28))
def test_any_text_is_a_token_or_none(text: str) -> None:
    assert read_start(text, KEY) is None
