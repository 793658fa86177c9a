"""What fits a notification."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from holdfast.messages.content import Words
from holdfast.messages.saved.checking import Remark
from holdfast.messages.saved.checks._links import fault_of

SPARE_BYTES = 400
"""What is sent beside the words: the send's key, links as they are signed, the names of the parts."""
TITLE_MOST = 50
BODY_MOST = 150
"""Characters that a locked screen shows."""


def push_remarks(words: Words, bytes_most: int) -> Iterator[Remark]:
    """Everything there is to say about a notification of so many bytes at most."""
    size = len(msgspec.json.encode(words.parts)) + SPARE_BYTES
    if size > bytes_most:
        message = f"It has about {size:,} bytes; {bytes_most:,} are taken. Its body will be cut to fit."
        yield Remark(code="payload_too_large", weight="wrong", part="body", message=message, hint="Say less.")
    for part, most in (("title", TITLE_MOST), ("body", BODY_MOST)):
        if (length := len(words.text(part))) > most:
            message = f"The {part} is {length} characters long; a locked screen shows some {most}."
            yield Remark(
                code=f"{part}_long", weight="note", part=part, message=message, hint="Begin with what matters."
            )
    for part in ("icon", "image"):
        if words.text(part) and fault_of(words.text(part)) in ("link_broken", "link_insecure"):
            message = f"The picture {words.text(part)!r:.120} is not at an https address, so it is not shown."
            hint = "Write the whole address, beginning with https://."
            yield Remark(code="picture_not_shown", weight="wrong", part=part, message=message, hint=hint)
