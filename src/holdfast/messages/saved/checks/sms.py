"""What a text message costs, and what carriers stop."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.messages.content import Words
from holdfast.messages.saved.checking import Occasion, Remark
from holdfast.messages.saved.checks._links import fault_of
from holdfast.messages.text.sms_segments import Segments, is_gsm, plainly, segments_of

CHARACTERS_MOST = 1_600
"""What most providers take in one request."""
SPARED_LEAST = 0.9
"""The share of a text's characters that must be plain for the others to be called costly."""

_ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)


def CHECK(words: Words, occasion: Occasion) -> Iterator[Remark]:  # noqa: ARG001, N802 - As in every module here.
    """Everything there is to say about a text message."""
    text = words.text("text")
    took = segments_of(text)
    capacity = "7-bit characters" if took.alphabet == "gsm_7" else "characters of two bytes"
    yield Remark(
        code="segments",
        weight="note",
        part="text",
        message=f"It takes {_counted(took.count)}: {took.units} {capacity}, {took.left} more fit the last.",
        hint="Each is paid for.",
    )
    if len(text) > CHARACTERS_MOST:
        yield Remark(
            code="text_too_long",
            weight="wrong",
            part="text",
            message=f"It is {len(text):,} characters long; providers take {CHARACTERS_MOST:,}.",
            hint="Say less, and link to the rest.",
        )
    yield from _costly(text, took)
    for address in _ADDRESS.findall(text):
        if fault_of(address) == "link_hidden":
            yield Remark(
                code="link_hidden",
                weight="risky",
                part="text",
                message=f"The link {address:.80} hides where it leads; carriers stop messages with such links.",
                hint="Link to a site of your own.",
            )


def _costly(text: str, took: Segments) -> Iterator[Remark]:
    """A few characters that halve what each segment holds; a text in another script is as it must be."""
    spared = "".join(each for each in plainly(text) if is_gsm(each))
    if len(spared) < SPARED_LEAST * len(text) or (fewer := segments_of(spared).count) >= took.count:
        return
    shown = " ".join(took.beyond[:8])
    message = f"Because of {shown} it takes {_counted(took.count)}; without, it would take {fewer}."
    hint = "Write plain quotes and hyphens, and leave out emoji."
    yield Remark(code="costly_characters", weight="risky", part="text", message=message, hint=hint)


def _counted(count: int) -> str:
    return "1 segment" if count == 1 else f"{count} segments"
