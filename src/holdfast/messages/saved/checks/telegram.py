"""What Telegram takes. Source: https://core.telegram.org/bots/api#sendmessage and #sendphoto."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.messages.content import Words
from holdfast.messages.saved.checking import Occasion, Remark

TEXT_MOST = 4_096
CAPTION_MOST = 1_024
"""Characters beside a picture."""


def CHECK(words: Words, occasion: Occasion) -> Iterator[Remark]:  # noqa: ARG001, N802 - As in every module here.
    """Everything there is to say about a message on Telegram."""
    most = CAPTION_MOST if words.text("image") else TEXT_MOST
    if (length := len(words.text("text"))) > most:
        message = f"It is {length:,} characters long; Telegram takes {most:,} {'beside a picture' * (most < TEXT_MOST)}"
        yield Remark(code="text_too_long", weight="wrong", part="text", message=f"{message.strip()}.", hint="Say less.")
