"""What declarations say to people, without a server: `python -m holdfast.cli.declared_words` prints it.

The console draws its forms from what steps, conditions, channels, providers and settings declare. It says the same in
other languages from dictionaries that are held to this list.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from holdfast.decisions.fields import schema_of
from holdfast.decisions.journey import Journey
from holdfast.decisions.medium import media
from holdfast.decisions.step_kinds import step_kinds
from holdfast.messages.mail.dkim import Signer
from holdfast.messages.mail.sending_domain import SendingDomain, dns_records
from holdfast.outgoing import to_set_up
from holdfast.segments.catalogue import declared
from holdfast.segments.forms import condition_schema
from holdfast.settings import CHOOSABLE, about
from holdfast.stores.clickhouse.views import VIEWS

Schema = Mapping[str, Any]


@dataclass(slots=True)
class DeclaredWords:
    """What a person reads of declarations, each but once.

    A field is called by its `name`, and one of its choices by `name.choice`: the same word may mean another thing
    elsewhere, and then has another translation. `texts` are labels and help, in whole.
    """

    names: set[str] = field(default_factory=set)
    choices: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)

    def sorted(self) -> dict[str, list[str]]:
        """As JSON has it."""
        return {"names": sorted(self.names), "choices": sorted(self.choices), "texts": sorted(self.texts)}


def declared_words() -> DeclaredWords:
    """Everything that is drawn of what is declared here."""
    words = words_in(declared_forms())
    words.texts |= {text for text in _texts() if text}
    return words


def words_in(schemas: Iterable[Schema]) -> DeclaredWords:
    """What stands in forms that are drawn of these, and in the forms within them."""
    words = DeclaredWords()
    for schema in schemas:
        for part in forms_within(schema):
            _read(part, words)
    return words


def forms_within(schema: Schema) -> Iterator[Schema]:
    """A form, and those its fields ask for: each by itself, for its fields stand side by side."""
    if schema.get("properties"):
        yield schema
    for each in schema.get("properties", {}).values():
        for plain in _kinds(each):
            yield from forms_within(plain)


def first_paragraph(text: str) -> str:
    """What stands over a form; what comes after it is for the reference."""
    return text.split("\n\n", maxsplit=1)[0]


def declared_forms() -> Iterator[Schema]:
    """The schema of everything for which a form is drawn."""
    journey = cast("Schema", schema_of(Journey))
    yield {"properties": {name: each for name, each in journey["properties"].items() if name != "steps"}}
    yield from (each.schema for each in step_kinds())
    yield from (condition_schema(each.shape) for each in declared().values())
    yield from (each.schema() for each in media().values())
    yield from (cast("Schema", schema_of(each.settings)) for each in to_set_up().values())


def _texts() -> Iterator[str]:
    for step in step_kinds():
        yield step.label
        yield first_paragraph(step.help)
    for condition in declared().values():
        yield condition.label
        yield condition.about
    yield from (each.help for each in media().values())
    yield from (each.label for each in to_set_up().values())
    for name in CHOOSABLE:
        yield about(name).help
        yield about(name).unit
    for view in VIEWS.values():
        yield view.about
        yield from (column.about for column in view.columns)
    for receives in ("", "mx.shop.example"):
        yield from (record.why for record in dns_records(_sending_domain(), spf="", receives=receives))


def _sending_domain() -> SendingDomain:
    """One that needs every record there is."""
    key = Signer(domain="shop.example", selector="hf", key=Ed25519PrivateKey.generate())
    return SendingDomain(name=key.domain, signers=(key,), bounce_host="bounces.shop.example")


def _read(form: Schema, words: DeclaredWords) -> None:
    for name, each in form["properties"].items():
        words.names.add(name)
        if each.get("description"):
            words.texts.add(each["description"])
        words.choices |= {f"{name}.{choice}" for plain in _kinds(each) for choice in plain.get("enum", ())}


def _kinds(schema: Schema) -> Iterator[Schema]:
    """What a field may be, and what that is a list of."""
    yield schema
    for each in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])):
        yield from _kinds(each)


if __name__ == "__main__":
    json.dump(declared_words().sorted(), sys.stdout, indent=1, ensure_ascii=False)
