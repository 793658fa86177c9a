"""Annotations for mailbox programs: told as they are documented, or complained of."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.decisions.annotations import CARDS_MOST, read_annotations
from holdfast.messages.mail.markup import tags

CARD = {"image": "https://i.example/1.jpg", "url": "https://shop.example/1"}
WHOLE: dict[str, Any] = {
    "description": "20% off",
    "code": "20PROMO",
    "starts": "2026-11-25T08:00:00-07:00",
    "ends": "2026-12-01T23:59:59-07:00",
    "logo": "https://i.example/logo.png",
    "cards": [
        {**CARD, "headline": "Blue shirt", "price": "100", "currency": "USD", "discount": 25},
        {"image": "https://i.example/2.jpg", "url": "https://shop.example/2"},
    ],
}


def told(value: Any) -> list[dict[str, Any]]:
    markup = read_annotations(value).markup()
    start, end = '<script type="application/ld+json">', "</script>"
    assert markup.startswith(start)
    assert markup.endswith(end)
    things = json.loads(markup.removeprefix(start).removesuffix(end))
    assert isinstance(things, list)
    return things


def test_everything_is_told_as_it_is_documented() -> None:
    assert not read_annotations(WHOLE).complaints
    schema = "http://schema.org/"
    assert told(WHOLE) == [
        {"@context": schema, "@type": "Organization", "logo": "https://i.example/logo.png"},
        {
            "@context": schema,
            "@type": "DiscountOffer",
            "description": "20% off",
            "discountCode": "20PROMO",
            "availabilityStarts": "2026-11-25T08:00:00-07:00",
            "availabilityEnds": "2026-12-01T23:59:59-07:00",
        },
        {
            "@context": schema,
            "@type": "PromotionCard",
            "image": "https://i.example/1.jpg",
            "url": "https://shop.example/1",
            "headline": "Blue shirt",
            "price": 100.0,
            "priceCurrency": "USD",
            "discountValue": 25.0,
            "position": 1,
        },
        {
            "@context": schema,
            "@type": "PromotionCard",
            "image": "https://i.example/2.jpg",
            "url": "https://shop.example/2",
            "position": 2,
        },
    ]


@pytest.mark.parametrize(
    ("change", "path", "says"),
    [
        ({"logo": "http://i.example/logo.png"}, "$.logo", "https"),
        ({"logo": "https://i.example/logo.svg"}, "$.logo", "PNG"),
        ({"starts": "2026-11-25"}, "$.starts", "zone"),
        ({"starts": "2026-11-25T08:00:00"}, "$.starts", "zone"),
        ({"starts": "tomorrow"}, "$.starts", "no moment"),
        ({"ends": "2026-11-25T08:00:00-07:00"}, "$.ends", "before it starts"),
        ({"description": "", "code": ""}, "$.description", "no offer"),
        ({"offer": "x"}, "$.offer", "There is no 'offer'"),
        ({"cards": {}}, "$.cards", "no list"),
        ({"cards": [1]}, "$.cards[0]", "no object"),
        ({"cards": [{"url": CARD["url"]}]}, "$.cards[0].image", "needs its image"),
        ({"cards": [{"image": CARD["image"]}]}, "$.cards[0].url", "needs its url"),
        ({"cards": [CARD, {**CARD, "url": "https://shop.example/2"}]}, "$.cards[1].image", "same picture"),
        ({"cards": [{**CARD, "url": "/2"}]}, "$.cards[0].url", "https"),
        ({"cards": [{**CARD, "price": "19,90", "currency": "EUR"}]}, "$.cards[0].price", "no amount"),
        ({"cards": [{**CARD, "price": "NaN", "currency": "EUR"}]}, "$.cards[0].price", "no amount"),
        ({"cards": [{**CARD, "price": "19.90"}]}, "$.cards[0].currency", "without its currency"),
        ({"cards": [{**CARD, "price": "19.90", "currency": "euro"}]}, "$.cards[0].currency", "no currency"),
        ({"cards": [{**CARD, "price": 10, "discount": 11, "currency": "EUR"}]}, "$.cards[0].discount", "more than"),
        ({"cards": [{**CARD, "title": "x"}]}, "$.cards[0].title", "There is no 'title'"),
        ({"description": ["x"]}, "$.description", "no text"),
    ],
)
def test_what_would_not_be_shown_is_complained_of(change: dict[str, Any], path: str, says: str) -> None:
    (complaint,) = read_annotations({**WHOLE, **change}).complaints
    assert complaint.path == path
    assert says in complaint.message
    assert complaint.hint


def test_what_is_wrong_is_left_out_and_the_rest_is_told() -> None:
    value = {**WHOLE, "logo": "x", "cards": [{}, {**CARD, "price": "x", "currency": "EUR"}, {**CARD, "url": "x"}]}
    assert [each["@type"] for each in told(value)] == ["DiscountOffer", "PromotionCard"]
    assert told(value)[1]["position"] == 1
    assert "price" not in told(value)[1]


def test_no_more_cards_than_are_shown() -> None:
    cards: list[Any] = [{"image": f"https://i.example/{n}.png", "url": CARD["url"]} for n in range(CARDS_MOST + 2)]
    (complaint,) = read_annotations({"cards": cards}).complaints
    assert complaint.path == "$.cards"
    assert [each["position"] for each in told({"cards": cards})] == [*range(1, CARDS_MOST + 1)]


def test_of_a_template_only_what_is_fixed_is_judged() -> None:
    card = {"image": "{{ item.image }}", "url": "{{ item.url }}", "price": "{{ item.price }}", "currency": "EUR"}
    value = {**WHOLE, "starts": "{{ event.properties.starts }}", "ends": "soon", "cards": [card, card]}
    assert [each.path for each in read_annotations(value, template=True).complaints] == ["$.ends"]
    assert len(read_annotations(value).complaints) > 1, "rendered, it should hold no Liquid any more"


@pytest.mark.parametrize("nothing", [None, "", {}, {"cards": []}, {"description": " "}])
def test_nothing_to_tell(nothing: Any) -> None:
    assert read_annotations(nothing).markup() == ""
    assert not read_annotations(nothing).complaints


TEXTS = st.one_of(
    st.text(), st.sampled_from(["</script>", "<!--", "\u2028", "\ud800", "https://i.example/</script>.png", "1e400"])
)
ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS), lambda each: st.lists(each, max_size=3)
)
CARDS = st.lists(
    st.dictionaries(st.sampled_from(["image", "url", "headline", "price", "currency", "discount", "x"]), ANY),
    max_size=3,
)


@given(st.dictionaries(st.sampled_from([*WHOLE, "x"]), st.one_of(ANY, CARDS)), st.booleans())
def test_whatever_is_given_is_read_and_ends_no_element(value: Any, template: bool) -> None:
    markup = read_annotations(value, template=template).markup()
    assert markup.lower().count("</script") == (1 if markup else 0)
    assert "<" not in markup[1:-9]
    assert [each.name for each in tags(f"{markup}<p>")][-1] == "p"


def test_a_value_cannot_leave_the_element() -> None:
    markup = read_annotations({"description": "</script>", "logo": "https://i.example/<!--</SCRIPT >"}).markup()
    assert markup.count("<") == 2, "of the element itself"
    assert markup.count(">") == 2
    (offer,) = told({"description": "</script><script>alert(1)</script>"})
    assert offer["description"] == "</script><script>alert(1)</script>"
