"""A journey or a campaign as one document: its `kind` beside its definition. Files and the apply call speak it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from holdfast.decisions.campaign import Campaign, decode_campaign, encode_campaign
from holdfast.decisions.fields import missing_field, one_of
from holdfast.decisions.journey import Journey, decode_journey, encode_journey
from holdfast.events.event import Json
from holdfast.kernel.errors import Exposed, Invalid

Kind = Literal["journey", "campaign"]
KINDS: tuple[Kind, ...] = ("journey", "campaign")


def kind_in(document: Mapping[str, object]) -> Kind:
    """What the document says it is. Raises Invalid."""
    if "kind" not in document:
        raise missing_field("kind", "$", KINDS)
    for kind in KINDS:
        if document["kind"] == kind:
            return kind
    message = f"There is no kind called {document['kind']!r:.120}."
    raise Invalid(message, code="unknown_kind", path="$.kind", hint=one_of(document["kind"], KINDS))


def decode_document(document: Mapping[str, object]) -> Campaign | Journey:
    """What the document means. Raises as `decode_journey` and `decode_campaign` do, and for its `kind`."""
    return decode_kind(kind_in(document), {name: value for name, value in document.items() if name != "kind"})


def decode_kind(kind: Kind, definition: bytes | str | Mapping[str, object]) -> Campaign | Journey:
    """What a definition of that kind means. Raises as `decode_journey` and `decode_campaign` do."""
    return decode_campaign(definition) if kind == "campaign" else decode_journey(definition)


def encode_kind(named: Campaign | Journey) -> dict[str, Json]:
    """The definition: every field, defaults too."""
    return encode_campaign(named) if isinstance(named, Campaign) else encode_journey(named)


def encode_document(named: Campaign | Journey) -> dict[str, Json]:
    """The document: every field, but for those that say nothing by saying null."""
    kind: Kind = "campaign" if isinstance(named, Campaign) else "journey"
    whole = {"kind": kind, **encode_kind(named)}
    spare = {name: _without_nulls(value) for name, value in whole.items() if value is not None}
    # Null means the same as nothing in every field today; were it otherwise in one, the whole document is the safe one.
    return spare if says(spare) == says(whole) else whole


def says(document: Mapping[str, object]) -> object:
    """What a document comes to, to be compared with another; the document itself where it cannot be."""
    try:
        return decode_document(document)
    except Exposed:
        return document


def _without_nulls(value: Json) -> Json:
    match value:
        case dict():
            return {name: _without_nulls(each) for name, each in value.items() if each is not None}
        case list():
            return [_without_nulls(each) for each in value]
        case _:
            return value
