"""What fits a notification in a browser."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.messages.content import Words
from holdfast.messages.push.web_push import PLAINTEXT_BYTES_MOST
from holdfast.messages.saved.checking import Occasion, Remark
from holdfast.messages.saved.checks._push import push_remarks


def CHECK(words: Words, occasion: Occasion) -> Iterator[Remark]:  # noqa: ARG001, N802 - As in every module here.
    """Everything there is to say about a notification in a browser."""
    yield from push_remarks(words, PLAINTEXT_BYTES_MOST)
