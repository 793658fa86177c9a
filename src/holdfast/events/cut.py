"""Cutting a person's messages out of a request body, so that everybody else's stay where and as they are.

A message that is cut leaves a mark in its place: those after it keep their number, and with it the ids that are made of
it. A message of somebody else that only bears the person's anonymous id, such as from a device both used, loses that
id. What is no event is cut when it holds one of the words given, anywhere in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import msgspec
from msgspec import Raw

from holdfast.events.event import Event, IdentityKey
from holdfast.events.segment_body import ERASED, MANY_KINDS, open_body
from holdfast.events.segment_spec import decode
from holdfast.kernel.errors import Exposed

_NESTED_MOST = 200
"""Deeper than this nobody looks for a word; no message is taken in that is a fifth as deep."""
TELLING_CHARACTERS = 4
"""A word of at least so many, that is no number, means the same wherever it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knife:
    """Whose messages are to be cut."""

    names: frozenset[IdentityKey]
    words: frozenset[str] = frozenset()
    """Texts by which a record that is no event is known to be theirs, such as their names and addresses."""
    only: Callable[[Event], bool] = field(default=lambda event: True)
    """Of their events, those to cut."""

    def may_touch(self, body: bytes) -> bool:
        """Whether a closer look is worth while: False for nearly every body, at the price of a search."""
        if b"\\" in body:
            return True  # What JSON writes with a backslash cannot be searched for as it reads.
        return any(needle is None or needle in body for needle in self._needles())

    def _needles(self) -> list[bytes | None]:
        return [_needle(word) for word in {*(name.value for name in self.names), *self.words}]

    def cut(self, kind: str, body: bytes, *, received_ms: int, source: str) -> bytes | None:
        """The body without their messages; None where there are none in it."""
        if not self.may_touch(body):
            return None
        try:
            opened = open_body(kind, body)
            read = decode(kind, body, received_ms=received_ms, source=source)
        except Exposed:
            return _marked(kind) if says(body, self.words) else None
        new = [bytes(raw) for raw in opened.messages]
        before = list(new)
        for index, event in read.events:
            new[index] = self._left_of(event, opened.messages[index])
        for bad in read.bad:
            if says(new[bad.index], self.words):
                new[bad.index] = ERASED
        return _written(kind, body, new) if new != before else None

    def _left_of(self, event: Event, raw: Raw) -> bytes:
        if not self.only(event):
            return bytes(raw)
        if event.identity in self.names or _previous(event) & self.names:
            return ERASED
        if event.anonymous_id and IdentityKey(kind="anonymous", value=event.anonymous_id) in self.names:
            fields: dict[str, object] = dict(msgspec.json.decode(bytes(raw), type=dict[str, Raw]))
            fields.pop("anonymousId", None)
            # Where it had none of its own, its id was made of the bytes, which are others now.
            return msgspec.json.encode(fields | {"messageId": event.message_id})
        return bytes(raw)


def says(record: bytes, words: Collection[str]) -> bool:
    """Whether a JSON value holds one of the words as a text of its own, anywhere; read as text if it is broken.

    A short word or a number means somebody only where an id stands: a quantity of 17 is nobody's name.
    """
    telling = frozenset(word for word in words if _is_telling(word))
    try:
        value = msgspec.json.decode(record)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        text = record.decode("utf-8", "replace")
        return any(word in text for word in telling)
    return _holds(value, frozenset(words), telling, _NESTED_MOST)


def _is_telling(word: str) -> bool:
    return len(word) >= TELLING_CHARACTERS and not word.replace(".", "").isdigit()


def _holds(value: object, words: frozenset[str], telling: frozenset[str], depth: int, *, is_id: bool = False) -> bool:
    """Whether the value is one of the words, or holds one."""
    if isinstance(value, dict):
        return depth > 0 and any(
            name in telling or _holds(each, words, telling, depth - 1, is_id=_names_an_id(name))
            for name, each in value.items()
        )
    if isinstance(value, list):
        return depth > 0 and any(_holds(each, words, telling, depth - 1, is_id=is_id) for each in value)
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) in (words if is_id else telling)


def _names_an_id(name: str) -> bool:
    return name.lower().endswith(("id", "identity", "email", "user", "customer"))


def _previous(event: Event) -> frozenset[IdentityKey]:
    """Whom an alias may speak of: it does not say whether that was a user or a stranger."""
    if event.kind != "alias" or not event.previous_id:
        return frozenset()
    value = event.previous_id
    return frozenset({IdentityKey(kind="user", value=value), IdentityKey(kind="anonymous", value=value)})


def _needle(word: str) -> bytes | None:
    """The bytes a body without a backslash must hold to say the word; None when it may be written in several ways."""
    try:
        float(word)
    except ValueError:
        return word.encode("utf-8", "surrogatepass") or None
    return None


def _marked(kind: str) -> bytes:
    return b'{"batch":[' + ERASED + b"]}" if kind in MANY_KINDS else ERASED


def _written(kind: str, body: bytes, messages: list[bytes]) -> bytes:
    if kind not in MANY_KINDS:
        return messages[0]
    batch = b"[" + b",".join(messages) + b"]"
    if all(message == ERASED for message in messages):
        return b'{"batch":' + batch + b"}"  # What the batch says of all its messages was said of them.
    try:
        around: dict[str, Raw] = msgspec.json.decode(body, type=dict[str, Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        opened = open_body(kind, body)
        said = {"context": opened.context, "integrations": opened.integrations, "sentAt": opened.sent_at}
        around = {name: Raw(msgspec.json.encode(value)) for name, value in said.items() if value}
    return msgspec.json.encode({**around, "batch": Raw(batch)})
