"""The key of a webhook's signature: as every library of the standard reads it."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.channels.webhook import CHANNEL, WebhookSettings
from holdfast.kernel.errors import Invalid
from holdfast.messages.parcel import Parcel
from holdfast.messages.webhook_key import signing_key
from holdfast.settings import Settings

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CALL = Parcel(
    key="msg_p5jXN8AQM9LWM0D4loKWxJek", channel="webhook", sender="", to="https://x.example",
    body=b'{"test": 2432232314}',
)  # fmt: skip


def test_a_call_is_signed_as_the_libraries_of_the_standard_sign_it() -> None:
    assert CHANNEL.seal is not None
    head = CHANNEL.seal(WebhookSettings(secret=SECRET), CALL, 1_614_265_330)
    assert head == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    changed = replace(CALL, body=CALL.body + b" ")
    later = CHANNEL.seal(WebhookSettings(secret=SECRET), CALL, 1_614_265_331)
    other = CHANNEL.seal(WebhookSettings(secret=SECRET), changed, 1_614_265_330)
    assert len({each["webhook-signature"] for each in (head, later, other)}) == 3


@given(st.binary(min_size=24, max_size=64))
def test_a_key_is_what_stands_in_base64_behind_the_prefix(key: bytes) -> None:
    assert signing_key(f"whsec_{b64encode(key).decode()}", path="x") == key


@pytest.mark.parametrize(
    "secret",
    ["whsec_", "whsec_not base64!", "whsec_" + "A" * 30, f"whsec_{b64encode(b'x' * 23).decode()}",
     f"whsec_{b64encode(b'x' * 65).decode()}", "whsec_ü"],
)  # fmt: skip
def test_what_is_no_key_is_refused_and_not_told(secret: str) -> None:
    with pytest.raises(Invalid) as wrong:
        signing_key(secret, path="$.secret")
    assert (wrong.value.code, wrong.value.path) == ("bad_key", "$.secret")
    told = f"{wrong.value} {wrong.value.hint}"
    assert "openssl" in told
    assert not re.search(r"not base64!|AAAA|eHh4", told)


def test_a_text_of_another_kind_is_the_key_itself() -> None:
    assert signing_key("a secret of ours", path="x") == b"a secret of ours"
    assert signing_key("", path="x") == b""


def test_a_setting_that_is_no_key_is_told_when_it_is_read() -> None:
    assert Settings(webhook_secret=SECRET).webhook_secret == SECRET
    with pytest.raises(Invalid) as wrong:
        Settings(webhook_secret="whsec_short")
    assert wrong.value.path == "webhook_secret"
