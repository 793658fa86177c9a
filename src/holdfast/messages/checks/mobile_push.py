"""What fits a notification on a phone."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.messages.checking import Occasion, Remark
from holdfast.messages.checks._push import push_remarks
from holdfast.messages.content import Words
from holdfast.messages.push_payload import PAYLOAD_BYTES_MOST


def CHECK(words: Words, occasion: Occasion) -> Iterator[Remark]:  # noqa: ARG001, N802 - As in every module here.
    """Everything there is to say about a notification on a phone."""
    yield from push_remarks(words, PAYLOAD_BYTES_MOST)
