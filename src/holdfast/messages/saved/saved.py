"""Saved templates: what is said on one medium, in variants and languages, kept under a name of its own.

Which variant somebody gets is drawn by hash of the template's id and the name the person is known by: whoever draws one
goes on drawing it, in every later message and version, while the shares stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias, cast

import msgspec

from holdfast.decisions.fields import (
    Kind,
    Label,
    Text,
    as_object,
    at,
    decode_fields,
    encode_fields,
    one_of,
    read_object,
)
from holdfast.decisions.medium import Medium, medium_called
from holdfast.decisions.shares import Shares, drawn_name
from holdfast.decisions.steps.send import ChannelName
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.messages.content import Content, parse_content
from holdfast.messages.saved.blocks import Block, Form, blocks_in, put_in
from holdfast.messages.saved.languages import language_of, pick_language
from holdfast.messages.saved.mjml import compile_mjml

LANGUAGES_MOST = 50
ONLY = "a"
"""What the one variant of a template that has no others is called."""
MJML = "mjml"
"""The part that stands for `html` in a saved mail."""

Parts: TypeAlias = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class LanguageTag(Kind):
    """A language, such as de or pt-br."""

    def decode(self, value: object, path: str) -> str:
        tag = language_of(value)
        if not tag:
            raise Invalid(
                f"{value!r:.80} is no language.",
                code="bad_language",
                path=path,
                hint="Write a tag such as de or pt-BR.",
            )
        return tag

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "format": "language"}


@dataclass(frozen=True, slots=True)
class PartsKind(Kind):
    """What is said, in the parts that the medium has."""

    def decode(self, value: object, path: str) -> Parts:
        return cast("Parts", dict(as_object(value, path)))

    def encode(self, value: object) -> Json:
        return dict(cast("Parts", value))

    def schema(self) -> dict[str, Json]:
        return {"type": "object", "format": "content"}


@dataclass(frozen=True, slots=True)
class LanguagesKind(Kind):
    """Parts by language."""

    def decode(self, value: object, path: str) -> Mapping[str, Parts]:
        given = as_object(value, path)
        if len(given) > LANGUAGES_MOST:
            hint = f"Use {LANGUAGES_MOST} or fewer."
            raise Invalid(f"These are {len(given)} languages.", code="out_of_range", path=path, hint=hint)
        kind, tag = PartsKind(), LanguageTag()
        return {tag.decode(name, at(path, name)): kind.decode(each, at(path, name)) for name, each in given.items()}

    def encode(self, value: object) -> Json:
        return {name: dict(each) for name, each in cast("Mapping[str, Parts]", value).items()}

    def schema(self) -> dict[str, Json]:
        return {"type": "object", "format": "languages", "additionalProperties": PartsKind().schema()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to say it."""

    share: float
    """The share of people who get it."""
    content: Parts
    """What is said in the template's own language."""
    languages: Mapping[str, Parts]
    """What differs in others."""


@dataclass(frozen=True, slots=True)
class VariantsKind(Kind):
    """Variants by name."""

    def decode(self, value: object, path: str) -> Mapping[str, Variant]:
        given = as_object(value, path)
        inner = {name: as_object(each, at(path, name)) for name, each in given.items()}
        shares = Shares().decode({name: each.get("share") for name, each in inner.items()}, path)
        return {
            name: decode_variant(each, shares[name], at(path, name), beside=("share",)) for name, each in inner.items()
        }

    def encode(self, value: object) -> Json:
        variants = cast("Mapping[str, Variant]", value)
        return {name: {"share": each.share, **_said(each)} for name, each in variants.items()}

    def schema(self) -> dict[str, Json]:
        return {"type": "object", "format": "variants", "minProperties": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A saved template, read."""

    name: str
    medium: Medium
    description: str
    language: str
    """Of the content itself, which is taken when none of a person's own is there; empty where it is not said."""
    variants: Mapping[str, Variant]
    """One or more; their shares add up to 1."""

    def variant_for(self, template_id: str, person_key: str, had: str = "") -> str:
        """The variant a person gets: the one they had, while it is open; else the one they draw by their name."""
        if len(self.variants) == 1:
            return next(iter(self.variants))
        if had in self.variants and self.variants[had].share > 0:
            return had
        return drawn_name(
            {name: each.share for name, each in self.variants.items()}, f"variant:{template_id}", person_key
        )

    def language_for(self, variant: str, wanted: Sequence[str]) -> str:
        """The language a person is written to in."""
        return pick_language({self.language, *self.variants[variant].languages}, wanted, otherwise=self.language)

    def parts(self, variant: str, language: str) -> Parts:
        """What is said, as it is written. Raises Invalid for a variant or a language that is not there."""
        chosen = self.variants.get(variant)
        if chosen is None:
            raise _unknown("variant", variant, tuple(self.variants))
        if language == self.language:
            return chosen.content
        if language not in chosen.languages:
            raise _unknown("language", language, (self.language, *chosen.languages))
        return laid_over(chosen.content, chosen.languages[language])

    def every(self) -> Iterator[tuple[str, str, str]]:
        """Each variant in each of its languages, with where it stands in the definition."""
        for name, variant in self.variants.items():
            where = "$" if len(self.variants) == 1 else at("$.variants", name)
            yield name, self.language, f"{where}.content"
            for language in variant.languages:
                yield name, language, at(f"{where}.languages", language)

    def blocks(self) -> tuple[str, ...]:
        """The blocks it asks for itself, each once."""
        found = [blocks_in(dict(self.parts(variant, language))) for variant, language, _ in self.every()]
        return tuple(dict.fromkeys(block for each in found for block in each))


def decode_template(definition: bytes | str | Mapping[str, object]) -> Written:
    """The template that a JSON object means; what its texts say is not looked at yet. Raises Invalid with a path."""
    given = dict(read_object(definition))
    if "variants" in given:
        for name in ("content", "languages"):
            if given.pop(name, None):
                hint = "Say it in each variant, or leave the variants out."
                raise Invalid(f"There are variants and {name}, too.", code="contradiction", path=f"$.{name}", hint=hint)
        variants = VariantsKind().decode(given.pop("variants"), "$.variants")
    else:
        alone = {name: given.pop(name) for name in ("content", "languages") if name in given}
        variants = {ONLY: decode_variant(alone, 1.0, "$")}
    head = decode_fields(_Head, given, "$", beside=("content", "languages", "variants"))
    written = Written(
        name=head.name,
        medium=medium_called(head.medium, "$.medium"),
        description=head.description,
        language=head.language,
        variants=variants,
    )
    for _, language, where in written.every():
        if language == written.language and not where.endswith(".content"):
            hint = "Say it in `content`, or name another language there."
            raise Invalid(
                f"{language!r} is the language of the content itself.", code="given_twice", path=where, hint=hint
            )
    return written


def encode_template(written: Written) -> bytes:
    """Its JSON form: the same for the same, however it was written."""
    head: dict[str, Json] = encode_fields(
        _Head(name=written.name, medium=written.medium.name, description=written.description, language=written.language)
    )
    head = {name: value for name, value in head.items() if value}
    if len(written.variants) == 1:
        return msgspec.json.encode(head | _said(next(iter(written.variants.values()))))
    return msgspec.json.encode(head | {"variants": VariantsKind().encode(written.variants)})


def decode_variant(value: object, share: float, path: str, *, beside: tuple[str, ...] = ()) -> Variant:
    """One variant of a template."""
    said = decode_fields(_Said, value, path, beside=beside)
    return Variant(share=share, content=said.content, languages={} if said.languages is None else said.languages)


def laid_over(parts: Parts, over: Parts) -> Parts:
    """The parts with those of a language in their place.

    A mail whose HTML is of another language has a plain text of that language, too, or one made of the HTML.
    """
    left_out = {"html", MJML, "text"} if over.keys() & {"html", MJML} else set()
    return {**{name: each for name, each in parts.items() if name not in left_out}, **over}


def content_of(medium: Medium, parts: Parts, blocks: Mapping[str, Block], *, path: str = "$") -> Content:
    """What is said on the medium, with its blocks put in, its MJML made into HTML, and parsed.

    Args:
        blocks: by id, those it asks for, and those they ask for.

    Raises:
        Invalid: a part or a text is wrong, or a block is not there; with its path.
        TooLarge: a text is too long.
    """
    said: dict[str, Json] = {}
    for name, part in parts.items():
        where = at(path, name)
        if name == MJML and medium.name == "email":
            if parts.get("html"):
                hint = "Write one of them."
                raise Invalid("There are html and mjml.", code="contradiction", path=where, hint=hint)
            # Blocks first: a block may be MJML itself.
            source = put_in(part, blocks, "mjml", path=where) if isinstance(part, str) else part
            if source:
                said["html"] = _compiled(source, where)
            continue
        said[name] = _with_blocks(part, blocks, "html" if name in medium.html else "text", where)
    return parse_content(medium, said, path=path)


def _compiled(source: Json, path: str) -> Json:
    # What is no text is told by the kind of the part it stands for.
    return compile_mjml(source, path=path) if isinstance(source, str) else source


def _with_blocks(part: Json, blocks: Mapping[str, Block], form: Form, path: str) -> Json:
    match part:
        case str():
            return put_in(part, blocks, form, path=path)
        case dict():
            return {name: _with_blocks(each, blocks, form, at(path, name)) for name, each in part.items()}
        case list() | tuple():
            return [_with_blocks(each, blocks, form, at(path, index)) for index, each in enumerate(part)]
        case _:
            return part


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    name: Annotated[str, Label.__metadata__[0], "What it is called in lists."]
    medium: Annotated[str, ChannelName(), "How it is said, such as email or sms."]
    description: Annotated[str, Text(least=0), "What it is for."] = ""
    language: Annotated[str, LanguageTag(), "The language of `content`, where that is to be known."] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    content: Annotated[Parts, PartsKind(), "The parts of the medium; a mail may have `mjml` in place of `html`."]
    languages: Annotated[
        Mapping[str, Parts] | None, LanguagesKind(), "By language, the parts that differ from `content`."
    ] = None


def _said(variant: Variant) -> dict[str, Json]:
    said: dict[str, Json] = {"content": dict(variant.content)}
    if variant.languages:
        said["languages"] = LanguagesKind().encode(variant.languages)
    return said


def _unknown(what: str, name: str, there: tuple[str, ...]) -> Invalid:
    hint = one_of(name, there)
    return Invalid(f"The template has no {what} {name!r:.80}.", code=f"unknown_{what}", path=f"$.{what}", hint=hint)
