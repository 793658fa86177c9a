"""What Slack takes. Source: https://docs.slack.dev/reference/block-kit/blocks."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from holdfast.messages.content import Words
from holdfast.messages.saved.checking import Occasion, Remark

BLOCKS_MOST = 50


def CHECK(words: Words, occasion: Occasion) -> Iterator[Remark]:  # noqa: ARG001, N802 - As in every module here.
    """Everything there is to say about a message to Slack."""
    if not words.text("blocks").strip():
        return
    try:
        blocks = msgspec.json.decode(words.text("blocks"))
    except msgspec.DecodeError as error:
        message, hint = f"The blocks are no JSON: {error}.", "Write every value with the filter `json`."
    else:
        if isinstance(blocks, list) and len(blocks) <= BLOCKS_MOST:
            return
        message, hint = "The blocks are no list of 50 or fewer.", "Write [ … ] around them."
    yield Remark(code="blocks_refused", weight="wrong", part="blocks", message=message, hint=hint)
