"""What WhatsApp takes. Source: https://developers.facebook.com/docs/whatsapp/cloud-api (messages, error 132018)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.messages.content import Words
from holdfast.messages.saved.checking import Occasion, Remark

TEXT_MOST = 4_096

_REFUSED = re.compile(r"[\n\r\t]| {5}")


def CHECK(words: Words, occasion: Occasion) -> Iterator[Remark]:  # noqa: ARG001, N802 - As in every module here.
    """Everything there is to say about a message on WhatsApp."""
    if (length := len(words.text("text"))) > TEXT_MOST:
        message = f"It is {length:,} characters long; WhatsApp takes {TEXT_MOST:,}."
        yield Remark(code="text_too_long", weight="wrong", part="text", message=message, hint="Say less.")
    given = words.parts.get("parameters")
    for number, said in enumerate(given if isinstance(given, list) else (), 1):
        if isinstance(said, str) and (_REFUSED.search(said) or not said.strip()):
            message = (
                f"What fills {{{{{number}}}}} is empty, or has line breaks, tabs or more than four blanks in a row."
            )
            hint = "WhatsApp refuses the message: give it a default, and keep it on one line."
            yield Remark(code="parameter_refused", weight="wrong", part="parameters", message=message, hint=hint)
    if words.text("text"):
        yield Remark(
            code="only_within_a_day",
            weight="note",
            part="text",
            message="Free text reaches only those who wrote to you within the last 24 hours.",
            hint="Name an approved template to reach the others.",
        )
