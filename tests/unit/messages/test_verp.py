"""Return addresses: whose bounce it is, and whose it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.messages.mail.address import read_address
from holdfast.messages.mail.verp import bounce_address, bounced_send

SEND = "00112233445566778899aabbccddeeff"
KEY = b"a key of thirty-two bytes, for us"
ADDRESS = bounce_address(SEND, "bounces.shop.example", KEY)


@given(st.binary(min_size=16, max_size=16).map(bytes.hex), st.binary(min_size=1, max_size=40))
def test_a_return_address_says_its_send(send: str, key: bytes) -> None:
    address = bounce_address(send, "bounces.shop.example", key)
    mailbox = read_address(address)
    assert mailbox is not None, "it can be written to"
    assert str(mailbox) == address
    assert bounced_send(address, key) == send
    assert bounced_send(f" <{address.upper()}>", key) == send, "servers change the case, and add brackets"


@pytest.mark.parametrize(
    "address",
    [
        ADDRESS.replace("b+0", "b+1"),
        ADDRESS.replace("-", "-a", 1),
        bounce_address(SEND, "bounces.shop.example", b"another key"),
        ADDRESS.replace("b+", "c+"),
        ADDRESS.replace("b+", "bb+"),
        ADDRESS.partition("@")[0],
        "",
        "@bounces.shop.example",
        f"b+{SEND}-@bounces.shop.example",
        f"b+{'é' * 32}-aaaaaaaaaa@bounces.shop.example",
    ],
)
def test_what_was_not_made_by_us_says_nothing(address: str) -> None:
    assert bounced_send(address, KEY) is None


@given(st.text(max_size=80))
def test_any_text_is_read(text: str) -> None:
    assert bounced_send(text, KEY) is None
