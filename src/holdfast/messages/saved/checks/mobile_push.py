"""What fits a notification on a phone."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.messages.content import Words
from holdfast.messages.push.push_payload import PAYLOAD_BYTES_MOST
from holdfast.messages.saved.checking import Occasion, Remark
from holdfast.messages.saved.checks._push import push_remarks


def CHECK(words: Words, occasion: Occasion) -> Iterator[Remark]:  # noqa: ARG001, N802 - As in every module here.
    """Everything there is to say about a notification on a phone."""
    yield from push_remarks(words, PAYLOAD_BYTES_MOST)
