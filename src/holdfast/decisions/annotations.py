"""Annotations: what mailbox programs may show of a promotion beside its subject, as data in the letter's head.

Gmail shows the offer, its code, until when it holds, and pictures one can leaf through. Whether it shows anything is
its own decision; what it never shows is what is malformed, and that can be told beforehand.

Source: developers.google.com/workspace/gmail/promotab, "Reference" and "Overview" (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from babel.numbers import is_currency

from holdfast.decisions.fields import Many, Nested, Text, encode_fields
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid

CARDS_MOST = 10
"""Cards of one letter that are shown."""
SHAPES: Final = "4:5, 1:1 or 1.91:1"
SHAPE_NOTE: Final = (
    f"Give all pictures one shape ({SHAPES}), as PNG or JPEG. This is not looked at here: it would take loading them."
)

_LIQUID = re.compile(r"\{\{|\{%")
_PICTURE = re.compile(r"\.(png|jpe?g)", re.IGNORECASE)
_OTHER_PICTURE = re.compile(r"\.(gif|webp|svg|avif|bmp|tiff?|heic)", re.IGNORECASE)
_FIELDS = ("description", "code", "starts", "ends", "logo", "cards")
_CARD_FIELDS = ("image", "url", "headline", "price", "currency", "discount")
_SCHEMA = "http://schema.org/"


_Short = Annotated[str, Text(least=0, most=4_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionCard:
    """One picture of several that one can leaf through."""

    image: Annotated[_Short, "The address of its picture, PNG or JPEG; all pictures of a mail have one shape."]
    url: Annotated[_Short, "Where it leads."]
    headline: Annotated[_Short, "What is said below it."] = ""
    price: Annotated[_Short, "The price before the discount, such as 19.90."] = ""
    currency: Annotated[_Short, "The currency of both, such as EUR."] = ""
    discount: Annotated[_Short, "What the price falls by."] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """What mailbox programs may show of a promotion beside its subject."""

    description: Annotated[_Short, "The offer in few words, such as 20% off."] = ""
    code: Annotated[_Short, "The code it is redeemed by."] = ""
    starts: Annotated[_Short, "From when it holds, such as 2026-11-25T08:00:00-07:00."] = ""
    ends: Annotated[_Short, "Until when."] = ""
    logo: Annotated[_Short, "The address of your logo."] = ""
    cards: Annotated[
        tuple[PromotionCard, ...], Many(Nested(PromotionCard), most=CARDS_MOST), "Pictures, ten at most."
    ] = ()

    def complaints(self) -> Iterator[Invalid]:
        """What is wrong in it as far as it is fixed; values that are rendered are looked at then."""
        yield from read_annotations(encode_fields(self), template=True).complaints


@dataclass(frozen=True, slots=True)
class Told:
    """What annotations come to: the objects to be told, and what is wrong with the rest."""

    things: tuple[dict[str, Json], ...]
    complaints: tuple[Invalid, ...]

    def linked(self, link: Callable[[str], str]) -> Told:
        """The same, every card leading where `link` says."""
        things = ({**each, "url": link(str(each["url"]))} if "url" in each else each for each in self.things)
        return Told(tuple(things), self.complaints)

    def markup(self) -> str:
        """The element to be put into the letter's head; empty when there is nothing to tell."""
        if not self.things:
            return ""
        # No value may end the element: that is a matter of one character, which JSON can write otherwise.
        told = msgspec.json.encode(self.things).decode().replace("<", "\\u003c").replace(">", "\\u003e")
        return f'<script type="application/ld+json">{told}</script>'


def read_annotations(value: Json, path: str = "$", *, template: bool = False) -> Told:
    """The annotations of one letter. What is wrong is complained of and left out; it never raises.

    Args:
        value: `{description, code, starts, ends, logo, cards: [{image, url, headline, price, currency, discount}]}`,
            each optional, but `image` and `url` of a card.
        template: whether it may hold Liquid still; of values that do, nothing can be said.
    """
    reader = _Reader(template)
    if not isinstance(value, Mapping):
        if value not in (None, ""):
            reader.complain(path, "This is no object.", "Give the parts of the annotations by name.")
        return Told((), tuple(reader.complaints))
    reader.known(value, _FIELDS, path)
    things = [*_organization(reader, value, path), *_offer(reader, value, path), *_cards(reader, value, path)]
    return Told(tuple(things), tuple(reader.complaints))


class _Reader:
    """Takes values out of what was given, and notes what is wrong with them."""

    def __init__(self, template: bool) -> None:
        self._template = template
        self.complaints: list[Invalid] = []

    def complain(self, path: str, message: str, hint: str) -> None:
        self.complaints.append(Invalid(message, code="annotation", path=path, hint=hint))

    def known(self, value: Mapping[str, Json], names: tuple[str, ...], path: str) -> None:
        for name in value:
            if name not in names:
                self.complain(f"{path}.{name}", f"There is no {name!r:.80} here.", f"There is {', '.join(names)}.")

    def text(self, value: Mapping[str, Json], name: str, path: str) -> str:
        """The text of that name in one line; empty when there is none."""
        given = value.get(name)
        if isinstance(given, int | float) and not isinstance(given, bool):
            return str(given)
        if given is not None and not isinstance(given, str):
            self.complain(f"{path}.{name}", "This is no text.", "Write text.")
            return ""
        # A lone surrogate cannot be written.
        return " ".join((given or "").encode("utf-8", "replace").decode().split())

    def is_open(self, text: str) -> bool:
        """Whether what it will say is known only once it is rendered."""
        return self._template and _LIQUID.search(text) is not None

    def checked(self, value: Mapping[str, Json], name: str, path: str, wrong: Callable[[str], tuple[str, str]]) -> str:
        """The text of that name, if `wrong` finds nothing: it answers a complaint and a hint, or two empty texts."""
        text = self.text(value, name, path)
        if not text or self.is_open(text):
            return text
        message, hint = wrong(text)
        if message:
            self.complain(f"{path}.{name}", message, hint)
            return ""
        return text


def _organization(reader: _Reader, value: Mapping[str, Json], path: str) -> Iterator[dict[str, Json]]:
    logo = reader.checked(value, "logo", path, _wrong_picture)
    if logo:
        yield {"@context": _SCHEMA, "@type": "Organization", "logo": logo}


def _offer(reader: _Reader, value: Mapping[str, Json], path: str) -> Iterator[dict[str, Json]]:
    description, code = reader.text(value, "description", path), reader.text(value, "code", path)
    starts = reader.checked(value, "starts", path, _wrong_moment)
    ends = reader.checked(value, "ends", path, _wrong_moment)
    if starts and ends and not reader.is_open(starts + ends) and _moment(ends) <= _moment(starts):
        reader.complain(f"{path}.ends", "The offer ends before it starts.", "Let it end after `starts`.")
        starts = ends = ""
    if (starts or ends) and not description and not code:
        reader.complain(f"{path}.description", "There is a time, and no offer.", "Say it in `description` or `code`.")
        return
    told = {"description": description, "discountCode": code, "availabilityStarts": starts, "availabilityEnds": ends}
    if any(told.values()):
        yield {"@context": _SCHEMA, "@type": "DiscountOffer", **{name: text for name, text in told.items() if text}}


def _cards(reader: _Reader, value: Mapping[str, Json], path: str) -> Iterator[dict[str, Json]]:
    given = value.get("cards")
    if given is None:
        return
    if not isinstance(given, list | tuple):
        reader.complain(f"{path}.cards", "This is no list.", "Give a list of cards.")
        return
    if len(given) > CARDS_MOST:
        reader.complain(f"{path}.cards", f"There are {len(given)} cards.", f"Give {CARDS_MOST} or fewer.")
    seen: set[str] = set()
    for index, each in enumerate(given):
        card = _card(reader, each, f"{path}.cards[{index}]", seen)
        if card is not None and len(seen) <= CARDS_MOST:
            yield {**card, "position": len(seen)}


def _card(reader: _Reader, value: Json, path: str, seen: set[str]) -> dict[str, Json] | None:
    """One card; None when it would not be shown. The pictures of those before it are in `seen`, and then its own."""
    if not isinstance(value, Mapping):
        reader.complain(path, "This is no object.", f"Give {', '.join(_CARD_FIELDS)}.")
        return None
    reader.known(value, _CARD_FIELDS, path)
    image, url = reader.checked(value, "image", path, _wrong_picture), reader.checked(value, "url", path, _wrong_link)
    for name, text in (("image", image), ("url", url)):
        if not text and not reader.text(value, name, path):
            reader.complain(f"{path}.{name}", f"A card needs its {name}.", "Give a whole https address.")
    if not image or not url:
        return None
    if image in seen and not reader.is_open(image):
        reader.complain(f"{path}.image", "Another card has the same picture.", "Give each card a picture of its own.")
        return None
    seen.add(image)
    card: dict[str, Json] = {"@context": _SCHEMA, "@type": "PromotionCard", "image": image, "url": url}
    headline = reader.text(value, "headline", path)
    return card | ({"headline": headline} if headline else {}) | _price(reader, value, path)


def _price(reader: _Reader, value: Mapping[str, Json], path: str) -> dict[str, Json]:
    price, discount = (reader.checked(value, name, path, _wrong_amount) for name in ("price", "discount"))
    currency = reader.checked(value, "currency", path, _wrong_currency)
    if reader.is_open(price + discount + currency):
        return {}
    if not price and not discount:
        return {}
    if not currency:
        if not reader.text(value, "currency", path):
            reader.complain(f"{path}.currency", "There is an amount without its currency.", "Write one such as EUR.")
        return {}
    if not price or (discount and Decimal(discount) > Decimal(price)):
        reader.complain(f"{path}.discount", "It is more than the price.", "The discount is what the price falls by.")
        discount = ""
    told: dict[str, Json] = {"price": float(price), "priceCurrency": currency} if price else {}
    return told | ({"discountValue": float(discount)} if discount else {})


def _wrong_link(text: str) -> tuple[str, str]:
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme == "https" and bool(parts.hostname)
    except ValueError:
        is_whole = False
    if is_whole and text.isprintable() and " " not in text:
        return "", ""
    return f"{text!r:.100} is no whole https address.", "Write one that begins with https://."


def _wrong_picture(text: str) -> tuple[str, str]:
    message, hint = _wrong_link(text)
    path = "" if message else urlsplit(text).path
    if _OTHER_PICTURE.search(path) and not _PICTURE.search(path):
        return "This picture is neither PNG nor JPEG.", SHAPE_NOTE
    return message, hint


def _wrong_moment(text: str) -> tuple[str, str]:
    hint = "Write it with its offset, such as 2026-11-25T08:00:00-07:00."
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return f"{text!r:.60} is no moment.", hint
    if moment.tzinfo is None or "T" not in text:
        return f"{text!r:.60} leaves open which zone's time it is.", hint
    return "", ""


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _wrong_amount(text: str) -> tuple[str, str]:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if amount.is_finite() and 0 <= amount < 10**12:
        return "", ""
    return f"{text!r:.40} is no amount.", "Write a number such as 19.90, and the currency apart from it."


def _wrong_currency(text: str) -> tuple[str, str]:
    return ("", "") if is_currency(text) else (f"{text!r:.20} is no currency.", "Write its ISO 4217 code, such as EUR.")
